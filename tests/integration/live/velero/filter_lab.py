# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that filters pick from, and the filters: each is given to Velero's server and to our engine."""

from __future__ import annotations

import json
import secrets
import typing as t

from judged_objects import definition

Object = dict[str, t.Any]

EXCLUDED = {"velero.io/exclude-from-backup": "true"}
_IDLE = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]


class FilterLab:
    """Two namespaces with the same objects, a third that is empty, and what they need that has no namespace."""

    def __init__(self, kubectl: t.Any) -> None:
        self.kubectl = kubectl
        self.token = secrets.token_hex(3)
        self.one, self.two, self.bare = (f"arkive-test-f-{self.token}-{name}" for name in ("one", "two", "bare"))
        self.name = f"arkive-test-f-{self.token}"
        self.group = f"f{self.token}.arkive.test"

    def create(self) -> None:
        self._create(definition(self.group), _meta("scheduling.k8s.io/v1", "PriorityClass", self.name) | {"value": 7})
        self.kubectl("wait", "--for=condition=Established", f"crd/widgets.{self.group}", "--timeout=30s")
        for namespace in (self.one, self.two, self.bare):
            self._create(_meta("v1", "Namespace", namespace, labels={"app": "a"} if namespace == self.two else {}))
        for namespace in (self.one, self.two):
            self._create(*self._objects(namespace), namespace=namespace)
        for namespace in (self.one, self.two):
            self.kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod/p", "--timeout=90s")

    def create_policy(self, namespace: str) -> None:
        """The volumes of one namespace are skipped, those of the other are snapshotted."""
        policies = [
            {"conditions": {"pvcLabels": {"in": self.one}}, "action": {"type": "skip"}},
            {"conditions": {"storageClass": ["loopfile"]}, "action": {"type": "snapshot"}},
        ]
        policy = json.dumps({"version": "v1", "volumePolicies": policies})
        self._create(_meta("v1", "ConfigMap", self.name) | {"data": {"policy": policy}}, namespace=namespace)

    def remove(self) -> None:
        self.kubectl("delete", "namespace", self.one, self.two, self.bare, "--ignore-not-found", "--wait=false")
        for kind in ("priorityclass", "clusterrole", "clusterrolebinding"):
            for suffix in ("",) if kind == "priorityclass" else ("-one", "-two"):
                self.kubectl("delete", kind, self.name + suffix, "--ignore-not-found")
        self.kubectl("delete", "crd", f"widgets.{self.group}", "--ignore-not-found", "--timeout=60s")

    def _objects(self, namespace: str) -> list[Object]:
        role = self.name + namespace[-4:]
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
        subject = {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}
        storage = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "32Mi"}}}
        container = {"name": "c", "image": "busybox:1", "command": _IDLE}
        pod = {
            "terminationGracePeriodSeconds": 1,
            "priorityClassName": self.name,
            "containers": [container | {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        }
        labels = {"matchLabels": {"x": "y"}}
        template = {"metadata": {"labels": {"x": "y"}}, "spec": {"containers": [container]}}
        return [
            *(_meta("v1", "ConfigMap", f"{name}", labels={"app": name}) for name in ("a", "b", "c")),
            _meta("v1", "ConfigMap", "plain"),
            _meta("v1", "ConfigMap", "hidden", labels={"app": "a", **EXCLUDED}),
            _meta("v1", "Secret", "key", labels={"app": "b"}),
            _meta("v1", "ServiceAccount", "robot", labels={"app": "a"}),
            _meta("rbac.authorization.k8s.io/v1", "ClusterRole", role) | {"rules": []},
            _meta("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", role)
            | {"roleRef": reference, "subjects": [subject]},
            _meta("v1", "PersistentVolumeClaim", "data", labels={"in": namespace}) | {"spec": storage},
            _meta("v1", "Pod", "p", labels={"app": "c"}) | {"spec": pod},
            _meta("apps/v1", "Deployment", "d", labels={"app": "a"})
            | {"spec": {"replicas": 0, "selector": labels, "template": template}},
            _meta(f"{self.group}/v1", "Widget", "w", labels={"app": "b"}) | {"spec": {"size": 1}},
        ]

    def _create(self, *objects: Object, namespace: str = "") -> None:
        where = ["-n", namespace] if namespace else []
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl(*where, "create", "-f", "-", stdin=json.dumps(listed))

    def specs(self) -> dict[str, Object]:
        """Of a Backup, by what they try. All name namespaces: other tests share the cluster."""
        one, both = {"includedNamespaces": [self.one]}, {"includedNamespaces": [self.one, self.two]}
        cluster = {"includeClusterResources": True}
        has_a, has_b = ({"matchLabels": {"app": value}} for value in ("a", "b"))
        not_a = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}
        there = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
        return {
            "namespace": one,
            "empty-namespace": {"includedNamespaces": [self.bare]},
            "wildcard": {"includedNamespaces": [f"{self.name}-*"], "excludedNamespaces": [f"{self.name}-t?o"]},
            "resources-excluded": both | {"excludedResources": ["secrets", "cm", "pvc"]},
            "resources-included": one | {"includedResources": ["configmaps", "deployments.apps", "no-such-type"]},
            "pods-alone": one | {"includedResources": ["pods"]},
            "pods-and-volumes": one | {"includedResources": ["pods", "pvc", "pv"]},
            "accounts": one | {"includedResources": ["serviceaccounts", "clusterrolebindings", "clusterroles"]},
            "widgets": one | {"includedResources": [f"widgets.{self.group}"]},
            "claims-with-cluster": one | {"includedResources": ["pvc", "pv"], "includeClusterResources": True},
            "cluster": one | cluster | {"excludedResources": ["nodes"]},
            "no-cluster": one | {"includeClusterResources": False},
            "label": both | {"labelSelector": has_a},
            "label-not-in": one | {"labelSelector": not_a},
            "label-exists": one | {"labelSelector": there},
            "label-nothing": one | {"labelSelector": {"matchLabels": {"app": "no-such"}}},
            "labels-or": one | {"orLabelSelectors": [has_a, has_b]},
            "scoped-namespaced": one | {"includedNamespaceScopedResources": ["pods", "serviceaccounts"]},
            "scoped-excluded": one
            | {"excludedNamespaceScopedResources": ["pods"], "excludedClusterScopedResources": ["clusterroles"]},
            "scoped-cluster": one | {"includedClusterScopedResources": ["priorityclasses", "clusterroles"]},
            "scoped-nothing-of-cluster": one | {"excludedClusterScopedResources": ["*"]},
            "scoped-nothing-of-namespaces": one
            | {"excludedNamespaceScopedResources": ["*"], "includedClusterScopedResources": ["priorityclasses"]},
            "volumes-off": one | {"snapshotVolumes": False},
            "volumes-on": one | {"snapshotVolumes": True},
            "volumes-by-policy": both | {"resourcePolicy": {"kind": "configmap", "name": self.name}},
            "volumes-off-by-policy": both
            | {"snapshotVolumes": False, "resourcePolicy": {"kind": "configmap", "name": self.name}},
            "ordered": both | {"orderedResources": {"pods": f"{self.two}/p,{self.one}/p", "persistentvolumes": "no"}},
        }


def _meta(api_version: str, kind: str, name: str, *, labels: t.Mapping[str, str] | None = None) -> Object:
    meta: Object = {"name": name}
    if labels:
        meta["labels"] = dict(labels)
    return {"apiVersion": api_version, "kind": kind, "metadata": meta}


__all__ = ("FilterLab", "Object")
