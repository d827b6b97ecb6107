# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stored forms of a CSI snapshot: claim, VolumeSnapshot, content and volumeinfo (docs/compatibility 8.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import SNAPSHOT_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_size import ask_for_room
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import TakenSnapshot

BACKUP_NAME = "velero.io/backup-name"
#: Kept on objects by the snapshot controller while it works; restored, nobody would take them away again.
_SOURCE_FINALIZERS = frozenset(
    {
        "snapshot.storage.kubernetes.io/pvc-as-source-protection",
        "snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection",
        "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection",
    }
)
_BEING_CREATED = "snapshot.storage.kubernetes.io/volumesnapshot-being-created"
#: Velero's ``backupMethod`` and ``restoreMethod``.
METHOD = "CSISnapshot"
#: Ours, on what a run makes: its id, and where it writes its backup to.
RUN_LABEL = "arkive.k8s/run"
LOCATION_ANNOTATION = "arkive.k8s/location"
_POLICY = "velero.io/csi-vsc-deletion-policy"
_HANDLE = "velero.io/csi-volumesnapshot-handle"
_DRIVER = "velero.io/csi-driver-name"
_SIZE = "velero.io/csi-volumesnapshot-restore-size"
_GROUP_HANDLE = "velero.io/csi-volumegroupsnapshot-handle"


def snapshot_labels(claim: t.Mapping[str, t.Any], *, backup_name: str, run_id: str) -> dict[str, str]:
    """The labels of a VolumeSnapshot: the claim's, and what makes it findable."""
    own = (claim.get("metadata") or {}).get("labels") or {}
    return {**own, BACKUP_NAME: label_value(backup_name), RUN_LABEL: run_id}


def mark_claim(claim: Object, taken: TakenSnapshot, *, backup_name: str) -> None:
    """Change a claim as it is stored, so that a restore finds its snapshot and asks for enough room."""
    metadata = claim["metadata"]
    metadata["labels"] = {
        **(metadata.get("labels") or {}),
        SNAPSHOT_NAME: label_value(taken.name),
        BACKUP_NAME: label_value(backup_name),
    }
    metadata["annotations"] = {**(metadata.get("annotations") or {}), SNAPSHOT_NAME: taken.name}
    _drop_finalizers(metadata)
    ask_for_room(claim, taken.size_bytes)


def stored_snapshot(snapshot: Object, content: Object, *, backup_name: str) -> Object:
    """The VolumeSnapshot with the annotations that restores read; the label of the run stays behind."""
    status = content.get("status") or {}
    metadata = dict(snapshot["metadata"])
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != RUN_LABEL}
    metadata["labels"] = labels | {BACKUP_NAME: label_value(backup_name)}
    annotations = {key: text for key, text in (metadata.get("annotations") or {}).items() if key != LOCATION_ANNOTATION}
    annotations |= {
        _POLICY: "Retain",
        _HANDLE: str(status.get("snapshotHandle", "")),
        _DRIVER: str(content["spec"].get("driver", "")),
    }
    if status.get("restoreSize"):
        annotations[_SIZE] = str(status["restoreSize"])
    if status.get("volumeGroupSnapshotHandle"):
        annotations[_GROUP_HANDLE] = str(status["volumeGroupSnapshotHandle"])
    metadata["annotations"] = annotations
    _drop_finalizers(metadata)
    return {**snapshot, "metadata": metadata}


def stored_content(content: Object, *, backup_name: str) -> Object:
    """The VolumeSnapshotContent, which no longer takes the storage's snapshot with it."""
    metadata = dict(content["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), BACKUP_NAME: label_value(backup_name)}
    annotations = {name: text for name, text in (metadata.get("annotations") or {}).items() if name != _BEING_CREATED}
    if annotations or "annotations" in metadata:
        metadata["annotations"] = annotations
    return {**content, "metadata": metadata, "spec": {**content["spec"], "deletionPolicy": "Retain"}}


def csi_volume_info(taken: TakenSnapshot) -> dict[str, t.Any]:
    """What the volumeinfo entry of a claim says of its snapshot."""
    info: dict[str, t.Any] = {
        # What failed is removed: there is nothing to restore from, or to delete.
        "snapshotHandle": "" if taken.failed else taken.handle,
        "size": taken.size_bytes or 0,
        "driver": taken.driver,
        "vscName": taken.content,
        "ReadyToUse": taken.ready,
    }
    if taken.group_handle:
        info["volumeGroupSnapshotHandle"] = taken.group_handle
    entry = {
        "backupMethod": METHOD,
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": True,
        "skipped": False,
        "result": "failed" if taken.failed else "succeeded",
        "startTimestamp": rfc3339(taken.requested),
        "csiSnapshotInfo": info,
    }
    return entry | ({"completionTimestamp": rfc3339(taken.created)} if taken.created is not None else {})


def _drop_finalizers(metadata: dict[str, t.Any]) -> None:
    if "finalizers" in metadata:
        metadata["finalizers"] = [name for name in metadata["finalizers"] if name not in _SOURCE_FINALIZERS]


__all__ = (
    "BACKUP_NAME",
    "LOCATION_ANNOTATION",
    "METHOD",
    "RUN_LABEL",
    "csi_volume_info",
    "mark_claim",
    "snapshot_labels",
    "stored_content",
    "stored_snapshot",
)
