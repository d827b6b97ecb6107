# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the volumeinfo file says of moved volumes (docs/compatibility 1.5, 19)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.data_uploads import DataUpload
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.pod_volume_backups import (
    PodVolumeBackup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import PodVolume

#: Velero's ``backupMethod`` of a snapshot that was moved, and of files that a pod's volume had.
MOVED_METHOD = "CSISnapshot"
POD_METHOD = "PodVolumeBackup"
#: What Velero writes for a snapshot that is not there any more.
_GONE = "unknown"


def moved_volume_info(upload: DataUpload) -> Object:
    """Members of a claim's entry, beside its names."""
    movement: Object = {
        "dataMover": upload.data_mover or "velero",
        "uploaderType": "kopia",
        "retainedSnapshot": upload.source.name,
        "snapshotHandle": upload.snapshot_id if upload.is_good else "",
        "operationID": upload.operation_id,
    }
    if upload.is_good:
        movement |= {"size": upload.bytes, "incrementalSize": upload.incremental_bytes}
    entry: Object = {
        "backupMethod": MOVED_METHOD,
        "snapshotDataMoved": True,
        "preserveLocalSnapshot": False,
        "skipped": False,
        "result": "succeeded" if upload.is_good else "failed",
        "csiSnapshotInfo": {
            "snapshotHandle": _GONE,
            "size": 0,
            "driver": upload.source.driver,
            "vscName": _GONE,
            "operationID": _GONE,
            "ReadyToUse": None,
        },
        "snapshotDataMovementInfo": movement | {"Phase": upload.phase},
    }
    return entry | ({"completionTimestamp": rfc3339(upload.ended)} if upload.ended is not None else {})


def failed_volume_info(taken: ObjectView) -> Object:
    """The same of a volume whose snapshot failed, from what its entry would be if it was not to be moved."""
    return {**taken, "snapshotDataMoved": True, "preserveLocalSnapshot": False, "result": "failed"}


def planned_volume_info(*, data_mover: str, repository: str) -> Object:
    """The same of a volume that is to be moved. ``repository`` is ours, for people: where its data will lie."""
    return {
        "backupMethod": MOVED_METHOD,
        "snapshotDataMoved": True,
        "preserveLocalSnapshot": False,
        "skipped": False,
        "snapshotDataMovementInfo": {
            "dataMover": data_mover or "velero",
            "uploaderType": "kopia",
            "repository": repository,
        },
    }


def pod_volume_info(backup: PodVolumeBackup) -> Object:
    """The entry of a pod's volume; its names are members where it is a claim's."""
    info: Object = {"snapshotHandle": backup.snapshot_id if backup.is_good else ""}
    if backup.is_good:
        info |= {"size": backup.bytes, "incrementalSize": backup.incremental_bytes}
    info |= {
        "uploaderType": backup.uploader,
        "volumeName": backup.volume,
        "podName": backup.pod,
        "podNamespace": backup.pod_namespace,
        "nodeName": backup.node,
        "Phase": backup.phase,
    }
    entry: Object = {
        "backupMethod": POD_METHOD,
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": False,
        "skipped": False,
        "result": "succeeded" if backup.is_good else "failed",
        "pvbInfo": info,
    }
    for member, moment in (("startTimestamp", backup.started), ("completionTimestamp", backup.ended)):
        if moment is not None:
            entry[member] = rfc3339(moment)
    return entry


def planned_pod_volume_info(volume: PodVolume, *, repository: str) -> Object:
    """The same of a volume whose files are to be copied. ``repository`` is ours, for people: where they will lie."""
    return {
        "backupMethod": POD_METHOD,
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": False,
        "skipped": False,
        "pvbInfo": {
            "uploaderType": "kopia",
            "volumeName": volume.volume,
            "podName": volume.pod,
            "podNamespace": volume.namespace,
            "nodeName": volume.node,
            "repository": repository,
        },
    }


__all__ = (
    "MOVED_METHOD",
    "POD_METHOD",
    "failed_volume_info",
    "moved_volume_info",
    "planned_pod_volume_info",
    "planned_volume_info",
    "pod_volume_info",
)
