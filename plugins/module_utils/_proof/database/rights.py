# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that the proof of a database takes: of the whole cluster, unless it is given a namespace of its own."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CONFIG_MAPS,
    NAMESPACES,
    PODS,
    SECRETS,
    STORAGE_CLASSES,
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest

_NETWORK_POLICIES = GroupResource("networkpolicies", "networking.k8s.io")
_NAMESPACE = needs_on("create get list delete", NAMESPACES)
#: Of the whole cluster, wherever the claims are.
_CONTENTS = needs_on("create get list delete patch", VOLUME_SNAPSHOT_CONTENTS)
_VOLUMES = needs_on("get patch", VOLUMES)
_CLASSES = needs_on("list", STORAGE_CLASSES, VOLUME_SNAPSHOT_CLASSES)
_ANYWHERE = ("",)


def proof_needs(request: ProofRequest) -> list[Need]:
    """What the proof cannot do without."""
    places = (request.scratch,) if request.scratch else _ANYWHERE
    needs = [*_namespace_needs(request.scratch), *_volume_needs(places), *_pod_needs(places)]
    if request.from_set:
        needs += _set_needs((request.namespace,) if request.scratch else _ANYWHERE)
    if request.secrets:
        needs += needs_on("create", SECRETS, places=places)
    if request.config_maps:
        needs += needs_on("create", CONFIG_MAPS, places=places)
    return needs


def proof_grants(scope: RightsScope) -> list[Grant]:
    given = scope.scratch_namespace
    places = (given,) if given else _ANYWHERE
    originals = scope.places if given else _ANYWHERE
    copies = "create list deletecollection" if given else "create"
    grants = [
        Grant(
            "The namespace for proofs, used by one at a time."
            if given
            else "A namespace for each proof, which goes with it.",
            _namespace_needs(given),
        ),
        Grant("Volumes from the snapshots.", _volume_needs(places)),
        Grant("The server, in a pod that is cut off.", _pod_needs(places)),
        Grant("Sets of snapshots.", _set_needs(originals), "Only backups can be proven."),
        Grant("The classes of volumes and snapshots.", _CLASSES, "Claims keep the class that they had."),
        Grant(
            "Volumes whose class says that they stay.",
            _VOLUMES,
            "A warning says which volumes may be left of the proof.",
        ),
        Grant(
            "What the server takes to start, where the task names it.",
            needs_on(copies, SECRETS, CONFIG_MAPS, places=places),
            "Tasks with secrets or config_maps, and images that are pulled by a Secret, fail.",
        ),
    ]
    if given:
        grants.append(
            Grant(
                "How far the live server is ahead.",
                needs_on("create get", PODS, subresource="exec", places=originals),
                "Tasks with compare_live warn that it is unknown.",
            )
        )
    return grants


def _namespace_needs(given: str) -> tuple[Need, ...]:
    if not given:
        return _NAMESPACE
    # Who may get a namespace by a role in it may get that one.
    holder = needs_on("create get update delete", CONFIG_MAPS, places=(given,))
    return (*needs_on("get", NAMESPACES, places=(given,)), *holder)


def _volume_needs(places: t.Sequence[str]) -> tuple[Need, ...]:
    snapshots = needs_on("create get delete", VOLUME_SNAPSHOTS, places=places)
    return (*needs_on("create list delete", CLAIMS, places=places), *snapshots, *_CONTENTS)


def _pod_needs(places: t.Sequence[str]) -> tuple[Need, ...]:
    policies = "create" if places == _ANYWHERE else "create list deletecollection"
    return (
        *needs_on("create get list watch delete", PODS, places=places),
        *needs_on("create get", PODS, subresource="exec", places=places),
        *needs_on(policies, _NETWORK_POLICIES, places=places),
    )


def _set_needs(places: t.Sequence[str]) -> tuple[Need, ...]:
    """Of a set of snapshots, whose pod and claims are those of the cluster."""
    found = (*needs_on("list", VOLUME_SNAPSHOTS, places=places), *needs_on("get", CLAIMS, places=places))
    return found if places == _ANYWHERE else (*found, *needs_on("list", PODS, places=places))


__all__ = ("proof_grants", "proof_needs")
