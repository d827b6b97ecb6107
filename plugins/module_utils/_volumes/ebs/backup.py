# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of EBS volumes in a backup (Velero 1.18: native snapshots)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.left import origin_tags
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.names import DRIVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import (
    METHOD,
    NativeSnapshot,
    snapshot_record,
    snapshot_tags,
    volume_info_entry,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    BackupJob,
    KeptSnapshots,
    Key,
    SnapshotOffer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.zones import zone_of

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter

_NO_LOCATION = "volumeSnapshot: no snapshot location is for it;"


class EbsBackup:
    """A ``BackupVolumes``. Without ``ec2`` nothing can be taken."""

    method = METHOD
    title = "snapshots of EBS"
    moves = False
    why_not = ""

    def __init__(self, ec2: EbsSnapshotter | None, job: BackupJob) -> None:
        self._ec2 = ec2
        self._job = job
        self._plans: t.Mapping[Key, PlannedSnapshot] = {}
        self._lock = threading.Lock()
        self._taken: dict[Key, NativeSnapshot] = {}
        self._errors: dict[Key, str] = {}

    # -- plan ---------------------------------------------------------------------------------------------------------

    def needs(self, namespaces: t.Sequence[str]) -> list[Need]:
        """EC2 answers the requests themselves."""
        return []

    def open(self, *, allowed: bool) -> None:
        """The volumes say enough."""

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        if self._ec2 is None or claim.volume is None or not self._ec2.volume_id(claim.volume):
            return SnapshotOffer(reason=_NO_LOCATION)
        labels = snapshot_tags(
            backup_labels=self._job.labels, backup_name=self._job.name, volume=str(claim.volume["metadata"]["name"])
        )
        volume_id = self._ec2.volume_id(claim.volume)
        labels |= origin_tags(run_id=self._job.run_id, location=self._job.location, volume_id=volume_id)
        spec = SnapshotSpec(namespace=claim.namespace, claim=claim.name, driver=DRIVER, labels=labels)
        return SnapshotOffer(plan=PlannedSnapshot(claim=claim, spec=spec), is_mine=True)

    def begin(self, plans: t.Mapping[Key, PlannedSnapshot], *, namespaces: t.Sequence[str], sweeps: bool) -> list[str]:
        """What a dead run has left, retention finds by its tags."""
        self._plans = plans
        return []

    def foresee(self, plans: t.Mapping[Key, PlannedSnapshot]) -> list[str]:
        """All that can be foreseen the plans say."""
        return []

    def close(self) -> None:
        """Nothing is held."""

    # -- take ---------------------------------------------------------------------------------------------------------

    def take(self, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        """Begun is taken: EC2 answers at once, or refuses."""
        if len(keys) == 1:
            self._take(keys[0])
            return
        with concurrent.futures.ThreadPoolExecutor(min(len(keys), self._job.workers)) as pool:
            list(pool.map(self._take, keys))

    def _take(self, key: Key) -> None:
        """Begin the snapshot of a volume's disk; from then on it may be written to. Failure is a phase."""
        plan, ec2 = self._plans[key], self._ec2
        volume = plan.claim.volume
        if ec2 is None or volume is None:
            return
        volume_id, zone = ec2.volume_id(volume), zone_of(volume)
        found = NativeSnapshot(
            volume=str(volume["metadata"]["name"]),
            snapshot_id="",
            volume_id=volume_id,
            zone=zone,
            location=ec2.location.name,
            phase="Failed",
        )
        error = ""
        try:
            kind, iops = ec2.volume_info(volume_id, zone)
            found = dataclasses.replace(found, volume_type=kind, iops=iops)
            made = ec2.create_snapshot(volume_id, zone, plan.spec.labels)
            found = dataclasses.replace(found, snapshot_id=made, phase="Completed")
        except SnapshotError as exc:
            error = exc.sentence
        with self._lock:
            self._taken[key] = found
            self._errors[key] = error

    def spoil(self, keys: t.Sequence[Key], *, why: str) -> None:
        """They are removed at once, and recorded as failed."""
        for key in keys:
            snapshot = self._taken.get(key)
            if snapshot is None or snapshot.failed:
                continue
            left = self._discard([snapshot])
            with self._lock:
                self._errors[key] = " ".join([why, *left])
                self._taken[key] = dataclasses.replace(snapshot, phase="Failed", snapshot_id="")

    def error_of(self, key: Key) -> str:
        with self._lock:
            return self._errors.get(key, "")

    def drop_failed(self, keys: t.Sequence[Key]) -> list[str]:
        """There is nothing of them."""
        return []

    # -- record -------------------------------------------------------------------------------------------------------

    def mark_claim(self, key: Key, claim: Object) -> bool:
        """A restore goes by the volume."""
        return False

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        """They are EC2's to finish, and there is no object of them."""
        return None

    def describe(self, key: Key) -> Object | None:
        snapshot = self._taken.get(key)
        volume = self._plans[key].claim.volume if snapshot is not None else None
        if snapshot is None or volume is None:
            return None
        return volume_info_entry(snapshot, volume=volume, claim=key)

    def counts(self) -> dict[str, int]:
        taken = self._taken.values()
        return {
            "volumeSnapshotsAttempted": len(taken),
            "volumeSnapshotsCompleted": sum(not snapshot.failed for snapshot in taken),
        }

    def records(self, backup_uid: str) -> list[Object]:
        return [
            snapshot_record(snapshot, backup_name=self._job.name, backup_uid=backup_uid)
            for _key, snapshot in sorted(self._taken.items(), key=lambda entry: entry[0])
        ]

    # -- discard ------------------------------------------------------------------------------------------------------

    def operations(self) -> list[Object]:
        return []

    def release(self) -> list[str]:
        """Only taking needed nothing."""
        return []

    def abandon(self) -> list[str]:
        return self._discard(self._taken.values())

    def _discard(self, snapshots: t.Iterable[NativeSnapshot]) -> list[str]:
        """Delete them. A sentence for each that is still there."""
        left = []
        for snapshot in snapshots:
            if not snapshot.snapshot_id or self._ec2 is None:
                continue
            try:
                self._ec2.delete_snapshot(snapshot.snapshot_id)
            except SnapshotError as exc:
                left.append(f"The snapshot {snapshot.snapshot_id} of {snapshot.volume} is left behind: {exc.sentence}")
        return left


__all__ = ("EbsBackup",)
