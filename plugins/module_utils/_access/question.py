# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody asks about rights, and what it means in the cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._access.roles import Account
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.rights import FUNCTION_GRANTS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import ALL_TYPES, OnExisting, RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import near_names

ON_EXISTING: tuple[OnExisting, ...] = t.get_args(OnExisting)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AccessQuestion:
    """``tasks`` are some of the table of tasks; ``resources`` are types as people call them, empty for all of them.

    ``namespaces``: empty for the whole cluster. Raises ``ValidationError``.
    """

    tasks: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    hooks: bool = True
    freezes: bool = True
    databases: bool = False
    database_secrets: bool = False
    providers: tuple[str, ...] = ()
    retain: bool = False
    on_existing: OnExisting = "none"
    rolls_back: bool = False
    adds_containers: bool = False
    scratch_namespace: str = ""
    functions: tuple[str, ...] = ()
    api_group: str = ""
    on_gitops_owned: str = "ignore"
    gitops_namespaces: tuple[str, ...] = ()
    velero_namespace: str = "velero"
    account: str = ""
    account_namespace: str = "arkive"

    def __post_init__(self) -> None:
        if not self.tasks:
            raise ValidationError("for names no task.", hint="Name at least one, such as for: [backup].")
        for name in self.namespaces:
            _check("namespaces", name)
        for name in self.gitops_namespaces:
            _check("gitops_namespaces", name)
        if self.scratch_namespace:
            _check("scratch_namespace", self.scratch_namespace)
        _check("velero_namespace", self.velero_namespace)
        for name in self.functions:
            if name not in FUNCTION_GRANTS:
                raise ValidationError(
                    f"functions names '{name}', which is no function of blueprints that is carried out here.",
                    hint=near_names(name, FUNCTION_GRANTS).replace("Its fields are", "There are"),
                )
        _check("account", self.subject.name)
        _check("account_namespace", self.subject.namespace)

    @property
    def subject(self) -> Account:
        """Who is to have the rights."""
        return Account(self.account_namespace, self.account or f"arkive-{self.tasks[0].replace('_', '-')}")

    @property
    def places(self) -> tuple[str, ...]:
        """The namespaces in which something is granted."""
        return tuple(dict.fromkeys(filter(None, (*self.namespaces, self.scratch_namespace))))

    def scope(self, discovery: Discovery) -> RightsScope:
        """The same with types as the cluster serves them. Raises ``ValidationError`` for one that it does not."""
        found = [_resolve(discovery, name) for name in self.resources if name != "*"]
        everything = len(found) < len(self.resources) or not found
        return RightsScope(
            namespaces=self.namespaces,
            types=(
                (ALL_TYPES,)
                if everything
                else tuple(dict.fromkeys(entry.group_resource for entry in found if entry.namespaced))
            ),
            cluster_types=tuple(dict.fromkeys(entry.group_resource for entry in found if not entry.namespaced)),
            hooks=self.hooks,
            freezes=self.freezes,
            databases=self.databases or self.database_secrets,
            database_secrets=self.database_secrets,
            providers=self.providers,
            retain=self.retain,
            on_existing=self.on_existing,
            rolls_back=self.rolls_back,
            adds_containers=self.adds_containers,
            scratch_namespace=self.scratch_namespace,
            functions=self.functions,
            api_group=self.api_group,
            on_gitops_owned=self.on_gitops_owned,
            gitops_namespaces=self.gitops_namespaces,
            velero_namespace=self.velero_namespace,
        )


def _resolve(discovery: Discovery, name: str) -> ApiResource:
    found = discovery.resolve(name)
    if found is None:
        near = discovery.near(name)
        raise ValidationError(
            f"resources names '{name}', a type of objects that the cluster does not serve.",
            hint=f"Did you mean {' or '.join(near)}?" if near else "Look at kubectl api-resources.",
        )
    return found


def _check(option: str, name: str) -> None:
    if not is_subdomain_name(name):
        raise ValidationError(
            f"{option} names '{name}', which can be no name in Kubernetes.",
            hint="Names have small letters, digits, '-' and '.', and begin and end with a letter or a digit.",
        )


__all__ = ("ON_EXISTING", "AccessQuestion")
