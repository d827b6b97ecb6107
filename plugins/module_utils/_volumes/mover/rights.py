# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that moving data takes: a namespace's own, and none of the whole cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    PODS,
    SECRETS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on

JOBS = GroupResource("jobs", "batch")
EVENTS = GroupResource("events")


def job_needs(namespaces: t.Iterable[str]) -> list[Need]:
    """To run the Jobs in ``namespaces``, with their Secrets; creating a pod is only tried, by a dry run.

    What a Job owns goes with it.
    """
    places = tuple(namespaces)
    return [
        *needs_on("create get list patch delete", JOBS, places=places),
        *needs_on("create get list watch", PODS, places=places),
        *needs_on("get", PODS, places=places, subresource="log"),
        *needs_on("create get", SECRETS, places=places),
        *needs_on("list", EVENTS, places=places),
    ]


def in_pod_needs(namespaces: t.Iterable[str]) -> list[Need]:
    """To add a container to a pod, and to hand its keys over to it."""
    places = tuple(namespaces)
    return [
        *needs_on("patch", PODS, places=places, subresource="ephemeralcontainers"),
        *needs_on("create get", PODS, places=places, subresource="exec"),
    ]


def fill_needs(namespace: str) -> tuple[Need, ...]:
    """To fill the volumes of a pod that waits for it, and to mark that it has all."""
    here = (namespace,)
    return (
        *needs_on("get patch", PODS, places=here),
        *needs_on("create get", PODS, places=here, subresource="exec"),
    )


def claim_needs(namespaces: t.Iterable[str]) -> list[Need]:
    """The claims by which snapshots are read; these get an owner, with which they go."""
    places = tuple(namespaces)
    return [
        *needs_on("create get patch", CLAIMS, places=places),
        *needs_on("patch", VOLUME_SNAPSHOTS, places=places),
    ]


def backup_grants(scope: RightsScope) -> list[Grant]:
    if not scope.has(CLAIMS):
        return []
    return [
        Grant(
            "Jobs that move the data of volumes into a repository, or copy their files, and what they mount.",
            (*job_needs(scope.places), *claim_needs(scope.places)),
        ),
        *_added_containers(scope),
        _password(scope),
    ]


def _added_containers(scope: RightsScope) -> list[Grant]:
    if not scope.adds_containers:
        return []
    return [
        Grant(
            "Containers that are added to pods, to copy the files of volumes that no other pod can mount.",
            tuple(in_pod_needs(scope.places)),
        )
    ]


def deletion_grants(scope: RightsScope) -> list[Grant]:
    return [Grant("Jobs that take snapshots out of a repository.", tuple(job_needs(scope.places))), _password(scope)]


def upkeep_grants(scope: RightsScope) -> list[Grant]:
    return [Grant("Jobs that look after repositories.", tuple(job_needs(scope.places))), _password(scope)]


def restore_grants(scope: RightsScope) -> list[Grant]:
    if not scope.has(CLAIMS):
        filled = _pods_filled(scope)
        return [*filled, _password(scope)] if filled else []
    return [
        Grant(
            "Jobs that bring moved data, before what mounts the claims is made, and a mark on each claim that has it.",
            (
                *job_needs(scope.places),
                *needs_on("list", PODS, places=scope.places),
                *needs_on("patch", CLAIMS, places=scope.places),
            ),
        ),
        *_pods_filled(scope),
        _password(scope),
    ]


def _pods_filled(scope: RightsScope) -> list[Grant]:
    """Only where the backup has such data. Whether a namespace admits it is asked by dry runs."""
    if not scope.has(PODS):
        return []
    return [
        Grant(
            "Volumes of pods without a claim (emptyDir), which are filled while their pods wait, where the backup has "
            "their data.",
            (
                *(need for place in scope.places for need in fill_needs(place)),
                *needs_on("create", PODS, JOBS, places=scope.places),
            ),
        ),
        Grant(
            "What the cluster warns of about pods that do not come to wait for such data.",
            needs_on("list", EVENTS, places=scope.places),
            "Why a volume cannot be mounted there is not told.",
        ),
    ]


def _password(scope: RightsScope) -> Grant:
    return Grant(
        "The password of Velero's repositories, in its namespace.",
        needs_on("get", SECRETS, places=(scope.velero_namespace,)),
        "It has to be given as repository_password.",
    )


__all__ = (
    "backup_grants",
    "claim_needs",
    "deletion_grants",
    "fill_needs",
    "in_pod_needs",
    "job_needs",
    "restore_grants",
    "upkeep_grants",
)
