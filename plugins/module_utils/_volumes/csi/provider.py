# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CSI snapshots: the driver of a volume takes them, by the snapshot API of the cluster.

Each use loads its own part, so that a task loads no more than it needs.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    BackupJob,
    Reasons,
    Sighting,
    SnapshotUse,
    StoredContents,
    VolumeContext,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.backup import CsiBackup
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.deletion import CsiDeletion
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, RestoreVolumes
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import SetSnapshots, SetSpec


class CsiProvider:
    """A ``VolumeProvider``."""

    name = "csi"
    kind = "CSI"

    def __init__(self, context: VolumeContext) -> None:
        self._context = context

    def for_backup(self, job: BackupJob, discovery: Discovery) -> CsiBackup:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.backup import CsiBackup

        return CsiBackup(self._context.client(), job, discovery, cancel=self._context.cancel)

    def end_backup(self, job: BackupJob, namespaces: t.Sequence[str]) -> list[str]:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import find_snapshot_api
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.removal import SnapshotRemoval

        client = self._context.client()
        api = find_snapshot_api(Discovery.read(client))
        if api is None:
            return []
        removal = SnapshotRemoval(client.with_cancel(CancelToken()), api, with_contents=True)
        return removal.release_left(namespaces, backup_name=job.name, location=job.location)

    def for_set(self, spec: SetSpec) -> SetSnapshots:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet

        return CsiSet(self._context.client(), spec, cancel=self._context.cancel)

    def list_sets(self, query: SnapshotQuery) -> FoundSnapshots:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.listing import list_snapshots

        return list_snapshots(query, client=self._context.client())

    def for_restore(self, job: RestoreJob) -> RestoreVolumes:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.restore import CsiRestore

        return CsiRestore(self._context.client(), job)

    def why_not_delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        return {snapshot: why for snapshot in snapshots if (why := self._deletion.why_not(snapshot))}

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Each is a request of its own, however many backups go."""

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: StoredContents) -> Reasons:
        return self._deletion.delete(snapshots, contents)

    def look_for(self, snapshot: RecordedSnapshot, contents: StoredContents) -> Sighting:
        return self._deletion.look_for(snapshot, contents)

    @property
    def is_cancelled(self) -> bool:
        return self._context.cancel.is_cancelled

    def find_left(self, location: str) -> t.Sequence[LeftSnapshot]:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.left import find_left

        return find_left(self._context.client(), location)

    def deletion_notes(self) -> tuple[str, ...]:
        return self._deletion.notes

    def grants(self, use: SnapshotUse, scope: RightsScope) -> list[Grant]:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import rights

        tables: dict[SnapshotUse, t.Callable[[RightsScope], list[Grant]]] = {
            "backup": rights.backup_grants,
            "restore": rights.restore_grants,
            "delete": rights.deletion_grants,
            "set": rights.set_grants,
            "list": rights.listing_grants,
        }
        return tables[use](scope)

    @functools.cached_property
    def _deletion(self) -> CsiDeletion:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.deletion import CsiDeletion

        return CsiDeletion(self._context)


__all__ = ("CsiProvider",)
