# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that blueprints take, by the functions of their phases.

What the commands of temporary pods do, they do as the ServiceAccounts of these pods: that is not among them.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICE_ACCOUNTS,
    STATEFUL_SETS,
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import ALL_TYPES, Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.rights import quiesce_grants

Grants: t.TypeAlias = t.Callable[[RightsScope], list[Grant]]

_BLUEPRINTS = GroupResource("blueprints", "cr.kanister.io")


def blueprint_grants(scope: RightsScope) -> list[Grant]:
    """``k8s_blueprint``, and ``execution_hooks`` beside what they are around."""
    here = scope.places
    found = [
        Grant(
            "Blueprints that are objects of the cluster.",
            needs_on("get list", _BLUEPRINTS),
            "A blueprint has to be given itself, or as a file.",
        ),
        Grant("The namespaces that actions work on.", needs_on("get", NAMESPACES)),
        Grant(
            "Workloads that actions work on, with their pods.",
            needs_on("get", STATEFUL_SETS, DEPLOYMENTS, places=here)
            + needs_on("list", REPLICA_SETS, PODS, places=here),
            "Actions on workloads fail.",
        ),
        Grant(
            "Secrets and ConfigMaps under objects, secretNames and configMapNames of a blueprint.",
            needs_on("get", SECRETS, CONFIG_MAPS, places=here),
            "Actions that name some fail.",
        ),
    ]
    for name in scope.functions or FUNCTION_GRANTS:
        found += FUNCTION_GRANTS[name](scope)
    return found


def _pods(scope: RightsScope) -> list[Grant]:
    here = scope.places
    return [
        Grant(
            "Temporary pods: made, followed, removed.",
            needs_on("get list create delete", PODS, places=here)
            + needs_on("get", PODS, places=here, subresource="log"),
        ),
        Grant("To wait for them.", needs_on("watch", PODS, places=here), "They are asked again and again."),
        Grant(
            "Why a pod does not start, and whether its account is there.",
            needs_on("get", SERVICE_ACCOUNTS, CLAIMS, places=here)
            + needs_on("list", EVENTS, places=here)
            + needs_on("get", NODES, VOLUMES),
            "Less is said of a pod that does not start, and it is waited for longer.",
        ),
    ]


def _prepare(scope: RightsScope) -> list[Grant]:
    return [Grant("The claims that are mounted.", needs_on("get", CLAIMS, places=scope.places)), *_pods(scope)]


def _exec(scope: RightsScope) -> list[Grant]:
    here = scope.places
    return [
        Grant(
            "Commands in containers.",
            needs_on("get", PODS, places=here) + needs_on("get create", PODS, places=here, subresource="exec"),
        ),
        *(quiesce_grants(scope) if scope.freezes else ()),
    ]


def _ops(scope: RightsScope) -> list[Grant]:
    """Only on what is named: of all types it would be everything that there is."""
    verbs = "get list watch create patch delete"
    types = [each for each in scope.types if each != ALL_TYPES]
    needs = needs_on(verbs, *types, places=scope.places) + needs_on(verbs, *scope.cluster_types)
    return [Grant("The objects that KubeOps makes, changes and deletes.", needs)] if needs else []


def _scale(scope: RightsScope) -> list[Grant]:
    here = scope.places
    return [
        Grant(
            "Workloads that are scaled, and whether their pods have followed.",
            needs_on("get patch", STATEFUL_SETS, DEPLOYMENTS, places=here)
            + needs_on("list", REPLICA_SETS, PODS, places=here),
        )
    ]


def _wait(scope: RightsScope) -> list[Grant]:
    here = scope.places
    types = [each for each in scope.types if each != ALL_TYPES]
    return [
        Grant(
            "The objects that are waited for.",
            needs_on("get", PODS, STATEFUL_SETS, DEPLOYMENTS, *types, places=here)
            + needs_on("get", *scope.cluster_types),
            "A wait for one of them goes on until its time is over.",
        )
    ]


def _snapshots(claims: str = "", snapshots: str = "", contents: str = "", classes: str = "") -> Grants:
    """Verbs on each of the types that functions for CSI snapshots work with."""

    def grants(scope: RightsScope) -> list[Grant]:
        here = scope.places
        needs = (
            needs_on(claims, CLAIMS, places=here)
            + needs_on(snapshots, VOLUME_SNAPSHOTS, places=here)
            + needs_on(contents, VOLUME_SNAPSHOT_CONTENTS)
            + needs_on(classes, VOLUME_SNAPSHOT_CLASSES)
        )
        return [Grant("Snapshots that blueprints make and delete, and claims from them.", needs)]

    return grants


#: By function.
FUNCTION_GRANTS: t.Mapping[str, Grants] = {
    "KubeExec": _exec,
    "KubeExecAll": _exec,
    "KubeTask": _pods,
    "KubeOps": _ops,
    "ScaleWorkload": _scale,
    "Wait": _wait,
    "WaitV2": _wait,
    "PrepareData": _prepare,
    "MultiContainerRun": _pods,
    "CreateCSISnapshot": _snapshots(claims="get", snapshots="get list watch create"),
    "CreateCSISnapshotStatic": _snapshots(
        snapshots="get list watch create", contents="get list watch create", classes="get"
    ),
    "RestoreCSISnapshot": _snapshots(claims="get create", snapshots="get"),
    "DeleteCSISnapshot": _snapshots(snapshots="get list watch delete"),
    "DeleteCSISnapshotContent": _snapshots(contents="get list watch delete"),
}

__all__ = ("FUNCTION_GRANTS", "blueprint_grants")
