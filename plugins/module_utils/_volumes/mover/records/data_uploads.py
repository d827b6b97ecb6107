# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a volume whose snapshot was moved: Velero's DataUpload (docs/compatibility 19).

It lies among the objects of the backup, and its name on the stored claim. A stock Velero restores by these two.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import BACKUP_NAME, DATA_UPLOAD_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import member, text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.volume_record import VolumeRecord

DATA_UPLOADS = ApiResource(
    "velero.io", "v2alpha1", "datauploads", "dataupload", "DataUpload", True, frozenset(), preferred=True
)
_OPERATION = "velero.io/async-operation-id"
#: The member that says how it was read.
_SETTINGS = "dataMoverConfig"
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
class DataUpload(VolumeRecord):
    """What was moved of one claim. ``data_mover``: whose repository it is; empty for Velero's own."""

    claim_namespace: str
    claim: str
    source: SourceSnapshot = dataclasses.field(default_factory=SourceSnapshot)
    timeout_seconds: float = 600.0
    data_mover: str = ""

    @property
    def operation_id(self) -> str:
        """The label by which Velero knows the operation, and a tag of its snapshot."""
        return operation_id(self.backup_uid, self.claim_uid)

    @property
    def reference(self) -> str:
        """The value of the claim's annotation."""
        return f"{self.namespace}/{self.name}"

    def to_object(self) -> Object:
        """As it is stored. One that is not good names no snapshot."""
        more = {"nodeOS": "linux"} if self.is_good else {}
        return {
            "apiVersion": DATA_UPLOADS.api_version,
            "kind": DATA_UPLOADS.kind,
            "metadata": self.metadata(**{_OPERATION: self.operation_id}),
            "spec": self._spec(),
            "status": {**self.status(), **more, **({"node": self.node} if self.node else {})},
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
        settings = self.upload_settings()
        return {**spec, _SETTINGS: settings} if settings else spec


def read_data_upload(obj: ObjectView) -> DataUpload:
    """A stored one, whoever wrote it. Raises ``SnapshotError`` where it does not say which claim it is of."""
    spec = member(obj, "spec")
    source = member(spec, "csiSnapshot")
    record = DataUpload.read(
        obj,
        settings=_SETTINGS,
        claim=text(spec, "sourcePVC"),
        claim_namespace=text(spec, "sourceNamespace"),
        source=SourceSnapshot(
            name=text(source, "volumeSnapshot"),
            storage_class=text(source, "storageClass"),
            snapshot_class=text(source, "snapshotClass"),
            driver=text(source, "driver"),
        ),
        data_mover=text(spec, "datamover"),
        node=text(member(obj, "status"), "node"),
    )
    if not (record.claim and record.claim_namespace):
        raise SnapshotError(f"The DataUpload {record.reference} does not say which claim it is of.")
    return record


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
