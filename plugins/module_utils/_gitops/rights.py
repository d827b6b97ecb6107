# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that it takes to see owners, and to pause them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._gitops.argo import APPLICATION_SETS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on


def gitops_grants(on_owned: str, namespaces: t.Sequence[str] = ()) -> list[Grant]:
    """``on_owned`` as in ``GitOpsTerms``; ``namespaces`` are those of the owners, empty for anywhere."""
    if on_owned == "ignore":
        return []
    places = tuple(namespaces) or ("",)
    types = [kind.group_resource for kind in OWNER_KINDS.values()]
    grants = [
        Grant(
            "Whether Argo CD or Flux would undo it, and who owns these in turn.",
            (
                *needs_on("get list", *types, places=places),
                *needs_on("get", APPLICATION_SETS, places=places),
                *(Need("get", "", "configmaps", "", place) for place in places if place),
            ),
            "" if on_owned == "pause" else "It is done, and whether it lasts is not known.",
        )
    ]
    if on_owned == "pause":
        grants.append(
            Grant("Applications and Flux are paused meanwhile.", needs_on("patch watch", *types, places=places))
        )
    return grants


def pause_grants(scope: RightsScope) -> list[Grant]:
    """Of a task that pauses and resumes by itself."""
    return gitops_grants("pause", scope.namespaces)


__all__ = ("gitops_grants", "pause_grants")
