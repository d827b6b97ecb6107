# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that sets of snapshots take."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    DEPLOYMENTS,
    PODS,
    STATEFUL_SETS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.rights import quiesce_grants


def snapshot_grants(scope: RightsScope) -> list[Grant]:
    """To take and remove them, without what volume providers need."""
    here = scope.places
    return [
        Grant("The claims.", needs_on("get", CLAIMS, places=here)),
        Grant(
            "The claims by their labels, or by their workload.",
            needs_on("list", CLAIMS, places=here) + needs_on("get", DEPLOYMENTS, STATEFUL_SETS, places=here),
            "Claims have to be named.",
        ),
        Grant("Which pods mount them.", needs_on("list", PODS, places=here)),
        Grant("Of what kind the volumes are.", needs_on("get", VOLUMES)),
        *quiesce_grants(scope),
    ]


__all__ = ("snapshot_grants",)
