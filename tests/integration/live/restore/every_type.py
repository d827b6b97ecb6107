# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace with an object of every built-in type, and one with custom resources of two versions."""

from __future__ import annotations

import base64
import typing as t

Object = dict[str, t.Any]

IMAGE = "busybox:1"
_IDLE = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]
#: A type that is stored of no object of the test's own, and why.
LEFT_OUT = {
    "events": "what happened is not restored: Velero never does either",
    "events.events.k8s.io": "the same objects as events",
}


def _object(api_version: str, kind: str, name: str, **members: t.Any) -> Object:
    metadata = {"name": name, **members.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **members}


def _pod_spec(**more: t.Any) -> Object:
    container = {"name": "c", "image": IMAGE, "command": _IDLE, **more.pop("container", {})}
    return {"terminationGracePeriodSeconds": 1, "containers": [container], **more}


def _template(app: str, **more: t.Any) -> Object:
    return {"metadata": {"labels": {"app": app}}, "spec": _pod_spec(**more)}


def _workload(kind: str, name: str, **spec: t.Any) -> Object:
    spec = {"selector": {"matchLabels": {"app": name}}, "template": _template(name), **spec}
    return _object("apps/v1", kind, name, spec=spec)


def _secret(name: str, kind: str, data: t.Mapping[str, str], **more: t.Any) -> Object:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return _object("v1", "Secret", name, type=kind, data=encoded, **more)


def _service(name: str, **spec: t.Any) -> Object:
    return _object("v1", "Service", name, spec={"ports": [{"name": "http", "port": 80}], **spec})


def _secrets() -> list[Object]:
    account = {"annotations": {"kubernetes.io/service-account.name": "robot"}}
    return [
        _secret("opaque", "Opaque", {"password": "hush"}),
        _secret("fixed", "Opaque", {"a": "1"}, immutable=True),
        _secret("own", "example.org/own", {"a": "1"}),
        _secret("basic", "kubernetes.io/basic-auth", {"username": "u", "password": "p"}),
        _secret("ssh", "kubernetes.io/ssh-auth", {"ssh-privatekey": "key"}),
        _secret("tls", "kubernetes.io/tls", {"tls.crt": "crt", "tls.key": "key"}),
        _secret("docker", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": '{"auths":{}}'}),
        _secret("docker-old", "kubernetes.io/dockercfg", {".dockercfg": "{}"}),
        _secret("bootstrap", "bootstrap.kubernetes.io/token", {"token-id": "abcdef", "token-secret": "0" * 16}),
        _secret("declared", "kubernetes.io/service-account-token", {}, metadata=account),
    ]


def _services() -> list[Object]:
    chosen = {"name": "http", "port": 80, "nodePort": 31987}
    return [
        _service("plain", selector={"app": "web"}),
        _service("headless", selector={"app": "web"}, clusterIP="None"),
        _service("sticky", selector={"app": "web"}, sessionAffinity="ClientIP"),
        _service("node", selector={"app": "web"}, type="NodePort"),
        _service("node-chosen", selector={"app": "web"}, type="NodePort", ports=[chosen]),
        _service("balanced", selector={"app": "web"}, type="LoadBalancer", externalTrafficPolicy="Local"),
        _object("v1", "Service", "outside", spec={"type": "ExternalName", "externalName": "db.example.org"}),
        _service("by-hand"),
        _object(
            "v1",
            "Endpoints",
            "by-hand",
            subsets=[{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"name": "http", "port": 80}]}],
        ),
        _service("by-slice"),
        _object(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            "by-slice-1",
            metadata={"labels": {"kubernetes.io/service-name": "by-slice"}},
            addressType="IPv4",
            endpoints=[{"addresses": ["192.0.2.8"], "conditions": {"ready": True}}],
            ports=[{"name": "http", "port": 80, "protocol": "TCP"}],
        ),
    ]


