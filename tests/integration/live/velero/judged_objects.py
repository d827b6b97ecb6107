# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the namespaces that are backed up for Velero to judge."""

from __future__ import annotations

import json
import random
import typing as t

Object = dict[str, t.Any]

PATH = "/var/log/nginx"
#: This many, this large: more than one member of the tarball's gzip.
BULK, BULK_BYTES = 120, 32 * 1024
PICKED = 5
_IDLE = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]
# Not one that changes pods: whether the API server knows it yet when a pod comes right after it is a race.
LIMIT = {"type": "PersistentVolumeClaim", "min": {"storage": "1Mi"}}


def _object(api_version: str, kind: str, name: str, **members: t.Any) -> Object:
    meta = {"name": name, **members.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **members}


def _config(name: str, data: t.Mapping[str, str], **labels: str) -> Object:
    return _object("v1", "ConfigMap", name, metadata={"labels": labels} if labels else {}, data=dict(data))


def nginx() -> list[Object]:
    """The page's example: a claim, a Deployment with hooks that freeze it, a Service."""
    hooks = {
        "pre.hook.backup.velero.io/container": "fsfreeze",
        "pre.hook.backup.velero.io/command": json.dumps(["/sbin/fsfreeze", "--freeze", PATH]),
        "post.hook.backup.velero.io/container": "fsfreeze",
        "post.hook.backup.velero.io/command": json.dumps(["/sbin/fsfreeze", "--unfreeze", PATH]),
    }
    mounts = [{"mountPath": PATH, "name": "nginx-logs"}]
    containers = [
        {"name": "nginx", "image": "nginx:1.17.6", "ports": [{"containerPort": 80}], "volumeMounts": mounts},
        {
            "name": "fsfreeze",
            "image": "ubuntu:bionic",
            "securityContext": {"privileged": True},
            "command": ["/bin/bash", "-c", "sleep infinity"],
            "volumeMounts": mounts,
        },
    ]
    template = {
        "metadata": {"labels": {"app": "nginx"}, "annotations": hooks},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "volumes": [{"name": "nginx-logs", "persistentVolumeClaim": {"claimName": "nginx-logs"}}],
            "containers": containers,
        },
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Mi"}}}
    port = {"port": 80, "targetPort": 80}
    return [
        _object("v1", "PersistentVolumeClaim", "nginx-logs", metadata={"labels": {"app": "nginx"}}, spec=claim),
        _object(
            "apps/v1",
            "Deployment",
            "nginx-deployment",
            spec={"replicas": 1, "selector": {"matchLabels": {"app": "nginx"}}, "template": template},
        ),
        _object("v1", "Service", "my-nginx", spec={"ports": [port], "selector": {"app": "nginx"}, "type": "NodePort"}),
        _config("odd", {"text": '<a href="?x&y">\u2028é\U0001f600</a>\n\ttab\\', "empty": ""}, app="nginx"),
        _object(
            "v1", "Secret", "key", data={"binary": "AP8QgAo="}, metadata={"annotations": {"note": "kept & <quoted>"}}
        ),
    ]


def definition(group: str) -> Object:
    """A type that is served in two versions."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    versions = [
        {"name": "v1", "served": True, "storage": True, "schema": schema},
        {"name": "v1beta1", "served": True, "storage": False, "schema": schema},
    ]
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions}
    return _object("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"widgets.{group}", spec=spec)


def cluster_roles(token: str, namespace: str) -> list[Object]:
    """What a service account may do in the whole cluster."""
    name = f"arkive-test-v-{token}"
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    subject = {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]
    return [
        _object("rbac.authorization.k8s.io/v1", "ClusterRole", name, rules=rules),
        _object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", name, roleRef=reference, subjects=[subject]),
    ]


def kinds(group: str) -> list[Object]:
    """Many types, few objects: nothing of it runs."""
    container = {"name": "c", "image": "busybox:1", "command": _IDLE}
    labels = {"app": "none"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    selector = {"matchLabels": labels}
    job = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    claims = [
        {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "32Mi"}}},
        }
    ]
    return [
        *(_config(f"picked-{i}", {"n": str(i)}, app="picked") for i in range(PICKED)),
        *(_config(f"other-{i}", {"n": str(i)}, app="other") for i in range(4)),
        _config("doomed", {"n": "1"}, app="doomed"),
        _object("v1", "ServiceAccount", "robot"),
        _object(
            "rbac.authorization.k8s.io/v1",
            "Role",
            "reader",
            rules=[{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}],
        ),
        _object(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "reader",
            roleRef=reference,
            subjects=[{"kind": "ServiceAccount", "name": "robot"}],
        ),
        _object(
            "apps/v1",
            "StatefulSet",
            "db",
            spec={
                "replicas": 0,
                "serviceName": "db",
                "selector": selector,
                "template": template,
                "volumeClaimTemplates": claims,
            },
        ),
        _object("apps/v1", "DaemonSet", "nowhere", spec=_daemon(labels, container)),
        _object(
            "batch/v1",
            "CronJob",
            "nightly",
            spec={"schedule": "0 2 * * *", "suspend": True, "jobTemplate": job},
        ),
        _object(
            "networking.k8s.io/v1", "NetworkPolicy", "closed", spec={"podSelector": {}, "policyTypes": ["Ingress"]}
        ),
        _object("networking.k8s.io/v1", "Ingress", "web", spec={"defaultBackend": backend}),
        _object(
            "policy/v1", "PodDisruptionBudget", "db", spec={"minAvailable": 1, "selector": {"matchLabels": labels}}
        ),
        _object("v1", "LimitRange", "small", spec={"limits": [LIMIT]}),
        _object(f"{group}/v1", "Widget", "new", spec={"size": 3, "nested": {"list": [1, "2", None, 1.5]}}),
        _object(f"{group}/v1beta1", "Widget", "old", spec={"size": 4}),
    ]


def _daemon(labels: Object, container: Object) -> Object:
    spec = {"containers": [container], "nodeSelector": {"arkive.test/no-such-node": "true"}}
    return {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}}


def broken() -> list[Object]:
    """A pod whose hook fails, beside one that is well."""
    spec = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "busybox:1", "command": _IDLE}]}
    hooks = {
        "pre.hook.backup.velero.io/command": json.dumps(["/bin/sh", "-c", "exit 3"]),
        "pre.hook.backup.velero.io/on-error": "Fail",
    }
    return [
        _object("v1", "Pod", "fails", metadata={"annotations": hooks}, spec=spec),
        _object("v1", "Pod", "fine", spec=spec),
        _config("beside", {"n": "1"}),
    ]


def bulk() -> list[Object]:
    """Much that does not compress well."""
    source = random.Random(4)
    return [_config(f"bulk-{i:03}", {"noise": source.randbytes(BULK_BYTES // 2).hex()}) for i in range(BULK)]


__all__ = ("BULK", "PICKED", "broken", "bulk", "cluster_roles", "definition", "kinds", "nginx")
