# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Snapshots of a cloud's disks in a backup (Velero 1.18: native snapshots)."""

from __future__ import annotations

import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import STORAGE_LOCATION_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import NativeSnapshot, snapshot_tags
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.zones import zone_of


class NativeCut:
    """Cuts, and takes back. Thread-safe."""

    def __init__(self, ebs: EbsSnapshotter, request: BackupRequest) -> None:
        self._ebs = ebs
        self._request = request
        self._lock = threading.Lock()
        self._errors: dict[str, str] = {}

    def cut(self, volume: t.Mapping[str, t.Any], volume_id: str) -> NativeSnapshot:
        """Begin the snapshot of a PersistentVolume's disk; from then on it may be written to. Failure is a phase."""
        name, zone = str(volume["metadata"]["name"]), zone_of(volume)
        found = NativeSnapshot(
            volume=name,
            snapshot_id="",
            volume_id=volume_id,
            zone=zone,
            location=self._ebs.location.name,
            phase="Failed",
        )
        request = self._request
        labels = {
            **request.labels,
            **request.spec.labels,
            STORAGE_LOCATION_LABEL: label_value(request.spec.storage_location),
        }
        try:
            kind, iops = self._ebs.volume_info(volume_id, zone)
            found = dataclasses.replace(found, volume_type=kind, iops=iops)
            tags = snapshot_tags(backup_labels=labels, backup_name=request.name, volume=name)
            made = self._ebs.create_snapshot(volume_id, zone, tags)
        except SnapshotError as exc:
            with self._lock:
                self._errors[name] = exc.sentence
            return found
        return dataclasses.replace(found, snapshot_id=made, phase="Completed")

    def error_of(self, snapshot: NativeSnapshot) -> str:
        """Why it failed; empty when it did not."""
        with self._lock:
            return self._errors.get(snapshot.volume, "") if snapshot.failed else ""

    def spoil(self, snapshot: NativeSnapshot) -> NativeSnapshot:
        """Remove one whose volume was not frozen all the time; it is recorded as failed."""
        if snapshot.failed:
            return snapshot
        left = self.discard([snapshot])
        error = "The lease ran out before the snapshot was cut: the volume was not frozen all the time."
        with self._lock:
            self._errors[snapshot.volume] = " ".join([error, *left])
        return dataclasses.replace(snapshot, phase="Failed", snapshot_id="")

    def discard(self, snapshots: t.Iterable[NativeSnapshot]) -> list[str]:
        """Delete them. A sentence for each that is still there."""
        left = []
        for snapshot in snapshots:
            if not snapshot.snapshot_id:
                continue
            try:
                self._ebs.delete_snapshot(snapshot.snapshot_id)
            except SnapshotError as exc:
                left.append(f"The snapshot {snapshot.snapshot_id} of {snapshot.volume} is left behind: {exc.sentence}")
        return left


__all__ = ("NativeCut",)
