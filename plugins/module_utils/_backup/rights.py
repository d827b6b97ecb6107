# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that a backup takes."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CRDS,
    NAMESPACES,
    PODS,
    PRIORITY_CLASSES,
    SERVICE_ACCOUNTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import ALL_TYPES, Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.rights import quiesce_grants

#: What is read because a stored object names it, by the type that does so.
_NAMED_BY = {VOLUMES: CLAIMS, PRIORITY_CLASSES: PODS, CLUSTER_ROLES: SERVICE_ACCOUNTS}
_LEFT_OUT = "They are left out, with a warning."


def backup_grants(scope: RightsScope) -> list[Grant]:
    """Without what volume providers need."""
    return [*object_grants(scope), *(quiesce_grants(scope) if scope.has(PODS) else ())]


def object_grants(scope: RightsScope) -> list[Grant]:
    """To read what is stored, and no more: no command is run, no volume is looked after."""
    here = scope.places
    stored = (*needs_on("list", *scope.types, places=here), *needs_on("list", *scope.cluster_types))
    namespaces = needs_on("get", NAMESPACES) if scope.namespaces else needs_on("list", NAMESPACES)
    return [
        Grant("What is stored. Mind that this lets read Secrets where they are among it.", stored),
        Grant("The Namespace objects of what is stored.", namespaces, _LEFT_OUT if scope.namespaces else ""),
        *_related(scope),
    ]


def _related(scope: RightsScope) -> list[Grant]:
    """Outside of namespaces, and named by what lies in them; a backup of the whole cluster lists all of it anyway."""
    if not scope.namespaces and ALL_TYPES in scope.types:
        return []
    named = [outside for outside, by in _NAMED_BY.items() if scope.has(outside) and scope.has(by)]
    needs = needs_on("get list", *named)
    if CLUSTER_ROLES in named:
        needs += needs_on("list", CLUSTER_ROLE_BINDINGS)
    grants = [Grant(f"What stored objects name: {_said(named)}.", needs, _LEFT_OUT)] if named else []
    if scope.has(CRDS):
        grants.append(Grant("The definitions of custom types.", needs_on("get", CRDS), _LEFT_OUT))
    return grants


def _said(types: list[GroupResource]) -> str:
    return ", ".join(found.resource for found in types)


__all__ = ("backup_grants", "object_grants")
