# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup records of data that was moved into a repository: DataUploads, PodVolumeBackups (Velero 1.12 to 1.18).

Sizes are in bytes. Nothing raises: what cannot be brought back says why. The rules: docs/compatibility 5.12.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume
from ansible_collections.arkive.k8s.plugins.module_utils._velero.data_movers import FILE_MOVERS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import DATA_UPLOAD_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.data_uploads import (
    DataUpload,
    read_data_upload,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import member, text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.pod_volume_backups import (
    PodVolumeBackup,
    read_pod_volume_backup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import StoredObjects

_DONE = "Completed"

RecordKind: t.TypeAlias = t.Literal["DataUpload", "PodVolumeBackup"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMove:
    """One volume of ``namespace``. ``claim`` is empty for one that has none, as an emptyDir.

    ``record``: the name of the object that says so. ``snapshot``: kopia's id. ``pod`` and ``volume``: whose volume a
    PodVolumeBackup is of. ``missing``: why its data cannot be brought back, a phrase; empty when it can.
    """

    kind: RecordKind
    record: str
    namespace: str
    claim: str = ""
    snapshot: str = ""
    bytes: int = 0
    pod: str = ""
    volume: str = ""
    missing: str = ""


class RecordedMoves:
    """Those of one backup. ``archive`` is asked for pods, where a record of a pod's volume names no claim."""

    def __init__(
        self,
        *,
        uploads: t.Iterable[ObjectView],
        pod_volumes: t.Iterable[ObjectView],
        volumeinfo: t.Iterable[ObjectView],
        archive: StoredObjects,
    ) -> None:
        self._uploads: dict[str, RecordedMove] = {}
        self._of_claims: dict[tuple[str, str], RecordedMove] = {}
        self._of_pods: dict[tuple[str, str], dict[str, RecordedMove]] = {}
        for record in uploads:
            with contextlib.suppress(SnapshotError):  # of which claim it is nobody knows: that claim has none
                self._add_upload(record)
        for record in pod_volumes:
            with contextlib.suppress(SnapshotError):
                self._add_pod_volume(record, archive)
        self._moved = {
            (text(entry, "pvcNamespace"), text(entry, "pvcName"))
            for entry in volumeinfo
            if entry.get("snapshotDataMoved") is True
        }

    def of_claim(self, claim: ObjectView, namespace: str) -> RecordedMove | None:
        """Of a stored claim; None where nothing says that its data was moved. ``namespace`` is that of the backup.

        One that is said to be moved, and of which there is no record, is missing: its volume would come back empty.
        """
        metadata = member(claim, "metadata")
        name, noted = text(metadata, "name"), text(member(metadata, "annotations"), DATA_UPLOAD_NAME)
        found = self._uploads.get(noted) or self._of_claims.get((namespace, name))
        if found is not None and found.claim not in ("", name):
            found = None
        if found is None and (noted or (namespace, name) in self._moved):
            record = f" '{readable(noted)}'" if noted else ""
            why = f"its data was moved into a repository, and the backup does not hold its DataUpload{record}"
            return RecordedMove(kind="DataUpload", record=noted, namespace=namespace, claim=name, missing=why)
        if found is not None and not found.missing and member(claim, "spec").get("volumeMode") == "Block":
            why = f"it is a block volume, and {found.kind} '{found.record}' of one is brought back by Velero only"
            return dataclasses.replace(found, missing=why)
        return found

    def of_pod(self, namespace: str, pod: str) -> t.Mapping[str, RecordedMove]:
        """By their names: the volumes of a stored pod that have no claim."""
        return self._of_pods.get((namespace, pod), {})

    def _add_upload(self, record: ObjectView) -> None:
        upload = read_data_upload(record)
        move = RecordedMove(
            kind="DataUpload",
            record=upload.name,
            namespace=upload.claim_namespace,
            claim=upload.claim,
            snapshot=upload.snapshot_id,
            bytes=upload.bytes,
            missing=_why_no_upload(upload, node_os=text(member(record, "status"), "nodeOS")),
        )
        self._uploads[upload.reference] = move
        self._prefer(self._of_claims, (move.namespace, move.claim), move)

    def _add_pod_volume(self, record: ObjectView, archive: StoredObjects) -> None:
        saved = read_pod_volume_backup(record)
        namespace, pod = saved.pod_namespace, saved.pod
        move = RecordedMove(
            kind="PodVolumeBackup",
            record=saved.name,
            namespace=namespace,
            claim=saved.claim or _claim_in(archive.find_object(PODS, namespace, pod), pod, saved.volume),
            snapshot=saved.snapshot_id,
            bytes=saved.bytes,
            pod=pod,
            volume=saved.volume,
            missing=_why_no_pod_volume(saved),
        )
        if move.claim:
            self._prefer(self._of_claims, (namespace, move.claim), move)
        else:
            self._prefer(self._of_pods.setdefault((namespace, pod), {}), saved.volume, move)

    @staticmethod
    def _prefer(found: dict[t.Any, RecordedMove], key: t.Any, move: RecordedMove) -> None:
        """The first one that can be brought back: a claim that several pods mount is saved once, or more often."""
        known = found.get(key)
        if known is None or (known.missing and not move.missing):
            found[key] = move


def _why_no_upload(upload: DataUpload, *, node_os: str) -> str:
    if upload.data_mover not in FILE_MOVERS:
        return f"its data was moved by the data mover '{readable(upload.data_mover)}', which alone can bring it back"
    if upload.phase != _DONE:
        return f"its data was not moved: {_phase('DataUpload', upload.name, upload.phase, upload.message)}"
    if not upload.snapshot_id:
        return f"its DataUpload '{readable(upload.name)}' names no snapshot"
    if node_os not in ("", "linux"):
        return f"it is a volume of {readable(node_os)}, whose owners and rights cannot be brought back"
    return ""


def _why_no_pod_volume(saved: PodVolumeBackup) -> str:
    if saved.phase != _DONE:
        return f"its data was not saved: {_phase('PodVolumeBackup', saved.name, saved.phase, saved.message)}"
    if not saved.snapshot_id:
        return f"its PodVolumeBackup '{readable(saved.name)}' names no snapshot"
    return why_not_kopia(saved.uploader, saved.snapshot_id, repository=saved.repository)


def why_not_kopia(uploader: str, snapshot: str, *, repository: str = "") -> str:
    """What is to be done with a snapshot that another program has written; empty for one of kopia."""
    if uploader == "kopia":
        return ""
    where = f" of the repository {readable(repository)}" if repository else ""
    program = readable(uploader)
    return (
        f"its data is snapshot {readable(snapshot)}{where}, written by {program}, which is not read here: restore this"
        f" volume with Velero 1.18 or older, or with {program} itself"
    )


def _phase(kind: str, name: str, phase: str, message: str) -> str:
    said = readable(message).strip().rstrip(".")
    state = f"in the phase {readable(phase)}" if phase else "without a phase"
    return f"{kind} '{readable(name)}' is {state}{f' ({said})' if said else ''}"


def _claim_in(pod: ObjectView | None, pod_name: str, volume: str) -> str:
    """The claim behind a volume of a stored pod; empty where there is none."""
    volumes = member(pod or {}, "spec").get("volumes") or ()
    return next((claim_of_volume(pod_name, each) for each in volumes if each.get("name") == volume), "")


__all__ = ("RecordKind", "RecordedMove", "RecordedMoves", "why_not_kopia")
