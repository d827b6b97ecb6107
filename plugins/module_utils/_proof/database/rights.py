# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that the proof of a database takes: of the whole cluster, as its namespace has a new name each time."""

# Private: not for use outside of this collection.

from __future__ import annotations

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
_CLAIMS = needs_on("create list delete", CLAIMS)
_SNAPSHOTS = (
    *needs_on("create get delete", VOLUME_SNAPSHOTS),
    *needs_on("create get list delete patch", VOLUME_SNAPSHOT_CONTENTS),
)
#: Of a set of snapshots, whose pod and claims are those of the cluster.
_OF_SETS = (*needs_on("list", VOLUME_SNAPSHOTS), *needs_on("get", CLAIMS))
_VOLUMES = needs_on("get patch", VOLUMES)
_PODS = (*needs_on("create get list watch delete", PODS), *needs_on("create get", PODS, subresource="exec"))
_CLASSES = needs_on("list", STORAGE_CLASSES, VOLUME_SNAPSHOT_CLASSES)


def proof_needs(request: ProofRequest) -> list[Need]:
    """What the proof cannot do without."""
    needs = [*_NAMESPACE, *_CLAIMS, *_SNAPSHOTS, *_PODS, *needs_on("create", _NETWORK_POLICIES)]
    if request.from_set:
        needs += _OF_SETS
    if request.secrets:
        needs += needs_on("create", SECRETS)
    if request.config_maps:
        needs += needs_on("create", CONFIG_MAPS)
    return needs


def proof_grants(_scope: RightsScope) -> list[Grant]:
    return [
        Grant("A namespace for each proof, which goes with it.", _NAMESPACE),
        Grant("Volumes from the snapshots.", (*_CLAIMS, *_SNAPSHOTS)),
        Grant("The server, in a pod that is cut off.", (*_PODS, *needs_on("create", _NETWORK_POLICIES))),
        Grant("Sets of snapshots.", _OF_SETS, "Only backups can be proven."),
        Grant("The classes of volumes and snapshots.", _CLASSES, "Claims keep the class that they had."),
        Grant(
            "Volumes whose class says that they stay.",
            _VOLUMES,
            "A warning says which volumes may be left of the proof.",
        ),
        Grant(
            "What the server takes to start, where the task names it.",
            needs_on("create", SECRETS, CONFIG_MAPS),
            "Tasks with secrets or config_maps, and images that are pulled by a Secret, fail.",
        ),
    ]


__all__ = ("proof_grants", "proof_needs")
