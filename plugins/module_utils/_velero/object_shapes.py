# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of Kubernetes objects that a restore looks into, with their types: a row for each type that has rules.

Source: the API reference of Kubernetes 1.36; external-snapshotter 8 for snapshots.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CLUSTER_ROLE_BINDINGS,
    CONFIG_MAPS,
    CRDS,
    CRON_JOBS,
    IP_ADDRESSES,
    JOBS,
    MUTATING_WEBHOOKS,
    NAMESPACES,
    POD_TEMPLATES,
    PODS,
    REPLICATION_CONTROLLERS,
    ROLE_BINDINGS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    STORAGE_CLASSES,
    VALIDATING_WEBHOOKS,
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, OneOf, Shape, find_misfit
from ansible_collections.arkive.k8s.plugins.module_utils._velero.builtin_types import builtin_type

_TEXTS: Shape = MapOf(str)
_OWNER: Shape = {"apiVersion": str, "kind": str, "name": str, "uid": str, "controller": bool}
_MANAGER: Shape = {"manager": str, "operation": str, "subresource": str, "fieldsV1": dict}
METADATA: dict[str, Shape] = {
    "name": str,
    "namespace": str,
    "generateName": str,
    "uid": str,
    "resourceVersion": str,
    "creationTimestamp": str,
    "deletionTimestamp": str,
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "finalizers": [str],
    "ownerReferences": [_OWNER],
    "managedFields": [_MANAGER],
}
#: Of every object, custom ones as well: the API server itself holds them to it.
OBJECT: dict[str, Shape] = {"apiVersion": str, "kind": str, "metadata": METADATA}
#: Of Kubernetes' own types.
_BUILTIN: dict[str, Shape] = {"spec": dict, "status": dict}

_CONTAINER: Shape = {
    "name": str,
    "image": str,
    "command": [str],
    "args": [str],
    "env": [{"name": str}],
    "volumeMounts": [{"name": str, "mountPath": str}],
    "resources": dict,
}
_POD_SPEC: Shape = {
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "ephemeralContainers": [_CONTAINER],
    "volumes": [{"name": str, "persistentVolumeClaim": {"claimName": str}, "image": {"reference": str}}],
    "serviceAccountName": str,
    "priorityClassName": str,
    "nodeName": str,
    "securityContext": dict,
}
_SELECTOR: Shape = {"matchLabels": _TEXTS, "matchExpressions": [{"key": str, "operator": str, "values": [str]}]}
_TEMPLATE: Shape = {"metadata": METADATA, "spec": _POD_SPEC}
_REFERENCE: Shape = {"apiVersion": str, "kind": str, "namespace": str, "name": str, "uid": str, "resourceVersion": str}
_SOURCE: Shape = {"kind": str, "name": str, "apiGroup": str}
_QUANTITY: Shape = OneOf((str, int, float))
_CLAIM_SPEC: Shape = {
    "volumeName": str,
    "storageClassName": str,
    "volumeMode": str,
    "accessModes": [str],
    "dataSource": _SOURCE,
    "dataSourceRef": _SOURCE,
    "selector": _SELECTOR,
    "resources": {"requests": MapOf(_QUANTITY), "limits": MapOf(_QUANTITY)},
}
_CLAIM: dict[str, Shape] = {"metadata": METADATA, "spec": _CLAIM_SPEC, "status": {"phase": str}}
_WORKLOAD: Shape = {"replicas": int, "selector": _SELECTOR, "template": _TEMPLATE}
_JOB_SPEC: Shape = {"selector": _SELECTOR, "template": _TEMPLATE, "suspend": bool, "manualSelector": bool}
_PORT: Shape = {"name": str, "protocol": str, "port": int, "nodePort": int}
_ROLE_BINDING: dict[str, Shape] = {
    "roleRef": {"apiGroup": str, "kind": str, "name": str},
    "subjects": [{"kind": str, "name": str, "namespace": str, "apiGroup": str}],
}
_WEBHOOKS: dict[str, Shape] = {
    "webhooks": [
        {
            "name": str,
            "sideEffects": str,
            "clientConfig": {"service": {"namespace": str, "name": str}},
            "namespaceSelector": _SELECTOR,
        }
    ]
}
_VOLUME_SPEC: Shape = {
    "storageClassName": str,
    "persistentVolumeReclaimPolicy": str,
    "volumeMode": str,
    "accessModes": [str],
    "capacity": MapOf(_QUANTITY),
    "claimRef": _REFERENCE,
    "csi": {"driver": str, "volumeHandle": str, "volumeAttributes": _TEXTS},
    "awsElasticBlockStore": {"volumeID": str},
    "nodeAffinity": {"required": {"nodeSelectorTerms": [_SELECTOR]}},
}

