# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be there before the API server takes an object: its admission looks these up."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    PODS,
    PRIORITY_CLASSES,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource


def needed_objects(
    group_resource: GroupResource, body: t.Mapping[str, t.Any]
) -> list[tuple[GroupResource, str | None, str]]:
    """What must be there before the API server takes ``body``: its admission looks these up."""
    namespace = (body.get("metadata") or {}).get("namespace")
    if group_resource == PODS:
        spec = body.get("spec") or {}
        needed: list[tuple[GroupResource, str | None, str]] = [
            (SERVICE_ACCOUNTS, namespace, str(spec.get("serviceAccountName") or "default"))
        ]
        if spec.get("priorityClassName"):
            needed.append((PRIORITY_CLASSES, None, str(spec["priorityClassName"])))
        return needed
    if group_resource in (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS):
        role = body.get("roleRef") or {}
        if role.get("kind") == "Role":
            return [(ROLES, namespace, str(role.get("name")))]
        return [(CLUSTER_ROLES, None, str(role.get("name")))]
    return []


__all__ = ("needed_objects",)
