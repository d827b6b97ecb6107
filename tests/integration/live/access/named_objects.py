# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application that names objects outside of its namespace."""

from __future__ import annotations

import json
import secrets
import typing as t

Object = dict[str, t.Any]

_RBAC = "rbac.authorization.k8s.io"


class Named:
    """A pod of a class of priority, a service account that a cluster role is bound to, an object of a custom type."""

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self._kubectl = kubectl
        self.namespace = namespace
        self._marker = f"arkive-test-{secrets.token_hex(3)}"
        self._group = f"{self._marker}.example.com"

    def create(self) -> None:
        self._apply(self._outside())
        self._kubectl("wait", "--for=condition=Established", f"crd/things.{self._group}", "--timeout=60s")
        self._apply(self._inside())

    def delete_inside(self) -> None:
        where = ["-n", self.namespace, "delete", "--wait"]
        self._kubectl(*where, "pod/idle", "serviceaccount/robot", f"things.{self._group}/one")

    def remove(self) -> None:
        """What is outside."""
        for made in reversed(self._outside()):
            self._kubectl("delete", made["kind"].lower(), made["metadata"]["name"], "--ignore-not-found")

    def _apply(self, objects: list[Object]) -> None:
        self._kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def _outside(self) -> list[Object]:
        metadata = {"name": self._marker}
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        return [
            {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": metadata, "value": 10},
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": "ClusterRole",
                "metadata": metadata,
                "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}],
            },
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": "ClusterRoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": self._marker},
                "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": self.namespace}],
            },
            {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": f"things.{self._group}"},
                "spec": {
                    "group": self._group,
                    "scope": "Namespaced",
                    "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
                    "versions": [version],
                },
            },
        ]

    def _inside(self) -> list[Object]:
        where = {"namespace": self.namespace}
        spec = {
            "containers": [{"name": "main", "image": "busybox:1"}],
            # It is never to run.
            "nodeSelector": {"arkive-test": self._marker},
            "priorityClassName": self._marker,
            "serviceAccountName": "robot",
        }
        return [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", **where}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "idle", **where}, "spec": spec},
            {"apiVersion": f"{self._group}/v1", "kind": "Thing", "metadata": {"name": "one", **where}},
        ]


__all__ = ("Named",)
