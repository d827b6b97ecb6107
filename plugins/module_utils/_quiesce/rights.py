# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that freezes take: to mark them, to tell what they would freeze, and to find what was left frozen."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS, SECRETS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.rights import exec_needs, hook_grants
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on


def mark_needs(namespace: str, *, with_claim: bool) -> tuple[Need, ...]:
    """What a mark takes, on the pod and on the claim, which outlives the pod."""
    return needs_on("get patch", *((PODS, CLAIMS) if with_claim else (PODS,)), places=(namespace,))


def quiesce_grants(scope: RightsScope) -> list[Grant]:
    """Hooks around something, and the freezes that they make."""
    here = scope.places
    sweeping = Grant(
        "To find what killed runs have left frozen.",
        needs_on("list", PODS, CLAIMS, places=here),
        "What they have left is not found.",
    )
    holding = database_grants(scope)
    if not scope.hooks:
        return [*holding, sweeping]
    freezing = [
        Grant(
            "A freeze is marked on the pod and its claim, so that it is found again even when the pod is gone.",
            tuple(need for place in here for need in mark_needs(place, with_claim=True)),
            "The freeze is not marked, with a warning; with require_lease it is refused.",
        ),
        Grant(
            "To tell a file system of a pod's own from one of the node.",
            needs_on("get", CLAIMS, places=here) + needs_on("get", VOLUMES),
        ),
    ]
    return [*hook_grants(here), *holding, *(freezing if scope.freezes else ()), sweeping]


def database_grants(scope: RightsScope) -> list[Grant]:
    """Databases that are held: a client in a container, and the password where a Secret has it."""
    if not scope.databases:
        return []
    holding = [Grant("A session of a database's own client, in its container.", tuple(exec_needs(scope.places)))]
    if scope.database_secrets:
        reading = needs_on("get", SECRETS, places=scope.places)
        holding.append(Grant("The passwords of databases that a Secret has.", reading))
    return holding


def hook_task_grants(scope: RightsScope) -> list[Grant]:
    """``k8s_hook_exec`` and the role ``fsfreeze``."""
    return [
        Grant("The pods that are meant.", needs_on("get list", PODS, places=scope.places)),
        *quiesce_grants(scope),
    ]


__all__ = ("database_grants", "hook_task_grants", "mark_needs", "quiesce_grants")
