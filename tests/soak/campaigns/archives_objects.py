# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sound backup to spoil: one object at least of each type that a restore has rules for, and the files beside them."""

from __future__ import annotations

import copy
import typing as t

Object: t.TypeAlias = dict[str, t.Any]

#: group, version, plural, kind, namespaced
KINDS = [
    ("", "v1", "configmaps", "ConfigMap", True),
    ("", "v1", "secrets", "Secret", True),
    ("", "v1", "serviceaccounts", "ServiceAccount", True),
    ("", "v1", "services", "Service", True),
    ("", "v1", "endpoints", "Endpoints", True),
    ("", "v1", "persistentvolumes", "PersistentVolume", False),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True),
    ("", "v1", "pods", "Pod", True),
    ("", "v1", "namespaces", "Namespace", False),
    ("apps", "v1", "deployments", "Deployment", True),
    ("apps", "v1", "statefulsets", "StatefulSet", True),
    ("batch", "v1", "jobs", "Job", True),
    ("batch", "v1", "cronjobs", "CronJob", True),
    ("coordination.k8s.io", "v1", "leases", "Lease", True),
    ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", True),
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False),
    ("storage.k8s.io", "v1", "storageclasses", "StorageClass", False),
    ("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False),
    ("apiregistration.k8s.io", "v1", "apiservices", "APIService", False),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False),
    ("snapshot.storage.k8s.io", "v1", "volumesnapshots", "VolumeSnapshot", True),
    ("snapshot.storage.k8s.io", "v1", "volumesnapshotcontents", "VolumeSnapshotContent", False),
    ("snapshot.storage.k8s.io", "v1", "volumesnapshotclasses", "VolumeSnapshotClass", False),
    ("example.org", "v1", "widgets", "Widget", True),
    ("example.org", "v1", "gadgets", "Gadget", False),
]

