# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of EBS volumes, which EC2 itself takes: native snapshots, in Velero's words.

Each use loads its own part, so that a task loads no more than it needs.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
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
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, RestoreVolumes
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import SetSnapshots, SetSpec

_SNAPSHOT_ID = re.compile("snap-.+")


class EbsProvider:
    """A ``VolumeProvider``. In a backup it works where a snapshot location is given; sets have a default one."""

    name = "aws_ebs"
    kind = "native"

    def __init__(self, context: VolumeContext) -> None:
        self._context = context

    def for_backup(self, job: BackupJob, discovery: Discovery) -> BackupVolumes:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.backup import EbsBackup

        return EbsBackup(self._ec2, job)

    def end_backup(self, job: BackupJob, namespaces: t.Sequence[str]) -> list[str]:
        """A stored backup needs nothing more."""
        return []

    def for_set(self, spec: SetSpec) -> SetSnapshots:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.sets import EbsSet

        location = self._context.location or SnapshotLocation()
        return EbsSet(self._context.client(), spec, location, cancel=self._context.cancel)

    def list_sets(self, query: SnapshotQuery) -> FoundSnapshots:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.listing import list_ebs_snapshots

        ec2 = EbsSnapshotter(self._context.location or SnapshotLocation(), self._context.cancel)
        return list_ebs_snapshots(query, client=self._context.client(), ebs=ec2)

    def for_restore(self, job: RestoreJob) -> RestoreVolumes:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.restore import EbsRestore
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import read_snapshots

        records = job.records
        snapshots = read_snapshots(
            volumesnapshots=records.volumesnapshots, volumeinfo=records.volumeinfo, provider=self.name
        )
        return EbsRestore(snapshots, self._ec2, client=self._context.client(), discovery=job.discovery)

    def why_not_delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        return {snapshot: why for snapshot in snapshots if (why := self._why_not(snapshot))}

    def _why_not(self, snapshot: RecordedSnapshot) -> str:
        if not _SNAPSHOT_ID.fullmatch(snapshot.handle):
            return "it is none of EBS, and others cannot be deleted here"
        if self._context.location is None:
            return "no snapshot_location is given"
        ours = self._context.location.name
        if snapshot.location and snapshot.location != ours:
            return f"it is in the snapshot location '{snapshot.location}', and snapshot_location is '{ours}'"
        return ""

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Each is a request of its own, however many backups go."""

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: StoredContents) -> Reasons:
        failed: Reasons = {}
        for snapshot in snapshots:
            try:
                self._context.cancel.check()
                if self._ec2 is not None:
                    self._ec2.delete_snapshot(snapshot.handle)
            except (SnapshotError, Cancelled) as exc:
                failed[snapshot] = exc.sentence
        return failed

    def look_for(self, snapshot: RecordedSnapshot, contents: StoredContents) -> Sighting:
        why = self._why_not(snapshot)
        if why or self._ec2 is None:
            return Sighting("unknown", why)
        try:
            found = self._ec2.describe_snapshot(snapshot.handle)
        except SnapshotError as exc:
            return Sighting("unknown", exc.sentence)
        return Sighting("present") if found is not None else Sighting("missing", "EC2 has no snapshot of this id")

    @property
    def is_cancelled(self) -> bool:
        return self._context.cancel.is_cancelled

    def find_left(self, location: str) -> t.Sequence[LeftSnapshot]:
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.left import find_left

        return find_left(self._ec2, location) if self._ec2 is not None else ()

    def deletion_notes(self) -> tuple[str, ...]:
        return ()

    def grants(self, use: SnapshotUse, scope: RightsScope) -> list[Grant]:
        """What else there is to do, EC2 does."""
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.rights import set_grants

        return set_grants() if use in ("set", "list") else []

    @functools.cached_property
    def _ec2(self) -> EbsSnapshotter | None:
        """None without a snapshot location."""
        location = self._context.location
        if location is None:
            return None
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter

        return EbsSnapshotter(location, self._context.cancel)


__all__ = ("EbsProvider",)
