# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that a restore takes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    AUTOSCALERS,
    CLAIMS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CRDS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    LEASES,
    NAMESPACES,
    PODS,
    PRIORITY_CLASSES,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    RESOURCE_QUOTAS,
    SERVICE_ACCOUNTS,
    STATEFUL_SETS,
    STORAGE_CLASSES,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.rights import gitops_grants
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.rights import hook_grants
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import NEVER_RECREATED


def lock_needs(namespace: str) -> tuple[Need, ...]:
    """What the lock of a namespace takes: with less than this it would not last as long as the restore, or longer."""
    return needs_on("get create update delete", LEASES, places=(namespace,))


#: What mounts claims, and can be stopped.
STOPPABLE = (
    DEPLOYMENTS,
    STATEFUL_SETS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    DAEMON_SETS,
    JOBS,
    CRON_JOBS,
)


def roll_back_needs(namespace: str) -> tuple[Need, ...]:
    """What a roll-back of volumes takes, whoever mounts them."""
    here = (namespace,)
    return (
        *needs_on("list", PODS, *STOPPABLE, AUTOSCALERS, places=here),
        *needs_on("get list create patch delete", CLAIMS, places=here),
        *needs_on("get patch", VOLUMES),
    )


def stop_needs(namespace: str, types: t.Iterable[GroupResource], *, deletes: bool, creates: bool) -> tuple[Need, ...]:
    """What it takes to stop ``types`` and to start them again. ``deletes``, ``creates``: pods."""
    pods = " ".join(filter(None, ("get delete" if deletes else "", "create" if creates else "")))
    here = (namespace,)
    return (*needs_on("get patch", *types, places=here), *needs_on(pods, PODS, places=here))


def restore_grants(scope: RightsScope) -> list[Grant]:
    """Without what volume providers need."""
    here = scope.places
    return [
        Grant(
            "What is restored, compared with what is there.",
            (*_restoring(scope, *scope.types, places=here), *_restoring(scope, *scope.cluster_types)),
        ),
        Grant("Namespaces that are not there are made.", needs_on("get create", NAMESPACES)),
        Grant(
            "The lease that keeps a second restore out.",
            tuple(need for place in here for need in lock_needs(place)),
            "Nothing keeps it out, with a warning.",
        ),
        *_changed_in_place(scope),
        *_cluster_objects(scope),
        *_pods(scope),
        *_roll_back(scope),
        *gitops_grants(scope.on_gitops_owned, scope.gitops_namespaces),
    ]


def _restoring(scope: RightsScope, *types: GroupResource, places: t.Iterable[str] = ("",)) -> tuple[Need, ...]:
    return tuple(
        need for found in types for need in needs_on(f"get list create {_change(scope, found)}", found, places=places)
    )


def _change(scope: RightsScope, found: GroupResource) -> str:
    """The verb by which an object that is there and differs is changed; empty where it is left as it is."""
    if scope.on_existing == "recreate" and found in NEVER_RECREATED:
        return "patch"
    return scope.change_verb


def _changed_in_place(scope: RightsScope) -> list[Grant]:
    """Whatever the policy for existing objects is."""
    here = scope.places
    grants = []
    if scope.has(SERVICE_ACCOUNTS):
        merged = needs_on("patch", SERVICE_ACCOUNTS, places=here)
        grants.append(Grant("Service accounts are merged with those that are there.", merged))
    if scope.has(CLAIMS) and scope.on_existing == "recreate":
        grants.append(Grant("Claims are never deleted, but changed.", needs_on("patch", CLAIMS, places=here)))
    return grants


def _cluster_objects(scope: RightsScope) -> list[Grant]:
    """What a backup of namespaces brings along from outside of them."""
    grants = []
    if scope.has(VOLUMES):
        needs = _restoring(scope, VOLUMES) + needs_on("patch", VOLUMES)
        grants.append(Grant("The volumes of claims, which get their labels and their reclaim policy back.", needs))
    made = [found for found in (CRDS, PRIORITY_CLASSES) if scope.has(found)]
    if made:
        grants.append(Grant("What restored objects name.", _restoring(scope, *made)))
    bound = [found for found in (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS) if scope.has(found)]
    if bound:
        grants.append(
            Grant(
                "What restored service accounts are bound to, where it is there. To make it create is needed too, "
                "and all rights that it grants.",
                needs_on("get list", *bound),
            )
        )
    return grants


def _roll_back(scope: RightsScope) -> list[Grant]:
    """For ``existing_volume_policy: roll_back``."""
    if not (scope.rolls_back and scope.has(CLAIMS)):
        return []
    here = scope.places
    return [
        Grant(
            "Who mounts a claim whose volume is rolled back.",
            needs_on("list", PODS, *STOPPABLE, AUTOSCALERS, places=here),
        ),
        Grant(
            "Claims and volumes make room for those with the data of the backup, and are put back where that fails.",
            (*needs_on("get list create patch delete", CLAIMS, places=here), *needs_on("get patch", VOLUMES)),
        ),
        Grant(
            "What mounts such claims is stopped meanwhile; only what does is needed.",
            (*needs_on("get patch", *STOPPABLE, places=here), *needs_on("get create delete", PODS, places=here)),
        ),
    ]


def _pods(scope: RightsScope) -> list[Grant]:
    """What is followed until the application runs."""
    here = scope.places
    grants = [
        Grant(
            "Room for what is made, and why it does not come.",
            needs_on("list", RESOURCE_QUOTAS, EVENTS, places=here),
            "It is seen later, and not said.",
        )
    ]
    followed = [found for found in (PODS, CLAIMS) if scope.has(found)]
    if not followed:
        return grants
    grants += [
        Grant("Pods and claims are followed until the application runs.", needs_on("get list", *followed, places=here)),
        Grant(
            "Changes of pods and claims are seen as they happen.",
            needs_on("watch", *followed, places=here),
            "They are read every two seconds.",
        ),
    ]
    if scope.has(PODS):
        grants.append(
            Grant("Whether the account of a pod is there yet.", needs_on("get", SERVICE_ACCOUNTS, places=here))
        )
        grants += hook_grants(here) if scope.hooks else []
    if scope.has(CLAIMS):
        known = "Whether a claim's class is there is seen only when its volume does not come."
        grants.append(Grant("The classes of volumes.", needs_on("list", STORAGE_CLASSES), known))
    if scope.has(PODS) and scope.has(CLAIMS):
        adopted = needs_on("patch", CLAIMS, places=here)
        grants.append(Grant("Claims of ephemeral volumes are given to their pods.", adopted))
    return grants


__all__ = ("STOPPABLE", "lock_needs", "restore_grants", "roll_back_needs", "stop_needs")