_OWNER = {"apiVersion": "batch/v1", "kind": "Job", "name": "once", "uid": "u", "controller": True}
_FIELDS: dict[str, t.Any] = {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:nodePort": {}}}}}
_APPLIED = '{"spec":{"ports":[{"name":"web","nodePort":30000},{"nodePort":30001}],"healthCheckNodePort":1}}'
_CONTAINER = {
    "name": "main",
    "image": "docker.io/nginx:1",
    "command": ["sh", "-c", "true"],
    "env": [{"name": "A", "value": "b"}],
    "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "web-token-x", "mountPath": "/t"}],
}
_POD_SPEC = {
    "serviceAccountName": "web",
    "priorityClassName": "high",
    "nodeName": "n1",
    "containers": [_CONTAINER],
    "initContainers": [{**_CONTAINER, "name": "restore-wait"}],
    "volumes": [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "web-token-x", "secret": {"secretName": "web-token-x"}},
        {"name": "img", "image": {"reference": "docker.io/data:1"}},
    ],
}
_LABELS = {"app": "web", "controller-uid": "u"}
_SELECTOR = {"matchLabels": dict(_LABELS), "matchExpressions": [{"key": "app", "operator": "Exists"}]}
_TEMPLATE = {"metadata": {"labels": dict(_LABELS)}, "spec": _POD_SPEC}
_WORKLOAD = {"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE}
_INIT_HOOK = {
    "init.hook.restore.velero.io/container-image": "busybox",
    "init.hook.restore.velero.io/container-name": "warm",
    "init.hook.restore.velero.io/command": '["true"]',
    "snapshot.velero.io/data": "abc",
}


def _object(api_version: str, kind: str, name: str, namespace: str | None = "shop", **more: t.Any) -> Object:
    metadata: Object = {
        "name": name,
        "uid": f"uid-{name}",
        "labels": dict(_LABELS),
        "annotations": {"note": "text"},
        "finalizers": ["example.org/f"],
        "ownerReferences": [dict(_OWNER)],
        "managedFields": [{"manager": "m", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": _FIELDS}],
        **more.pop("metadata", {}),
    }
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def sound_objects() -> list[tuple[str, Object]]:
    """Pairs of a group-resource and an object, new ones at each call."""
    rbac, snapshots = "rbac.authorization.k8s.io", "snapshot.storage.k8s.io"
    claim = {
        "volumeName": "pv1",
        "storageClassName": "fast",
        "accessModes": ["ReadWriteOnce"],
        "dataSource": {"kind": "VolumeSnapshot", "name": "s", "apiGroup": snapshots},
        "resources": {"requests": {"storage": "1Gi"}},
    }
    found = [
        ("namespaces", _object("v1", "Namespace", "shop", None, status={"phase": "Active"})),
        ("configmaps", _object("v1", "ConfigMap", "conf", data={"a": "b"})),
        ("secrets", _object("v1", "Secret", "web-token-x", type="kubernetes.io/service-account-token", data={})),
        ("serviceaccounts", _object("v1", "ServiceAccount", "web", secrets=[{"name": "web-token-x"}])),
        ("pods", _object("v1", "Pod", "web", spec=_POD_SPEC, metadata={"annotations": _INIT_HOOK})),
        (
            "services",
            _object(
                "v1",
                "Service",
                "web",
                spec={
                    "type": "NodePort",
                    "clusterIP": "10.0.0.1",
                    "selector": {"app": "web"},
                    "ports": [{"name": "web", "port": 80, "protocol": "TCP", "nodePort": 30000}, {"port": 81}],
                    "healthCheckNodePort": 1,
                },
                metadata={"annotations": {"kubectl.kubernetes.io/last-applied-configuration": _APPLIED}},
            ),
        ),
        ("services", _object("v1", "Service", "plain", spec={"ports": [{"port": 80, "nodePort": 30002}]})),
        ("endpoints", _object("v1", "Endpoints", "web", subsets=[])),
        ("endpointslices.discovery.k8s.io", _object("discovery.k8s.io/v1", "EndpointSlice", "web-1", endpoints=[])),
        ("deployments.apps", _object("apps/v1", "Deployment", "web", spec=_WORKLOAD)),
        (
            "statefulsets.apps",
            _object("apps/v1", "StatefulSet", "db", spec={**_WORKLOAD, "volumeClaimTemplates": [{"spec": claim}]}),
        ),
        ("jobs.batch", _object("batch/v1", "Job", "once", spec={"selector": _SELECTOR, "template": _TEMPLATE})),
        ("cronjobs.batch", _object("batch/v1", "CronJob", "daily", spec={"jobTemplate": {"spec": _WORKLOAD}})),
        (
            "persistentvolumeclaims",
            _object(
                "v1",
                "PersistentVolumeClaim",
                "data",
                spec=claim,
                status={"phase": "Bound"},
                metadata={"annotations": {"velero.io/volume-snapshot-name": "snap"}},
            ),
        ),
        (
            "persistentvolumes",
            _object(
                "v1",
                "PersistentVolume",
                "pv1",
                None,
                spec={
                    "persistentVolumeReclaimPolicy": "Delete",
                    "storageClassName": "fast",
                    "claimRef": {"namespace": "shop", "name": "data", "uid": "u"},
                    "csi": {"driver": "d", "volumeHandle": "h"},
                },
                status={"phase": "Bound"},
            ),
        ),
        ("storageclasses.storage.k8s.io", _object("storage.k8s.io/v1", "StorageClass", "fast", None, provisioner="d")),
        (
            f"volumesnapshots.{snapshots}",
            _object(
                f"{snapshots}/v1",
                "VolumeSnapshot",
                "snap",
                spec={"source": {"persistentVolumeClaimName": "data"}},
                status={"boundVolumeSnapshotContentName": "content", "restoreSize": "1Gi"},
            ),
        ),
        (
            f"volumesnapshotcontents.{snapshots}",
            _object(
                f"{snapshots}/v1",
                "VolumeSnapshotContent",
                "content",
                None,
                spec={"driver": "d", "volumeSnapshotRef": {"namespace": "shop", "name": "snap"}, "source": {}},
                status={"snapshotHandle": "handle", "restoreSize": 1 << 30},
            ),
        ),
        (
            f"rolebindings.{rbac}",
            _object(
                f"{rbac}/v1",
                "RoleBinding",
                "rb",
                roleRef={"apiGroup": rbac, "kind": "Role", "name": "r"},
                subjects=[{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}],
            ),
        ),
        (
            "validatingwebhookconfigurations.admissionregistration.k8s.io",
            _object(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                "hook",
                None,
                webhooks=[{"name": "a.b.c", "sideEffects": "Some", "clientConfig": {"service": {"name": "s"}}}],
            ),
        ),
        ("apiservices.apiregistration.k8s.io", _object("apiregistration.k8s.io/v1", "APIService", "v1.a.b", None)),
        (
            "customresourcedefinitions.apiextensions.k8s.io",
            _object(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                "gadgets.example.org",
                None,
                spec={
                    "group": "example.org",
                    "preserveUnknownFields": True,
                    "names": {"plural": "gadgets", "kind": "Gadget"},
                    "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object"}}}],
                },
            ),
        ),
        ("widgets.example.org", _object("example.org/v1", "Widget", "w", spec="any", status=["any"])),
    ]
    return copy.deepcopy(found)


