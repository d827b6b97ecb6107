# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Callers that may do only what a test lets them."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

Rule: t.TypeAlias = "dict[str, list[str]]"

RBAC = "rbac.authorization.k8s.io"


class Callers:
    """Makes service accounts with given rights; everything cluster-wide is removed at the end."""

    def __init__(self, kubectl: t.Callable[..., str], kubeconfig: str, namespace: str) -> None:
        self._kubectl = kubectl
        self._config: dict[str, t.Any] = yaml.safe_load(Path(kubeconfig).read_text())
        self._namespace = namespace
        self._made = 0
        self.cluster_wide: list[str] = []

    def may(self, *rules: Rule, cluster: bool = False) -> KubeClient:
        self._made += 1
        name = f"{self._namespace}-{self._made}"
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self._namespace}
        prefix = "Cluster" if cluster else ""
        place = {} if cluster else {"namespace": self._namespace}
        items: list[dict[str, t.Any]] = [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": self._namespace}},
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": f"{prefix}Role",
                "metadata": {"name": name, **place},
                "rules": list(rules),
            },
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": f"{prefix}RoleBinding",
                "metadata": {"name": name, **place},
                "roleRef": {"apiGroup": RBAC, "kind": f"{prefix}Role", "name": name},
                "subjects": [subject],
            },
        ]
        if cluster:
            self.cluster_wide.append(name)
        self._kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        token = self._kubectl("-n", self._namespace, "create", "token", name).strip()
        users = [{"name": user["name"], "user": {"token": token}} for user in self._config["users"]]
        return connect(KubeAuth(kubeconfig=self._config | {"users": users}))


__all__ = ("RBAC", "Callers", "Rule")
