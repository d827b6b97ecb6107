# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What DataUpload and PodVolumeBackup both say of a volume whose data is in a repository (docs/compatibility 19).

Velero 1.18: ``pkg/apis/velero/v2alpha1/data_upload_types.go``, ``pkg/apis/velero/v1/pod_volume_backup_types.go``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import BACKUP_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Uploaded
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import count, member, text

_BACKUP_UID = "velero.io/backup-uid"
_CLAIM_UID = "velero.io/pvc-uid"
_PARALLEL = "ParallelFilesUpload"
#: Of a number of files at once; Python itself refuses to read one of thousands.
_MOST_DIGITS = 9
_GOOD, _BAD = "Completed", "Failed"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRecord:
    """What was copied of one volume. Sizes are in bytes.

    ``namespace``: of the record, which is Velero's own. ``uid``: of the record, which belongs to no cluster.
    ``snapshot_id``: kopia's, empty unless ``phase`` is Completed. ``parallel``: files at once, 0 where nobody said.
    """

    name: str
    namespace: str
    backup_name: str
    backup_uid: str = ""
    claim_uid: str = ""
    uid: str = ""
    storage_location: str = "default"
    node: str = ""
    parallel: int = 0
    phase: str = _GOOD
    snapshot_id: str = ""
    bytes: int = 0
    incremental_bytes: int = 0
    created: dt.datetime | None = None
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    message: str = ""

    @property
    def is_good(self) -> bool:
        """Whether there is something to restore from."""
        return self.phase == _GOOD and bool(self.snapshot_id)

    def of_copy(self, found: Uploaded, *, ended: dt.datetime) -> t.Self:
        """The same with what became of its copy; ``ended``: where that does not say when it ended."""
        good = not found.failed
        return dataclasses.replace(
            self,
            phase=_GOOD if good else _BAD,
            snapshot_id=found.snapshot_id if good else "",
            bytes=found.bytes,
            incremental_bytes=found.incremental_bytes,
            started=found.started,
            ended=found.ended or ended,
            message="" if good else found.error or "Nothing was copied.",
        )

    def failed(self, why: str) -> t.Self:
        """The same, of which nothing is restored, for ``why``, a sentence."""
        return dataclasses.replace(self, phase=_BAD, snapshot_id="", message=why)

    def metadata(self, **labels: str) -> Object:
        """As it is stored, with ``labels`` beside those of every record."""
        found: Object = {
            "name": self.name,
            "namespace": self.namespace,
            "labels": {BACKUP_NAME: label_value(self.backup_name), _BACKUP_UID: self.backup_uid, **labels},
        }
        if self.claim_uid:
            found["labels"][_CLAIM_UID] = self.claim_uid
        if self.uid:
            found["uid"] = self.uid
        if self.created is not None:
            found["creationTimestamp"] = rfc3339(self.created)
        return found

    def upload_settings(self) -> Object:
        """How it was read, for the spec; empty where nobody said."""
        return {_PARALLEL: str(self.parallel)} if self.parallel else {}

    def status(self, **moments: dt.datetime | None) -> Object:
        """As it is stored, with ``moments`` by their members. One that is not good names no snapshot."""
        found: Object = {"phase": self.phase, "progress": {}}
        if self.is_good:
            found |= {
                "snapshotID": self.snapshot_id,
                "progress": {"totalBytes": self.bytes, "bytesDone": self.bytes},
                "incrementalBytes": self.incremental_bytes,
            }
        moments |= {"startTimestamp": self.started, "completionTimestamp": self.ended}
        found |= {name: rfc3339(moment) for name, moment in moments.items() if moment is not None}
        return found | ({"message": self.message} if self.message else {})

    @classmethod
    def read(cls, obj: ObjectView, *, settings: str, **own: t.Any) -> t.Self:
        """A stored one, whoever wrote it; what is of another type counts as missing.

        ``settings``: the member of the spec that says how it was read. ``own``: fields of this kind of record alone.
        """
        metadata, spec, status = member(obj, "metadata"), member(obj, "spec"), member(obj, "status")
        labels, parallel = member(metadata, "labels"), text(member(spec, settings), _PARALLEL)
        return cls(
            name=text(metadata, "name"),
            namespace=text(metadata, "namespace"),
            uid=text(metadata, "uid"),
            backup_name=text(labels, BACKUP_NAME),
            backup_uid=text(labels, _BACKUP_UID),
            claim_uid=text(labels, _CLAIM_UID),
            storage_location=text(spec, "backupStorageLocation"),
            parallel=int(parallel) if parallel.isdecimal() and len(parallel) <= _MOST_DIGITS else 0,
            phase=text(status, "phase"),
            snapshot_id=text(status, "snapshotID"),
            bytes=count(member(status, "progress"), "totalBytes"),
            incremental_bytes=count(status, "incrementalBytes"),
            created=read_moment(metadata.get("creationTimestamp")),
            started=read_moment(status.get("startTimestamp")),
            ended=read_moment(status.get("completionTimestamp")),
            message=text(status, "message"),
            **own,
        )


__all__ = ("VolumeRecord",)
