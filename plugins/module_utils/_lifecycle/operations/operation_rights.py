# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that passes take in the namespace of Velero's objects, beside those of what they carry out."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    DEPLOYMENTS,
    EVENTS,
    LEASES,
    PODS,
    SECRETS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_rights import sync_grants
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK, TypeFamily, family_of


def operation_grants(scope: RightsScope) -> list[Grant]:
    """``scope.namespaces`` are those of the objects. Backups and restores take their own rights beside these."""
    here, family = scope.places, family_of(scope.api_group)
    backups, restores, schedules = _types(family, "Backup", "Restore", "Schedule")
    locations, snapshots, deletions = _types(
        family, "BackupStorageLocation", "VolumeSnapshotLocation", "DeleteBackupRequest"
    )
    asked = _types(family, "DownloadRequest", "ServerStatusRequest")
    return [
        Grant("One run at a time.", needs_on("get create update delete", LEASES, places=here)),
        Grant(
            "What is asked for, and what became of it.",
            (
                *needs_on("list get patch", backups, restores, places=here),
                *needs_on("list patch", schedules, deletions, locations, *asked, places=here),
            ),
        ),
        Grant("The storage location of a backup.", needs_on("get", locations, places=here)),
        Grant("Where snapshots of volumes are.", needs_on("list get", snapshots, places=here)),
        Grant("The keys of storage locations, if they are in the cluster.", needs_on("get", SECRETS, places=here)),
        Grant("Backups of Schedules that are due.", needs_on("create", backups, places=here)),
        Grant("The deletion of what has expired.", needs_on("create", deletions, places=here)),
        Grant(
            "What was deleted, and requests that are over.",
            needs_on("delete", backups, restores, deletions, *asked, places=here),
        ),
        *_of_ark(family, here),
        *sync_grants(scope),
        Grant(
            "Whether a Velero server is there.",
            needs_on("list", PODS, DEPLOYMENTS, places=here),
            "It is known by its traces only.",
        ),
        Grant("Events.", needs_on("create", EVENTS, places=here), "No events are recorded."),
    ]


def _of_ark(family: TypeFamily, here: t.Iterable[str]) -> list[Grant]:
    """Up to 0.9 its Config is in the place of the locations."""
    if family is not ARK:
        return []
    return [Grant("The settings of Ark's server.", needs_on("get", ARK.group_resource("configs"), places=here))]


def _types(family: TypeFamily, *kinds: str) -> list[GroupResource]:
    return [family.group_resource(KINDS[kind]) for kind in kinds]


__all__ = ("operation_grants",)