_CONDITION: Shape = {"type": str, "status": str}

SHAPES: dict[GroupResource, dict[str, Shape]] = {
    PODS: {"spec": _POD_SPEC, "status": {"phase": str}},
    POD_TEMPLATES: {"template": _TEMPLATE},
    REPLICATION_CONTROLLERS: {"spec": {"replicas": int, "selector": _TEXTS, "template": _TEMPLATE}},
    JOBS: {"spec": _JOB_SPEC, "status": {"completionTime": str, "conditions": [_CONDITION]}},
    CRON_JOBS: {"spec": {"suspend": bool, "jobTemplate": {"spec": _JOB_SPEC}}},
    **{
        GroupResource(plural, group): {"spec": _WORKLOAD}
        for group in ("apps", "extensions")
        for plural in ("daemonsets", "deployments", "replicasets")
    },
    STATEFUL_SETS: {
        "spec": {
            "replicas": int,
            "selector": _SELECTOR,
            "serviceName": str,
            "template": _TEMPLATE,
            "volumeClaimTemplates": [_CLAIM],
        }
    },
    SERVICES: {
        "metadata": {"managedFields": [{"fieldsV1": {"f:spec": {"f:ports": MapOf(dict)}}}]},
        "spec": {
            "type": str,
            "clusterIP": str,
            "clusterIPs": [str],
            "selector": _TEXTS,
            "ports": [_PORT],
            "healthCheckNodePort": int,
        },
    },
    SERVICE_ACCOUNTS: {"secrets": [{"name": str}], "imagePullSecrets": [{"name": str}]},
    SECRETS: {"type": str, "data": _TEXTS, "stringData": _TEXTS},
    CONFIG_MAPS: {"data": _TEXTS, "binaryData": _TEXTS},
    CLAIMS: _CLAIM,
    VOLUMES: {"spec": _VOLUME_SPEC, "status": {"phase": str}},
    STORAGE_CLASSES: {
        "provisioner": str,
        "parameters": _TEXTS,
        "reclaimPolicy": str,
        "volumeBindingMode": str,
    },
    IP_ADDRESSES: {"spec": {"parentRef": {"group": str, "resource": str, "name": str}}},
    NAMESPACES: {"status": {"phase": str}},
    ROLE_BINDINGS: _ROLE_BINDING,
    CLUSTER_ROLE_BINDINGS: _ROLE_BINDING,
    MUTATING_WEBHOOKS: _WEBHOOKS,
    VALIDATING_WEBHOOKS: _WEBHOOKS,
    CRDS: {
        "spec": {
            "group": str,
            "scope": str,
            "preserveUnknownFields": bool,
            "names": {"plural": str, "kind": str},
            "versions": [{"name": str, "schema": {"openAPIV3Schema": dict}}],
        }
    },
    VOLUME_SNAPSHOTS: {
        "spec": {
            "volumeSnapshotClassName": str,
            "source": {"persistentVolumeClaimName": str, "volumeSnapshotContentName": str},
        },
        "status": {"boundVolumeSnapshotContentName": str, "restoreSize": _QUANTITY},
    },
    VOLUME_SNAPSHOT_CONTENTS: {
        "spec": {
            "driver": str,
            "deletionPolicy": str,
            "sourceVolumeMode": str,
            "volumeSnapshotClassName": str,
            "volumeSnapshotRef": _REFERENCE,
            "source": {"snapshotHandle": str, "volumeHandle": str},
        },
        "status": {"snapshotHandle": str, "restoreSize": OneOf((int, str))},
    },
    VOLUME_SNAPSHOT_CLASSES: {"driver": str, "deletionPolicy": str, "parameters": _TEXTS},
}


def find_object_misfit(obj: t.Any, group_resource: GroupResource) -> str:
    """What of ``obj`` has not the type that every object of Kubernetes has there; empty when all is well."""
    if not isinstance(obj, dict):
        return "it is not a mapping"
    return find_misfit(obj, _shape_of(group_resource))


@functools.lru_cache(maxsize=4096)
def _shape_of(group_resource: GroupResource) -> dict[str, Shape]:
    own = SHAPES.get(group_resource, {})
    metadata = own.get("metadata", {})
    builtin = _BUILTIN if builtin_type(group_resource) is not None else {}
    return {**OBJECT, **builtin, **own, "metadata": {**METADATA, **(metadata if isinstance(metadata, dict) else {})}}


__all__ = ("METADATA", "OBJECT", "SHAPES", "find_object_misfit")
