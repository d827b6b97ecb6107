# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moved data: copies of volumes in a repository in the storage location, made and read by Jobs.

Each use loads its own part, so that a task loads no more than it needs.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    BackupJob,
    BackupVolumes,
    Reasons,
    Sighting,
    SnapshotUse,
    StoredContents,
    VolumeContext,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.backup_mover import BackupMover
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.movable import MovableVolumes
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.deletion import MovedDeletion
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, RestoreVolumes
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import SetSnapshots, SetSpec

_NO_SETS = "A set of snapshots is never moved: make a backup with snapshot_move_data."


class MoverProvider:
    """A ``VolumeProvider``. In a backup it stands around the one that takes the snapshots: ``around``."""

    name = "mover"
    kind = "repository"

    def __init__(self, context: VolumeContext) -> None:
        self._context = context

    def around(self, inner: MovableVolumes, job: BackupJob) -> BackupVolumes:
        """The snapshots that ``inner`` takes, moved. Raises ``SnapshotError`` where nobody said how."""
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.snapshots import MovedBackup

        if self._of_backup is None:
            raise SnapshotError("There is nothing to move data with.")
        return MovedBackup(self._of_backup, job, inner)

    def for_files(self, job: BackupJob) -> BackupVolumes | None:
        """The files of volumes, copied while their pods run; None where nobody said how."""
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.files import FileBackup

        return None if self._of_backup is None else FileBackup(self._of_backup, job)

    def for_backup(self, job: BackupJob, discovery: Discovery) -> BackupVolumes:
        raise SnapshotError("Data is moved from snapshots that somebody else takes.")

    def end_backup(self, job: BackupJob, namespaces: t.Sequence[str]) -> list[str]:
        """A stored backup needs nothing more; what its Jobs have left ends by itself."""
        return []

    def for_set(self, spec: SetSpec) -> SetSnapshots:
        raise SnapshotError(_NO_SETS)

    def list_sets(self, query: SnapshotQuery) -> FoundSnapshots:
        raise SnapshotError(_NO_SETS)

    def for_restore(self, job: RestoreJob) -> RestoreVolumes:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.restore import MoverRestore

        return MoverRestore(self._context, job)

    def why_not_delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        return self._deletion.why_not(snapshots)

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        self._deletion.delete_ahead(snapshots)

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: StoredContents) -> Reasons:
        return self._deletion.delete(snapshots)

    def look_for(self, snapshot: RecordedSnapshot, contents: StoredContents) -> Sighting:
        return Sighting("unknown", "what is in a repository is not looked for")

    @property
    def is_cancelled(self) -> bool:
        return self._context.cancel.is_cancelled

    def find_left(self, location: str) -> t.Sequence[LeftSnapshot]:
        """What a repository holds is not known by its location alone."""
        return ()

    def deletion_notes(self) -> tuple[str, ...]:
        return self._deletion.notes

    def grants(self, use: SnapshotUse, scope: RightsScope) -> list[Grant]:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import rights

        if use == "backup":
            return rights.backup_grants(scope)
        if use == "restore":
            return rights.restore_grants(scope)
        return rights.deletion_grants(scope) if use == "delete" else []

    @functools.cached_property
    def _of_backup(self) -> BackupMover | None:
        """The same for snapshots and files; None where nobody said how data is moved."""
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.backup_mover import BackupMover

        moving = self._context.moving
        return None if moving is None else BackupMover(self._context.client(), moving, cancel=self._context.cancel)

    @functools.cached_property
    def _deletion(self) -> MovedDeletion:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.deletion import MovedDeletion

        return MovedDeletion(self._context)


__all__ = ("MoverProvider",)
