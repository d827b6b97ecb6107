# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that a sync takes, in the namespace of Velero's objects."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import family_of


def sync_grants(scope: RightsScope) -> list[Grant]:
    """``scope.namespaces`` are those of the objects."""
    here, types = scope.places, family_of(scope.api_group)
    backups, locations = types.group_resource("backups"), types.group_resource("backupstoragelocations")
    return [
        Grant("Which Backup objects there are.", needs_on("list", backups, places=here)),
        Grant(
            "A Backup object for each stored backup. What a run that was killed has left out is made by the next one.",
            needs_on("create get patch", backups, places=here),
        ),
        Grant("Objects whose files are gone.", needs_on("delete", backups, places=here)),
        Grant(
            "The PodVolumeBackups of a backup of Velero's.",
            needs_on("create", types.group_resource("podvolumebackups"), places=here),
        ),
        Grant(
            "Whether the Schedule is here that made a backup.",
            needs_on("list", types.group_resource("schedules"), places=here),
        ),
        Grant("That the storage location is the one of the task.", needs_on("get", locations, places=here)),
        Grant(
            "The storage location, if it is to be made (create_location).",
            needs_on("list create", locations, places=here),
            "It has to be there.",
        ),
        Grant(
            "When the location was last synced.",
            needs_on("patch", locations, places=here),
            "The time is not noted.",
        ),
    ]


__all__ = ("sync_grants",)
