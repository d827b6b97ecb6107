# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service accounts that have what ``k8s_access_info`` returns for a task, or that without one right."""

from __future__ import annotations

import contextlib
import secrets
import typing as t
from pathlib import Path

import yaml
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._access.answer import look_at_access
from ansible_collections.arkive.k8s.plugins.module_utils._access.question import AccessQuestion
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

Object = dict[str, t.Any]


class Granted:
    """For one application; the accounts are in a namespace of their own. What is cluster-wide goes at the end."""

    def __init__(self, client: KubeClient, kubeconfig: str, application: str, accounts: str) -> None:
        self._client = client
        self._config: Object = yaml.safe_load(Path(kubeconfig).read_text())
        self._application = application
        self._accounts = accounts
        self._roles: dict[str, list[Object]] = {}
        self.cluster_wide: list[str] = []

    def caller(self, *tasks: str, **options: t.Any) -> KubeClient:
        """Who has just the rights of ``tasks``."""
        return connect(KubeAuth(kubeconfig=self.kubeconfig(*tasks, **options)))

    def kubeconfig(self, *tasks: str, **options: t.Any) -> Object:
        """The same as a configuration."""
        name = f"arkive-test-{tasks[0].replace('_', '-')}-{secrets.token_hex(3)}"
        question = AccessQuestion(
            tasks=tasks,
            account=name,
            account_namespace=self._accounts,
            **{"namespaces": (self._application,), "providers": ("csi",), **options},
        )
        answer = look_at_access(question, client=self._client)
        assert answer.lacking == (), "the tests themselves may do everything"
        self.cluster_wide.append(name)
        for made in answer.rights.objects:
            self._client.post(_place(made), made)
        self._roles[name] = [made for made in answer.rights.objects if "rules" in made]
        account = f"/api/v1/namespaces/{self._accounts}/serviceaccounts/{name}"
        token = self._client.post(f"{account}/token", {})["status"]["token"]
        users = [{"name": user["name"], "user": {"token": token}} for user in self._config["users"]]
        return self._config | {"users": users}

    def right(self, text: str) -> Need:
        """That of the last caller which is written so: ``patch pods``, ``create pods/exec``, ``list *.*``."""
        return next(need for need in self.rights() if f"{need.verb} {need.resource_text}" == text)

    def rights(self) -> list[Need]:
        """Those of the last caller, each verb on each resource of each rule."""
        return [
            Need(verb, rule["apiGroups"][0], *_parts(resource), role["metadata"].get("namespace") or "")
            for role in self._roles[self.cluster_wide[-1]]
            for rule in role["rules"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        ]

    def take_away(self, caller: KubeClient, need: Need) -> None:
        """From the last caller; whatever was taken away before is given back."""
        roles = self._roles[self.cluster_wide[-1]]
        for role in roles:
            self._client.put(f"{_place(role)}/{role['metadata']['name']}", _without(role, need))
        asked = need._asdict() | ({"group": "apps", "resource": "deployments"} if need.resource == "*" else {})
        until(lambda: not caller.can_i(**asked), f"{need} is taken away", seconds=10)

    def remove(self) -> None:
        """What the namespaces do not take with them."""
        for name in self.cluster_wide:
            for plural in ("clusterrolebindings", "clusterroles"):
                with contextlib.suppress(KubeError):
                    self._client.delete(f"/apis/rbac.authorization.k8s.io/v1/{plural}/{name}")


def _place(made: Object) -> str:
    """Where objects of its type are, in its namespace."""
    root = f"/{'apis' if '/' in made['apiVersion'] else 'api'}/{made['apiVersion']}"
    namespace = made["metadata"].get("namespace")
    return f"{root}{f'/namespaces/{namespace}' if namespace else ''}/{made['kind'].lower()}s"


def _parts(resource: str) -> tuple[str, str]:
    name, _slash, subresource = resource.partition("/")
    return name, subresource


def _without(role: Object, need: Need) -> Object:
    """The role without one right."""
    if (role["metadata"].get("namespace") or "") != need.namespace:
        return role
    name = f"{need.resource}/{need.subresource}" if need.subresource else need.resource
    rules = []
    for rule in role["rules"]:
        hit = need.group in rule["apiGroups"] and name in rule["resources"] and need.verb in rule["verbs"]
        others = [other for other in rule["resources"] if not hit or other != name]
        rules += [rule | {"resources": others}] if others else []
        verbs = [verb for verb in rule["verbs"] if verb != need.verb]
        rules += [rule | {"resources": [name], "verbs": verbs}] if hit and verbs else []
    return role | {"rules": rules}


__all__ = ("Granted",)
