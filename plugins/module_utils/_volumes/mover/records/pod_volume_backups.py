# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the files of a pod's volume: Velero's PodVolumeBackup, a file of its own (docs/compatibility 19).

A stock Velero restores by it only into a pod of the same name, which it makes itself.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import BACKUP_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import count, member, text

_CLAIM_ANNOTATION = "velero.io/pvc-name"
_BACKUP_UID = "velero.io/backup-uid"
_CLAIM_UID = "velero.io/pvc-uid"
#: The first part of the source of such a snapshot in the repository, and its tag (Velero 1.17).
REQUESTER = "snapshot-pod-volume"
#: What an empty member meant before Velero 1.10.
_OLD_UPLOADER = "restic"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodVolumeBackup:
    """What was copied of one volume of a pod. Sizes are in bytes.

    ``namespace``: of the record, which is Velero's own. ``volume``: its name in the pod. ``claim`` is empty where it is
    none. ``snapshot_id``: empty unless ``phase`` is Completed. ``uploader``: ``kopia``, or ``restic`` in old backups.
    """

    name: str
    namespace: str
    backup_name: str
    pod_namespace: str
    pod: str
    volume: str
    pod_uid: str = ""
    backup_uid: str = ""
    claim: str = ""
    claim_uid: str = ""
    uid: str = ""
    node: str = ""
    storage_location: str = "default"
    uploader: str = "kopia"
    repository: str = ""
    parallel: int = 0
    phase: str = "Completed"
    snapshot_id: str = ""
    bytes: int = 0
    incremental_bytes: int = 0
    path: str = ""
    created: dt.datetime | None = None
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    message: str = ""

    @property
    def is_good(self) -> bool:
        """Whether there is something to restore from."""
        return self.phase == "Completed" and bool(self.snapshot_id)

    def failed(self, why: str) -> PodVolumeBackup:
        """The same, of which nothing is restored, for ``why``, a sentence."""
        return dataclasses.replace(self, phase="Failed", snapshot_id="", message=why)

    def to_object(self) -> Object:
        """An element of ``podvolumebackups.json.gz``. One that is not good names no snapshot."""
        labels = {BACKUP_NAME: label_value(self.backup_name), _BACKUP_UID: self.backup_uid}
        metadata: Object = {
            "name": self.name,
            "generateName": f"{self.backup_name}-",
            "namespace": self.namespace,
            "labels": labels,
        }
        if self.claim_uid:
            labels[_CLAIM_UID] = self.claim_uid
        if self.claim:
            metadata["annotations"] = {_CLAIM_ANNOTATION: self.claim}
        if self.uid:
            metadata["uid"] = self.uid
        if self.created is not None:
            metadata["creationTimestamp"] = rfc3339(self.created)
        return {"metadata": metadata, "spec": self._spec(), "status": self._status()}

    def _spec(self) -> Object:
        tags = {
            "backup": self.backup_name,
            "backup-uid": self.backup_uid,
            "ns": self.pod_namespace,
            "pod": self.pod,
            "pod-uid": self.pod_uid,
            "volume": self.volume,
        }
        if self.claim_uid:
            tags["pvc-uid"] = self.claim_uid
        spec: Object = {
            "node": self.node,
            "pod": {"kind": "Pod", "namespace": self.pod_namespace, "name": self.pod, "uid": self.pod_uid},
            "volume": self.volume,
            "backupStorageLocation": self.storage_location,
            "repoIdentifier": self.repository,
            "uploaderType": self.uploader,
            "tags": tags,
        }
        if self.parallel:
            spec["uploaderSettings"] = {"ParallelFilesUpload": str(self.parallel)}
        return spec

    def _status(self) -> Object:
        status: Object = {"phase": self.phase}
        if self.path:
            status["path"] = self.path
        if self.is_good:
            status["snapshotID"] = self.snapshot_id
            status["progress"] = {"totalBytes": self.bytes, "bytesDone": self.bytes}
            status["incrementalBytes"] = self.incremental_bytes
        else:
            status["progress"] = {}
        for key, moment in (
            ("acceptedTimestamp", self.created),
            ("startTimestamp", self.started),
            ("completionTimestamp", self.ended),
        ):
            if moment is not None:
                status[key] = rfc3339(moment)
        if self.message:
            status["message"] = self.message
        return status


def read_pod_volume_backup(record: ObjectView) -> PodVolumeBackup:
    """A stored one, whoever wrote it. Raises ``SnapshotError`` where it does not say which volume it is of."""
    metadata, spec, status = member(record, "metadata"), member(record, "spec"), member(record, "status")
    labels, pod = member(metadata, "labels"), member(spec, "pod")
    name, namespace = text(metadata, "name"), text(metadata, "namespace")
    if not (text(pod, "name") and text(pod, "namespace") and text(spec, "volume")):
        raise SnapshotError(f"The PodVolumeBackup {namespace}/{name} does not say which volume of which pod it is of.")
    parallel = text(member(spec, "uploaderSettings"), "ParallelFilesUpload")
    progress = member(status, "progress")
    return PodVolumeBackup(
        name=name,
        namespace=namespace,
        uid=text(metadata, "uid"),
        backup_name=text(labels, BACKUP_NAME),
        backup_uid=text(labels, _BACKUP_UID),
        pod_namespace=text(pod, "namespace"),
        pod=text(pod, "name"),
        pod_uid=text(pod, "uid"),
        volume=text(spec, "volume"),
        claim=text(member(metadata, "annotations"), _CLAIM_ANNOTATION),
        claim_uid=text(labels, _CLAIM_UID),
        node=text(spec, "node"),
        storage_location=text(spec, "backupStorageLocation"),
        uploader=text(spec, "uploaderType") or _OLD_UPLOADER,
        repository=text(spec, "repoIdentifier"),
        parallel=int(parallel) if parallel.isdecimal() else 0,
        phase=text(status, "phase"),
        snapshot_id=text(status, "snapshotID"),
        bytes=count(progress, "totalBytes"),
        incremental_bytes=count(status, "incrementalBytes"),
        path=text(status, "path"),
        created=read_moment(metadata.get("creationTimestamp")),
        started=read_moment(status.get("startTimestamp")),
        ended=read_moment(status.get("completionTimestamp")),
        message=text(status, "message"),
    )


def pod_source_path(namespace: str, pod: str, volume: str) -> str:
    """The source in the repository; ``volume``: the name of its claim, or in the pod where it is no claim's."""
    return f"{REQUESTER}/kopia/{namespace}/{pod}/{volume}"


def pod_volume_tags() -> dict[str, str]:
    """The tags of the snapshot in the repository."""
    return {"snapshot-requester": REQUESTER, "snapshot-uploader": "kopia"}


__all__ = (
    "REQUESTER",
    "PodVolumeBackup",
    "pod_source_path",
    "pod_volume_tags",
    "read_pod_volume_backup",
)
