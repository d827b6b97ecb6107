# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup records of data that was moved into a repository: DataUploads, PodVolumeBackups (Velero 1.12 to 1.18).

Sizes are in bytes. Nothing raises: what cannot be brought back says why. The rules: docs/compatibility 5.12.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import StoredObjects

#: On a stored claim: namespace and name of its DataUpload.
UPLOAD_NAME = "velero.io/data-upload-name"
#: On a PodVolumeBackup: the claim behind the volume.
CLAIM_NAME = "velero.io/pvc-name"
#: ``dataMover`` of a DataUpload whose data is in Velero's own repository, as files.
_FILE_MOVERS = ("", "velero", "velero-fs")
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
        for upload in uploads:
            self._add_upload(upload)
        for record in pod_volumes:
            self._add_pod_volume(record, archive)
        self._moved = {
            (_text(entry.get("pvcNamespace")), _text(entry.get("pvcName")))
            for entry in volumeinfo
            if entry.get("snapshotDataMoved") is True
        }

    def of_claim(self, claim: ObjectView, namespace: str) -> RecordedMove | None:
        """Of a stored claim; None where nothing says that its data was moved. ``namespace`` is that of the backup.

        One that is said to be moved, and of which there is no record, is missing: its volume would come back empty.
        """
        metadata = _member(claim, "metadata")
        name, noted = _text(metadata.get("name")), _text(_member(metadata, "annotations").get(UPLOAD_NAME))
        found = self._uploads.get(noted) or self._of_claims.get((namespace, name))
        if found is not None and found.claim not in ("", name):
            found = None
        if found is None and (noted or (namespace, name) in self._moved):
            record = f" '{readable(noted)}'" if noted else ""
            why = f"its data was moved into a repository, and the backup does not hold its DataUpload{record}"
            return RecordedMove(kind="DataUpload", record=noted, namespace=namespace, claim=name, missing=why)
        if found is not None and not found.missing and _member(claim, "spec").get("volumeMode") == "Block":
            why = f"it is a block volume, and {found.kind} '{found.record}' of one is brought back by Velero only"
            return dataclasses.replace(found, missing=why)
        return found

    def of_pod(self, namespace: str, pod: str) -> t.Mapping[str, RecordedMove]:
        """By their names: the volumes of a stored pod that have no claim."""
        return self._of_pods.get((namespace, pod), {})

    def _add_upload(self, upload: ObjectView) -> None:
        metadata, spec, status = (_member(upload, name) for name in ("metadata", "spec", "status"))
        namespace, name = _text(metadata.get("namespace")), _text(metadata.get("name"))
        move = RecordedMove(
            kind="DataUpload",
            record=name,
            namespace=_text(spec.get("sourceNamespace")),
            claim=_text(spec.get("sourcePVC")),
            snapshot=_text(status.get("snapshotID")),
            bytes=_size(status),
            missing=_why_no_upload(name, spec, status),
        )
        self._uploads[f"{namespace}/{name}"] = move
        self._prefer(self._of_claims, (move.namespace, move.claim), move)

    def _add_pod_volume(self, record: ObjectView, archive: StoredObjects) -> None:
        metadata, spec, status = (_member(record, name) for name in ("metadata", "spec", "status"))
        name, pod, volume = _text(metadata.get("name")), _member(spec, "pod"), _text(spec.get("volume"))
        namespace, pod_name = _text(pod.get("namespace")), _text(pod.get("name"))
        claim = _text(_member(metadata, "annotations").get(CLAIM_NAME))
        move = RecordedMove(
            kind="PodVolumeBackup",
            record=name,
            namespace=namespace,
            claim=claim or _claim_in(archive.find_object(PODS, namespace, pod_name), pod_name, volume),
            snapshot=_text(status.get("snapshotID")),
            bytes=_size(status),
            pod=pod_name,
            volume=volume,
            missing=_why_no_pod_volume(name, spec, status),
        )
        if move.claim:
            self._prefer(self._of_claims, (namespace, move.claim), move)
        else:
            self._prefer(self._of_pods.setdefault((namespace, pod_name), {}), volume, move)

    @staticmethod
    def _prefer(found: dict[t.Any, RecordedMove], key: t.Any, move: RecordedMove) -> None:
        """The first one that can be brought back: a claim that several pods mount is saved once, or more often."""
        known = found.get(key)
        if known is None or (known.missing and not move.missing):
            found[key] = move


def _why_no_upload(name: str, spec: ObjectView, status: ObjectView) -> str:
    mover, phase = _text(spec.get("dataMover")), _text(status.get("phase"))
    if mover not in _FILE_MOVERS:
        return f"its data was moved by the data mover '{readable(mover)}', which alone can bring it back"
    if phase != _DONE:
        return f"its data was not moved: {_phase(f'DataUpload {name!r}', phase, status)}"
    if not _text(status.get("snapshotID")):
        return f"its DataUpload '{readable(name)}' names no snapshot"
    if _text(status.get("nodeOS")) not in ("", "linux"):
        return f"it is a volume of {readable(_text(status.get('nodeOS')))}, whose owners and rights are not brought back"
    return ""


def _why_no_pod_volume(name: str, spec: ObjectView, status: ObjectView) -> str:
    uploader, phase = _text(spec.get("uploaderType")) or "restic", _text(status.get("phase"))
    if phase != _DONE:
        return f"its data was not saved: {_phase(f'PodVolumeBackup {name!r}', phase, status)}"
    snapshot = _text(status.get("snapshotID"))
    if not snapshot:
        return f"its PodVolumeBackup '{readable(name)}' names no snapshot"
    if uploader != "kopia":
        repository = _text(spec.get("repoIdentifier"))
        where = f" of the repository {readable(repository)}" if repository else ""
        return (
            f"its data is snapshot {readable(snapshot)}{where}, written by {readable(uploader)}: restore this volume"
            f" with Velero 1.18 or older, or with {readable(uploader)} itself"
        )
    return ""


def _phase(record: str, phase: str, status: ObjectView) -> str:
    said = readable(_text(status.get("message"))).strip().rstrip(".")
    return f"{record} is {readable(phase) or 'without a phase'}{f' ({said})' if said else ''}"


def _claim_in(pod: ObjectView | None, pod_name: str, volume: str) -> str:
    """The claim behind a volume of a stored pod; empty where there is none."""
    volumes = _member(pod or {}, "spec").get("volumes") or ()
    return next((claim_of_volume(pod_name, each) for each in volumes if each.get("name") == volume), "")


def _size(status: ObjectView) -> int:
    progress = _member(status, "progress")
    size = progress.get("totalBytes") or progress.get("bytesDone")
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else 0


def _member(value: ObjectView, name: str) -> ObjectView:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: t.Any) -> str:
    return value if isinstance(value, str) else ""


__all__ = ("CLAIM_NAME", "UPLOAD_NAME", "RecordKind", "RecordedMove", "RecordedMoves")