def _workloads() -> list[Object]:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "32Mi"}}}
    mount = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 9}},
    }
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    job = {"template": {"spec": _pod_spec(restartPolicy="Never")}, "suspend": True}
    done = {"template": {"spec": _pod_spec(restartPolicy="Never", container={"command": ["true"]})}}
    return [
        _object(
            "v1", "Pod", "alone", metadata={"labels": {"app": "alone"}}, spec=_pod_spec(serviceAccountName="robot")
        ),
        _object("v1", "PodTemplate", "mold", template=_template("mold")),
        _object("v1", "ReplicationController", "old", spec={"selector": {"app": "old"}, "template": _template("old")}),
        _workload("Deployment", "web", replicas=2),
        _workload("ReplicaSet", "set"),
        _workload(
            "StatefulSet",
            "db",
            serviceName="headless",
            template=_template("db", container=mount),
            volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": claim}],
        ),
        _workload("DaemonSet", "agent"),
        _object("v1", "PersistentVolumeClaim", "data", spec=claim),
        _object("batch/v1", "Job", "later", spec=job),
        _object("batch/v1", "Job", "done", spec=done),
        _object(
            "batch/v1",
            "CronJob",
            "nightly",
            spec={"schedule": "0 2 * * *", "suspend": True, "jobTemplate": {"spec": job}},
        ),
        _object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "web",
            spec={"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3, "metrics": [metric]},
        ),
        _object(
            "policy/v1",
            "PodDisruptionBudget",
            "web",
            spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        ),
        _object("apps/v1", "ControllerRevision", "by-hand-1", revision=1, data={"spec": {"a": 1}}),
    ]


def _rules_and_limits(namespace: str) -> list[Object]:
    rbac, subject = "rbac.authorization.k8s.io", {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}
    backend = {"service": {"name": "plain", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    # Not one that changes pods: whether the API server knows it yet when a pod comes right after it is a race.
    limit = {"type": "PersistentVolumeClaim", "min": {"storage": "1Mi"}}
    request = {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "none.example.org"}}]}
    return [
        _object("v1", "ServiceAccount", "robot", imagePullSecrets=[{"name": "docker"}]),
        _object("v1", "LimitRange", "limits", spec={"limits": [limit]}),
        _object("v1", "ResourceQuota", "quota", spec={"hard": {"configmaps": "100", "secrets": "100"}}),
        _object(f"{rbac}/v1", "Role", "reader", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]),
        _object(
            f"{rbac}/v1",
            "RoleBinding",
            "reader",
            roleRef={"apiGroup": rbac, "kind": "Role", "name": "reader"},
            subjects=[subject],
        ),
        _object("coordination.k8s.io/v1", "Lease", "leader", spec={"holderIdentity": "a", "leaseDurationSeconds": 15}),
        _object(
            "networking.k8s.io/v1",
            "Ingress",
            "web",
            spec={"rules": [{"host": "web.example.org", "http": {"paths": [path]}}]},
        ),
        _object(
            "networking.k8s.io/v1", "NetworkPolicy", "closed", spec={"podSelector": {}, "policyTypes": ["Ingress"]}
        ),
        _object("resource.k8s.io/v1", "ResourceClaim", "gpu", spec={"devices": request}),
        _object("resource.k8s.io/v1", "ResourceClaimTemplate", "gpu", spec={"spec": {"devices": request}}),
        _object("storage.k8s.io/v1", "CSIStorageCapacity", "room", storageClassName="loopfile", capacity="1Gi"),
    ]


def every_type(namespace: str) -> list[Object]:
    """What to create, in this order; controllers add pods, revisions, endpoints, and a volume."""
    objects = [
        _object("v1", "ConfigMap", "conf", data={"a": "1"}, binaryData={"b": "AAE="}),
        _object("v1", "ConfigMap", "fixed", data={"a": "1"}, immutable=True),
        *_rules_and_limits(namespace),
        *_secrets(),
        *_services(),
        *_workloads(),
    ]
    for obj in objects:
        obj["metadata"] |= {
            "namespace": namespace,
            "annotations": {"note": "kept", **obj["metadata"].get("annotations", {})},
        }
    return objects


def two_versions(group: str) -> Object:
    """A type that is stored as v2; v1 does not have all fields of it."""
    text = {"type": "string"}

    def version(name: str, *fields: str) -> Object:
        spec = {"type": "object", "properties": dict.fromkeys(fields, text)}
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
        return {"name": name, "served": True, "storage": name == "v2", "schema": schema}

    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    spec = {
        "group": group,
        "scope": "Namespaced",
        "names": names,
        "versions": [version("v1", "size"), version("v2", "size", "color")],
    }
    return _object("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"widgets.{group}", spec=spec)


def widgets(group: str, namespace: str) -> list[Object]:
    spec = {"size": "1", "color": "red"}
    return [
        _object(f"{group}/v2", "Widget", f"w{number}", metadata={"namespace": namespace}, spec=spec)
        for number in range(3)
    ]


__all__ = ("LEFT_OUT", "every_type", "two_versions", "widgets")
