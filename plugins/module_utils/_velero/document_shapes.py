# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON documents of a storage location, with the types that their readers count on (Velero 1.18's layout)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, OneOf, Shape
from ansible_collections.arkive.k8s.plugins.module_utils._velero.object_shapes import METADATA, OBJECT, SHAPES

_NUMBER: Shape = OneOf((int, float))
_TEXTS: Shape = MapOf(str)
_MESSAGES: Shape = {"velero": [str], "cluster": [str], "namespaces": MapOf([str])}

BACKUP_STATUS: Shape = {
    "phase": str,
    "startTimestamp": str,
    "completionTimestamp": str,
    "expiration": str,
    "formatVersion": str,
    "warnings": int,
    "errors": int,
    "validationErrors": [str],
    "volumeBackups": MapOf(dict),
}

_VOLUME: Shape = {
    "pvcName": str,
    "pvcNamespace": str,
    "pvName": str,
    "backupMethod": str,
    "snapshotDataMoved": bool,
    "preserveLocalSnapshot": bool,
    "skipped": bool,
    "skippedReason": str,
    "result": str,
    "csiSnapshotInfo": {"snapshotHandle": str, "driver": str, "vscName": str, "operationID": str},
    "snapshotDataMovementInfo": {"snapshotHandle": str, "dataMover": str, "uploaderType": str, "phase": str},
    "nativeSnapshotInfo": {
        "snapshotHandle": str,
        "volumeType": str,
        "volumeAZ": str,
        "iops": OneOf((str, int)),
        "Phase": str,
    },
    "pvbInfo": {
        "snapshotHandle": str,
        "uploaderType": str,
        "volumeName": str,
        "podName": str,
        "podNamespace": str,
        "nodeName": str,
        "Phase": str,
    },
    "pvInfo": {"reclaimPolicy": str, "labels": _TEXTS},
}
_NATIVE_SNAPSHOT: Shape = {
    "spec": {
        "location": str,
        "persistentVolumeName": str,
        "providerVolumeID": str,
        "volumeType": str,
        "volumeAZ": str,
        "volumeIOPS": int,
    },
    "status": {"providerSnapshotID": str, "phase": str},
}
_POD_VOLUME: Shape = {
    "metadata": METADATA,
    "spec": {
        "node": str,
        "volume": str,
        "uploaderType": str,
        "pod": {"name": str, "namespace": str, "uid": str},
    },
    "status": {"phase": str, "snapshotID": str},
}

#: By the attribute of ``BackupKeys`` that names the file.
BACKUP_FILES: dict[str, Shape] = {
    "results": {"errors": _MESSAGES, "warnings": _MESSAGES},
    "resource_list": MapOf([str]),
    "volumeinfo": [_VOLUME],
    "volumesnapshots": [_NATIVE_SNAPSHOT],
    "podvolumebackups": [_POD_VOLUME],
    "itemoperations": [{"spec": dict, "status": dict}],
    "csi_volumesnapshots": [{**OBJECT, **SHAPES[VOLUME_SNAPSHOTS]}],
    "csi_volumesnapshotcontents": [{**OBJECT, **SHAPES[VOLUME_SNAPSHOT_CONTENTS]}],
    "arkive_record": {
        "version": int,
        "runID": str,
        "tool": str,
        "files": MapOf({"size": int, "sha256": str}),
        "hooks": [dict],
        "freezes": [dict],
        "lists": [dict],
        "items": MapOf(int),
        "timings": MapOf(_NUMBER),
    },
}

#: Our own record of a restore.
RESTORE_RECORD: Shape = {
    "restore": {"metadata": METADATA, "spec": {"backupName": str}, "status": {"phase": str}},
    "hooks": [
        {
            "namespace": str,
            "restored_pod": str,
            "source": str,
            "name": str,
            "hook_index": int,
            "hook_container": str,
            "argv": [str],
        }
    ],
}

__all__ = ("BACKUP_FILES", "BACKUP_STATUS", "RESTORE_RECORD")
