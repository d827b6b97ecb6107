# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a volume whose snapshot was moved: Velero's DataUpload (docs/compatibility 19).

It lies among the objects of the backup, and its name on the stored claim. A stock Velero restores by these two.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import BACKUP_NAME, DATA_UPLOAD_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import count, member, text

DATA_UPLOADS = ApiResource(
    "velero.io", "v2alpha1", "datauploads", "dataupload", "DataUpload", True, frozenset(), preferred=True
)
_BACKUP_UID = "velero.io/backup-uid"
_CLAIM_UID = "velero.io/pvc-uid"
_OPERATION = "velero.io/async-operation-id"
_PARALLEL = "ParallelFilesUpload"
#: The first part of the source of such a snapshot in the repository, and its tag (Velero 1.12).
REQUESTER = "snapshot-data-upload-download"

Phase: t.TypeAlias = t.Literal["Completed", "Failed", "Canceled"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SourceSnapshot:
    """The CSI snapshot that was moved. It is gone when the record is read, and no restore asks for it."""

    name: str = ""
    storage_class: str = ""
    snapshot_class: str = ""
    driver: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DataUpload:
    """What was moved of one claim. Sizes are in bytes.

    ``namespace``: of the record, which is Velero's own. ``snapshot_id``: kopia's, empty unless ``phase`` is Completed.
    ``data_mover``: whose repository it is; empty for Velero's own. ``parallel``: files at once, 0 where nobody said.
    ``uid``: of the record, which belongs to no cluster.
    """

    name: str
    namespace: str
    backup_name: str
    claim_namespace: str
    claim: str
    backup_uid: str = ""
    claim_uid: str = ""
    uid: str = ""
    storage_location: str = "default"
    source: SourceSnapshot = dataclasses.field(default_factory=SourceSnapshot)
    timeout_seconds: float = 600.0
    data_mover: str = ""
    parallel: int = 0
    phase: str = "Completed"
    snapshot_id: str = ""
    bytes: int = 0
    incremental_bytes: int = 0
    created: dt.datetime | None = None
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    node: str = ""
    message: str = ""

    @property
    def operation_id(self) -> str:
        """The label by which Velero knows the operation, and a tag of its snapshot."""
        return operation_id(self.backup_uid, self.claim_uid)

    @property
    def reference(self) -> str:
        """The value of the claim's annotation."""
        return f"{self.namespace}/{self.name}"

    @property
    def is_good(self) -> bool:
        """Whether there is something to restore from."""
        return self.phase == "Completed" and bool(self.snapshot_id)

    def to_object(self) -> Object:
        """As it is stored. One that is not good names no snapshot."""
        labels = {
            BACKUP_NAME: label_value(self.backup_name),
            _BACKUP_UID: self.backup_uid,
            _CLAIM_UID: self.claim_uid,
            _OPERATION: self.operation_id,
        }
        metadata: Object = {"name": self.name, "namespace": self.namespace, "labels": labels}
        if self.uid:
            metadata["uid"] = self.uid
        if self.created is not None:
            metadata["creationTimestamp"] = rfc3339(self.created)
        return {
            "apiVersion": DATA_UPLOADS.api_version,
            "kind": DATA_UPLOADS.kind,
            "metadata": metadata,
            "spec": self._spec(),
            "status": self._status(),
        }

    def _spec(self) -> Object:
        spec: Object = {
            "snapshotType": "CSI",
            "csiSnapshot": {
                "volumeSnapshot": self.source.name,
                "storageClass": self.source.storage_class,
                "snapshotClass": self.source.snapshot_class,
                "driver": self.source.driver,
            },
            "sourcePVC": self.claim,
            "sourceNamespace": self.claim_namespace,
            "backupStorageLocation": self.storage_location,
            "operationTimeout": format_duration(self.timeout_seconds),
        }
        if self.data_mover:
            spec["datamover"] = self.data_mover
        if self.parallel:
            spec["dataMoverConfig"] = {_PARALLEL: str(self.parallel)}
        return spec

    def _status(self) -> Object:
        status: Object = {"phase": self.phase}
        if self.is_good:
            status["snapshotID"] = self.snapshot_id
            status["progress"] = {"totalBytes": self.bytes, "bytesDone": self.bytes}
            status["incrementalBytes"] = self.incremental_bytes
            status["nodeOS"] = "linux"
        else:
            status["progress"] = {}
        for key, moment in (("startTimestamp", self.started), ("completionTimestamp", self.ended)):
            if moment is not None:
                status[key] = rfc3339(moment)
        for key, words in (("node", self.node), ("message", self.message)):
            if words:
                status[key] = words
        return status


def read_data_upload(obj: ObjectView) -> DataUpload:
    """A stored one, whoever wrote it. Raises ``SnapshotError`` where it does not say which claim it is of."""
    metadata, spec, status = member(obj, "metadata"), member(obj, "spec"), member(obj, "status")
    labels, source = member(metadata, "labels"), member(spec, "csiSnapshot")
    progress, config = member(status, "progress"), member(spec, "dataMoverConfig")
    name, namespace = text(metadata, "name"), text(metadata, "namespace")
    claim, claim_namespace = text(spec, "sourcePVC"), text(spec, "sourceNamespace")
    if not (claim and claim_namespace):
        raise SnapshotError(f"The DataUpload {namespace}/{name} does not say which claim it is of.")
    parallel = text(config, _PARALLEL)
    return DataUpload(
        name=name,
        namespace=namespace,
        uid=text(metadata, "uid"),
        backup_name=text(labels, BACKUP_NAME),
        backup_uid=text(labels, _BACKUP_UID),
        claim_uid=text(labels, _CLAIM_UID),
        claim=claim,
        claim_namespace=claim_namespace,
        storage_location=text(spec, "backupStorageLocation"),
        source=SourceSnapshot(
            name=text(source, "volumeSnapshot"),
            storage_class=text(source, "storageClass"),
            snapshot_class=text(source, "snapshotClass"),
            driver=text(source, "driver"),
        ),
        data_mover=text(spec, "datamover"),
        parallel=int(parallel) if parallel.isdecimal() else 0,
        phase=text(status, "phase"),
        snapshot_id=text(status, "snapshotID"),
        bytes=count(progress, "totalBytes"),
        incremental_bytes=count(status, "incrementalBytes"),
        created=read_moment(metadata.get("creationTimestamp")),
        started=read_moment(status.get("startTimestamp")),
        ended=read_moment(status.get("completionTimestamp")),
        node=text(status, "node"),
        message=text(status, "message"),
    )


def mark_claim(claim: Object, upload: DataUpload) -> None:
    """Change a claim as it is stored, so that a restore finds its data. Only for an upload that is good."""
    metadata = claim["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), BACKUP_NAME: label_value(upload.backup_name)}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), DATA_UPLOAD_NAME: upload.reference}


def operation_id(backup_uid: str, claim_uid: str) -> str:
    return label_value(f"du-{backup_uid}.{claim_uid}")


def source_path(namespace: str, claim: str) -> str:
    """The source in the repository, the same for all backups of a claim: so each adds what is new."""
    return f"{REQUESTER}/kopia/{namespace}/{claim}"


def upload_tags(operation: str) -> dict[str, str]:
    """The tags of the snapshot in the repository."""
    return {
        "snapshot-requester": REQUESTER,
        "snapshot-uploader": "kopia",
        _OPERATION: operation,
    }


__all__ = (
    "DATA_UPLOADS",
    "REQUESTER",
    "DataUpload",
    "Phase",
    "SourceSnapshot",
    "mark_claim",
    "operation_id",
    "read_data_upload",
    "source_path",
    "upload_tags",
)
