# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stored forms of a native snapshot: the file of native snapshots and volumeinfo (docs/compatibility 1.4, 1.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: Velero's ``backupMethod`` and ``restoreMethod``.
METHOD = "NativeSnapshot"

#: Velero's, of a snapshot: the name of its backup.
BACKUP_TAG = "velero.io/backup"

Phase: t.TypeAlias = t.Literal["New", "Completed", "Failed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class NativeSnapshot:
    """One snapshot as a backup records it. ``location`` is the name of the snapshot location.

    ``snapshot_id`` is empty for one that failed; ``iops`` is None for types of volumes without provisioned IOPS.
    """

    volume: str
    snapshot_id: str
    volume_id: str = ""
    volume_type: str = ""
    zone: str = ""
    iops: int | None = None
    location: str = "default"
    phase: Phase = "Completed"
    #: The name of the provider that reads it, empty for nobody.
    provider: str = ""

    @property
    def method(self) -> str:
        return METHOD

    @property
    def handle(self) -> str:
        return self.snapshot_id

    @property
    def driver(self) -> str:
        """None of CSI has to do with it."""
        return ""

    @property
    def helper(self) -> str:
        """No object helps."""
        return ""

    @property
    def missing(self) -> str:
        return "the snapshot of its volume failed" if self.failed else ""

    def volume_info(self) -> dict[str, t.Any]:
        """``nativeSnapshotInfo`` of a restore."""
        return {
            "nativeSnapshotInfo": {
                "snapshotHandle": self.snapshot_id,
                "volumeType": self.volume_type,
                "volumeAZ": self.zone,
                "iops": str(self.iops or 0),
            }
        }

    @property
    def failed(self) -> bool:
        """True when there is nothing to restore from."""
        return self.phase == "Failed" or not self.snapshot_id


def snapshot_tags(*, backup_labels: t.Mapping[str, str], backup_name: str, volume: str) -> dict[str, str]:
    """The tags of a snapshot: the labels of the Backup object, and which backup and volume it is of."""
    return {**backup_labels, BACKUP_TAG: backup_name, "velero.io/pv": volume}


def snapshot_record(snapshot: NativeSnapshot, *, backup_name: str, backup_uid: str = "") -> dict[str, t.Any]:
    """An element of ``volumesnapshots.json.gz``."""
    spec: dict[str, t.Any] = {
        "backupName": backup_name,
        "backupUID": backup_uid,
        "location": snapshot.location,
        "persistentVolumeName": snapshot.volume,
        "providerVolumeID": snapshot.volume_id,
        "volumeType": snapshot.volume_type,
    }
    if snapshot.zone:
        spec["volumeAZ"] = snapshot.zone
    if snapshot.iops is not None:
        spec["volumeIOPS"] = snapshot.iops
    status: dict[str, t.Any] = {"phase": snapshot.phase}
    if snapshot.snapshot_id:
        status["providerSnapshotID"] = snapshot.snapshot_id
    return {"spec": spec, "status": status}


def volume_info_entry(
    snapshot: NativeSnapshot, *, volume: ObjectView, claim: tuple[str, str] | None
) -> dict[str, t.Any]:
    """An element of the volumeinfo file. ``volume`` is the PersistentVolume, ``claim`` namespace and name."""
    entry: dict[str, t.Any] = {"pvcNamespace": claim[0], "pvcName": claim[1]} if claim else {}
    return entry | {
        "pvName": snapshot.volume,
        "backupMethod": METHOD,
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": False,
        "skipped": False,
        "result": "failed" if snapshot.failed else "succeeded",
        "nativeSnapshotInfo": {
            "snapshotHandle": snapshot.snapshot_id,
            "volumeType": snapshot.volume_type,
            "volumeAZ": snapshot.zone,
            "iops": str(snapshot.iops or 0),
            "Phase": snapshot.phase,
        },
        "pvInfo": {
            "reclaimPolicy": (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy", ""),
            "labels": dict((volume.get("metadata") or {}).get("labels") or {}),
        },
    }


def read_snapshots(
    *, volumesnapshots: t.Sequence[ObjectView] | None, volumeinfo: t.Sequence[ObjectView] | None, provider: str = ""
) -> dict[str, NativeSnapshot]:
    """What a backup records, by the name of the PersistentVolume; the last record of one counts.

    ``volumesnapshots`` has all that a restore needs; what only ``volumeinfo`` records has an empty location.
    ``provider``: who will use them.
    """
    found = {}
    for entry in volumeinfo or ():
        info = _member(entry, "nativeSnapshotInfo")
        if info and entry.get("pvName"):
            found[str(entry["pvName"])] = NativeSnapshot(
                volume=str(entry["pvName"]),
                snapshot_id=str(info.get("snapshotHandle") or ""),
                volume_type=str(info.get("volumeType") or ""),
                zone=str(info.get("volumeAZ") or ""),
                iops=_iops(info.get("iops")),
                location="",
                phase="Failed" if entry.get("result") == "failed" else "Completed",
                provider=provider,
            )
    for record in volumesnapshots or ():
        spec, status = _member(record, "spec"), _member(record, "status")
        name = str(spec.get("persistentVolumeName") or "")
        if name:
            found[name] = NativeSnapshot(
                volume=name,
                snapshot_id=str(status.get("providerSnapshotID") or ""),
                volume_id=str(spec.get("providerVolumeID") or ""),
                volume_type=str(spec.get("volumeType") or ""),
                zone=str(spec.get("volumeAZ") or ""),
                iops=_iops(spec.get("volumeIOPS")),
                location=str(spec.get("location") or ""),
                phase="Failed" if status.get("phase") == "Failed" else "Completed",
                provider=provider,
            )
    return found


def _iops(value: object) -> int | None:
    """Written as a string in one file, as a number in the other; none are left out, empty or ``0``."""
    text = str(value or "")
    return int(text) or None if text.isdecimal() else None


def _member(value: ObjectView, name: str) -> ObjectView:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


__all__ = (
    "BACKUP_TAG",
    "METHOD",
    "NativeSnapshot",
    "Phase",
    "read_snapshots",
    "snapshot_record",
    "snapshot_tags",
    "volume_info_entry",
)