def sound_files() -> dict[str, t.Any]:
    """The documents beside the tarball, by the ends of their names."""
    return copy.deepcopy(_FILES)


_FILES: dict[str, t.Any] = {
    "-results.gz": {"errors": {}, "warnings": {"velero": ["a"], "namespaces": {"shop": ["b"]}}},
    "-resource-list.json.gz": {"v1/Pod": ["shop/web"]},
    "-volumeinfo.json.gz": [
        {
            "pvcName": "data",
            "pvcNamespace": "shop",
            "pvName": "pv1",
            "backupMethod": "CSISnapshot",
            "snapshotDataMoved": False,
            "result": "succeeded",
            "csiSnapshotInfo": {"snapshotHandle": "handle", "driver": "d"},
            "pvInfo": {"reclaimPolicy": "Delete", "labels": {"a": "b"}},
        },
        {"pvName": "pv2", "backupMethod": "NativeSnapshot", "nativeSnapshotInfo": {"snapshotHandle": "snap-1"}},
        {"backupMethod": "PodVolumeBackup", "pvbInfo": {"podName": "web", "podNamespace": "shop", "volumeName": "v"}},
    ],
    "-volumesnapshots.json.gz": [
        {"spec": {"persistentVolumeName": "pv2", "volumeIOPS": 3}, "status": {"providerSnapshotID": "snap-1"}}
    ],
    "-podvolumebackups.json.gz": [
        {
            "metadata": {"name": "p", "annotations": {"velero.io/pvc-name": "data"}},
            "spec": {"pod": {"name": "web", "namespace": "shop"}, "volume": "v"},
            "status": {"phase": "Completed", "snapshotID": "s"},
        }
    ],
    "-itemoperations.json.gz": [],
    "-csi-volumesnapshots.json.gz": [
        {"metadata": {"name": "snap", "namespace": "shop"}, "spec": {"source": {"persistentVolumeClaimName": "data"}}}
    ],
    "-csi-volumesnapshotcontents.json.gz": [
        {"metadata": {"name": "content"}, "spec": {"driver": "d"}, "status": {"snapshotHandle": "handle"}}
    ],
}

BACKUP: Object = {
    "apiVersion": "velero.io/v1",
    "kind": "Backup",
    "metadata": {"name": "b", "namespace": "velero", "labels": {"velero.io/schedule-name": "s"}, "annotations": {}},
    "spec": {"includedNamespaces": ["shop"], "snapshotVolumes": True, "hooks": {"resources": []}, "ttl": "1h"},
    "status": {"phase": "Completed", "formatVersion": "1.1.0", "version": 1, "startTimestamp": "2026-01-01T00:00:00Z"},
}
RECORD: Object = {
    "version": 1,
    "restore": {"metadata": {"name": "r"}, "spec": {"backupName": "b"}, "status": {"phase": "InProgress"}},
    "hooks": [{"namespace": "shop", "restored_pod": "web", "source": "a", "name": "h", "argv": ["x"]}],
}

__all__ = ("BACKUP", "KINDS", "RECORD", "Object", "sound_files", "sound_objects")
