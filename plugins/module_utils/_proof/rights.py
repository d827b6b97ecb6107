# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that a comparison with the cluster takes: reading alone."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CRDS,
    NAMESPACES,
    PRIORITY_CLASSES,
    STORAGE_CLASSES,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import ALL_TYPES, Grant, RightsScope, needs_on


def diff_grants(scope: RightsScope) -> list[Grant]:
    """Whoever may update objects as well has the API server's word on those that differ."""
    grants = [
        Grant(
            "What the backup has, compared with what is there.", needs_on("get list", *scope.types, places=scope.places)
        ),
        Grant("The namespaces of the backup.", needs_on("get", NAMESPACES)),
    ]
    if scope.cluster_types:
        grants.append(Grant("The same outside of namespaces.", needs_on("get list", *scope.cluster_types)))
    if ALL_TYPES in scope.types:
        named = (VOLUMES, CRDS, PRIORITY_CLASSES, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS)
        grants.append(Grant("What objects in namespaces name.", needs_on("get list", *named)))
    grants.append(
        Grant(
            "The classes of volumes.",
            needs_on("list", STORAGE_CLASSES),
            "Claims are compared without what their class says.",
        )
    )
    return grants


__all__ = ("diff_grants",)
