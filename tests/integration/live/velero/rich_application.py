# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application with much that a restore has a rule for, and what somebody changes in it by hand."""

from __future__ import annotations

import json
import secrets
import typing as t

from judged_objects import LIMIT, definition

Object = dict[str, t.Any]

_IDLE = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]
_INIT = "init.hook.restore.velero.io/"
_RBAC = "rbac.authorization.k8s.io"


class RichApplication:
    """The names of one such application, and its objects."""

    def __init__(self, kubectl: t.Any) -> None:
        self.kubectl = kubectl
        self.token = secrets.token_hex(3)
        self.source, self.velero, self.ours = (
            f"arkive-test-s-{self.token}-{name}" for name in ("source", "velero", "ours")
        )
        self.name = f"arkive-test-s-{self.token}"
        self.group = f"s{self.token}.arkive.test"

    @property
    def cluster_objects(self) -> tuple[tuple[str, str], ...]:
        """By type and name."""
        return (("crd", f"widgets.{self.group}"), ("clusterrolebinding", self.name), ("clusterrole", self.name))

    def create(self) -> None:
        """All objects, at rest: pods run, the claim has its volume, the Job is done."""
        self._create("", definition(self.group))
        self.kubectl("wait", "--for=condition=Established", f"crd/widgets.{self.group}", "--timeout=30s")
        space = _object("v1", "Namespace", self.source, labels={"team": "shop"})
        space["metadata"]["annotations"] = {"note": "a & b"}
        self._create("", space)
        self._create(self.source, *self._running(), *self._resting(), *self._allowed())
        self.kubectl("-n", self.source, "wait", "--for=condition=Complete", "job/done", "--timeout=90s")
        self.await_rest(self.source)

    def await_rest(self, namespace: str) -> None:
        """Wait for what controllers and the kubelet still do after a restore."""
        self.kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=90s")
        self.kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod/named", "pod/unnamed", "--timeout=90s")
        self.kubectl("-n", namespace, "wait", "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=60s")
        self.kubectl("-n", namespace, "wait", "--for=jsonpath={.data.token}", "secret/robot-key", "--timeout=60s")

    def change(self, namespace: str) -> None:
        """Some objects are changed, some are gone, one is there that no backup knows."""

        def patch(kind: str, name: str, change: Object) -> None:
            self.kubectl("-n", namespace, "patch", kind, name, "--type=merge", "-p", json.dumps(change))

        patch("configmap", "conf", {"data": {"a": "2", "b": "new"}, "metadata": {"labels": {"app": "b"}}})
        patch("deployment", "web", {"spec": {"revisionHistoryLimit": 3}, "metadata": {"annotations": {"by": "hand"}}})
        patch("service", "node", {"spec": {"selector": {"app": "other"}}})
        patch("serviceaccount", "robot", {"metadata": {"labels": {"a": "hand", "b": "2"}}, "imagePullSecrets": None})
        patch("role", "reader", {"rules": []})
        patch("networkpolicy", "closed", {"spec": {"policyTypes": ["Ingress", "Egress"]}})
        patch(f"widgets.{self.group}", "new", {"spec": {"size": 9, "nested": None}})
        patch("poddisruptionbudget", "web", {"spec": {"minAvailable": 0}})
        patch("pod", "named", {"metadata": {"labels": {"by": "hand"}}})
        patch("namespace", namespace, {"metadata": {"labels": {"team": "other"}}})
        for kind, name in (("secret", "key"), ("cronjob", "nightly"), (f"widgets.{self.group}", "old")):
            self.kubectl("-n", namespace, "delete", kind, name)
        self._create(namespace, _object("v1", "ConfigMap", "mine", data={"a": "1"}))
        self.kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=90s")

    def remove_cluster_objects(self) -> None:
        for kind, name in self.cluster_objects:
            self.kubectl("delete", kind, name, "--ignore-not-found", "--timeout=60s")

    def remove(self) -> None:
        """At the end: what is left, without waiting for the namespaces."""
        self.kubectl("delete", "namespace", self.source, self.velero, self.ours, "--ignore-not-found", "--wait=false")
        self.remove_cluster_objects()

    def _create(self, namespace: str, *objects: Object) -> None:
        where = ["-n", namespace] if namespace else []
        self.kubectl(
            *where, "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        )

    def _running(self) -> list[Object]:
        labels = {"app": "web"}
        container = {"name": "c", "image": "busybox:1", "command": _IDLE}
        spec = {"terminationGracePeriodSeconds": 1, "containers": [container]}
        mounted = [container | {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}]
        claimed = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
        template = {"metadata": {"labels": labels}, "spec": spec | {"serviceAccountName": "robot"}}
        of_done = {"spec": spec | {"restartPolicy": "Never", "containers": [container | {"command": ["/bin/true"]}]}}
        init = {_INIT + "container-image": "busybox:1", _INIT + "command": '["/bin/sh","-c","echo hi"]'}
        own = {"initContainers": [{"name": "own", "image": "busybox:1", "command": ["/bin/true"]}]}
        storage = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "32Mi"}}}
        named = _object("v1", "Pod", "named", spec=spec | own | {"containers": mounted, "volumes": claimed})
        named["metadata"]["annotations"] = init | {_INIT + "container-name": "restored-first"}
        unnamed = _object("v1", "Pod", "unnamed", labels={"run": "unnamed"}, spec=spec | own)
        unnamed["metadata"]["annotations"] = init
        return [
            _object("v1", "ServiceAccount", "robot", labels={"a": "1"}, imagePullSecrets=[{"name": "pull"}]),
            _object("v1", "PersistentVolumeClaim", "data", spec=storage),
            _object(
                "apps/v1",
                "Deployment",
                "web",
                labels=labels,
                spec={"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
            ),
            named,
            unnamed,
            _object("batch/v1", "Job", "done", spec={"template": of_done}),
        ]

    def _resting(self) -> list[Object]:
        labels = {"app": "web"}
        template = {
            "metadata": {"labels": {"app": "db"}},
            "spec": {"containers": [{"name": "c", "image": "busybox:1"}]},
        }
        nightly = {"spec": {"template": {"spec": {"restartPolicy": "Never", **template["spec"]}}}}
        port = {"port": 80, "targetPort": 8080}
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}
        tokens = []
        for name in ("robot-token-abcde", "robot-key"):
            token = _object("v1", "Secret", name, type="kubernetes.io/service-account-token")
            token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "robot"}
            tokens.append(token)
        return [
            *tokens,
            _object("v1", "ConfigMap", "conf", labels={"app": "a"}, data={"a": "1", "text": "<a>\u2028é\U0001f600"}),
            _object("v1", "ConfigMap", "bytes", binaryData={"b": "AP8="}, immutable=True),
            _object("v1", "Secret", "key", data={"password": "aHVzaA=="}),
            _object("v1", "Service", "web", spec={"selector": labels, "ports": [port]}),
            _object("v1", "Service", "node", spec={"selector": labels, "ports": [port], "type": "NodePort"}),
            _object("v1", "Service", "headless", spec={"selector": labels, "ports": [port], "clusterIP": "None"}),
            _object("v1", "Service", "outside", spec={"type": "ExternalName", "externalName": "example.org"}),
            _object(
                "apps/v1",
                "StatefulSet",
                "db",
                spec={
                    "replicas": 0,
                    "serviceName": "headless",
                    "selector": {"matchLabels": {"app": "db"}},
                    "template": template,
                },
            ),
            _object(
                "batch/v1",
                "CronJob",
                "nightly",
                spec={"schedule": "0 2 * * *", "suspend": True, "jobTemplate": nightly},
            ),
            _object(
                "policy/v1", "PodDisruptionBudget", "web", spec={"minAvailable": 1, "selector": {"matchLabels": labels}}
            ),
            _object(
                "autoscaling/v2", "HorizontalPodAutoscaler", "db", spec={"scaleTargetRef": target, "maxReplicas": 3}
            ),
            _object("networking.k8s.io/v1", "Ingress", "web", spec={"defaultBackend": backend}),
            _object(
                "networking.k8s.io/v1", "NetworkPolicy", "closed", spec={"podSelector": {}, "policyTypes": ["Ingress"]}
            ),
            _object("v1", "LimitRange", "small", spec={"limits": [LIMIT]}),
            _object("v1", "ResourceQuota", "much", spec={"hard": {"pods": "100"}}),
            _object(f"{self.group}/v1", "Widget", "new", spec={"size": 3, "nested": {"list": [1, "2", None, 1.5]}}),
            _object(f"{self.group}/v1beta1", "Widget", "old", spec={"size": 4}),
        ]

    def _allowed(self) -> list[Object]:
        robot = {"kind": "ServiceAccount", "name": "robot", "namespace": self.source}
        person = {"kind": "User", "name": "somebody", "apiGroup": _RBAC}
        rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
        nodes = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]
        api = f"{_RBAC}/v1"
        role = {"apiGroup": _RBAC, "kind": "Role", "name": "reader"}
        cluster_role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": self.name}
        return [
            _object(api, "Role", "reader", rules=rules),
            _object(api, "RoleBinding", "reader", roleRef=role, subjects=[robot, person]),
            _object(api, "ClusterRole", self.name, rules=nodes),
            _object(api, "ClusterRoleBinding", self.name, roleRef=cluster_role, subjects=[robot, person]),
        ]


def _object(
    api_version: str, kind: str, name: str, *, labels: t.Mapping[str, str] | None = None, **members: t.Any
) -> Object:
    meta: Object = {"name": name} | ({"labels": dict(labels)} if labels else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **members}


__all__ = ("RichApplication",)
