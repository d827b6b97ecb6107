# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots that the files of a backup record, in every form that Ark and Velero have had."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.data_movers import FILE_MOVERS

Records: t.TypeAlias = "t.Sequence[t.Mapping[str, t.Any]] | None"

#: On a stored claim, as label and as annotation: the VolumeSnapshot, in its namespace, that was taken of its volume.
SNAPSHOT_NAME = "velero.io/volume-snapshot-name"
#: On a stored claim: namespace and name of its DataUpload. Without it Velero restores an empty volume.
DATA_UPLOAD_NAME = "velero.io/data-upload-name"
#: The label of what belongs to a backup: its name, shortened to what a label has room for.
BACKUP_NAME = "velero.io/backup-name"
#: Velero writes it where the snapshot is gone because its data was moved.
_UNKNOWN = "unknown"
#: On a stored pod, until Velero 1.0: the name of a volume, and its restic snapshot.
_RESTIC_ANNOTATIONS = ("snapshot.ark.heptio.com/", "snapshot.velero.io/")


class RecordedSnapshot(t.NamedTuple):
    """``kind``: ``native`` (of a cloud), ``CSI``, or ``repository`` (files in a kopia or restic repository).

    ``driver`` of one of CSI and ``location`` of a native one are empty where no file names them. ``namespace``: of the
    volume, whose repository it is in, and ``uploader`` (``kopia``, ``restic``, or the data mover of others) of one in a
    repository.
    """

    kind: str
    handle: str
    volume: str
    driver: str = ""
    location: str = ""
    namespace: str = ""
    uploader: str = ""

    @property
    def lacks_driver(self) -> bool:
        """True for one of CSI that cannot be deleted as long as nobody says who made it."""
        return self.kind == "CSI" and not self.driver

    def __str__(self) -> str:
        return f"{self.handle} ({self.kind}{f', volume {self.volume}' if self.volume else ''})"


def list_snapshots(
    *,
    volumeinfo: Records = None,
    volumesnapshots: Records = None,
    podvolumebackups: Records = None,
    csi_volumesnapshotcontents: Records = None,
    datauploads: Records = None,
) -> list[RecordedSnapshot]:
    """Each snapshot once, from the documents of those files and the DataUploads (docs/compatibility 1.4, 1.5, 19.2)."""
    found: dict[tuple[str, str], RecordedSnapshot] = {}
    everything = (
        *_of_volumesnapshots(volumesnapshots),
        *_of_volumeinfo(volumeinfo),
        *_of_contents(csi_volumesnapshotcontents),
        *_of_pod_volumes(podvolumebackups),
        *_of_uploads(datauploads),
    )
    for snapshot in everything:
        if snapshot.handle and snapshot.handle != _UNKNOWN:
            known = found.setdefault((snapshot.kind, snapshot.handle), snapshot)
            found[snapshot.kind, snapshot.handle] = known._replace(
                driver=known.driver or snapshot.driver,
                namespace=known.namespace or snapshot.namespace,
                uploader=known.uploader or snapshot.uploader,
            )
    return list(found.values())


def describe_volumes(
    *, volumesnapshots: Records = None, podvolumebackups: Records = None, csi_volumesnapshots: Records = None
) -> list[dict[str, t.Any]]:
    """Entries of a volumeinfo file for backups from before it (Velero 1.12 and older, Ark)."""
    entries = []
    for record in volumesnapshots or ():
        spec, status = _member(record, "spec"), _member(record, "status")
        info = {
            "snapshotHandle": status.get("providerSnapshotID", ""),
            "volumeType": spec.get("volumeType", ""),
            "volumeAZ": spec.get("volumeAZ", ""),
            "iops": str(spec.get("volumeIOPS") or ""),
            "Phase": status.get("phase", ""),
        }
        entries.append(
            {
                "pvName": spec.get("persistentVolumeName", ""),
                "backupMethod": "NativeSnapshot",
                "nativeSnapshotInfo": info,
            }
        )
    for record in podvolumebackups or ():
        spec, status = _member(record, "spec"), _member(record, "status")
        pod = _member(spec, "pod")
        entries.append(
            _pod_volume(
                claim=_member(_member(record, "metadata"), "annotations").get("velero.io/pvc-name", ""),
                pod=pod.get("name", ""),
                namespace=pod.get("namespace", ""),
                volume=spec.get("volume", ""),
                handle=status.get("snapshotID", ""),
                uploader=spec.get("uploaderType") or "restic",
                node=spec.get("node", ""),
                phase=status.get("phase", ""),
            )
        )
    for record in csi_volumesnapshots or ():
        claim = _member(_member(record, "spec"), "source").get("persistentVolumeClaimName", "")
        namespace = _member(record, "metadata").get("namespace", "")
        entries.append({"pvcName": claim, "pvcNamespace": namespace, "backupMethod": "CSISnapshot"})
    return _with_flags(entries)


def describe_restic_volumes(pod: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The same for the annotations of a stored pod: all that Ark and Velero 1.0 recorded of its restic snapshots."""
    metadata, spec = _member(pod, "metadata"), _member(pod, "spec")
    claims = {
        volume.get("name"): _member(volume, "persistentVolumeClaim").get("claimName", "")
        for volume in spec.get("volumes") or ()
    }
    found = {
        key.removeprefix(prefix): handle
        for key, handle in sorted(_member(metadata, "annotations").items())
        for prefix in _RESTIC_ANNOTATIONS
        if key.startswith(prefix)
    }
    return _with_flags(
        _pod_volume(
            claim=claims.get(volume, ""),
            pod=metadata.get("name", ""),
            namespace=metadata.get("namespace", ""),
            volume=volume,
            handle=handle,
            uploader="restic",
            node=spec.get("nodeName", ""),
            phase="Completed",
        )
        for volume, handle in found.items()
    )


def _pod_volume(
    *, claim: str, pod: str, namespace: str, volume: str, handle: str, uploader: str, node: str, phase: str
) -> dict[str, t.Any]:
    info = {
        "snapshotHandle": handle,
        "uploaderType": uploader,
        "volumeName": volume,
        "podName": pod,
        "podNamespace": namespace,
        "nodeName": node,
        "Phase": phase,
    }
    named = {"pvcName": claim, "pvcNamespace": namespace} if claim else {}
    return {**named, "backupMethod": "PodVolumeBackup", "pvbInfo": info}


def _with_flags(entries: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [
        {**entry, "snapshotDataMoved": False, "preserveLocalSnapshot": False, "skipped": False} for entry in entries
    ]


def _of_volumesnapshots(records: Records) -> t.Iterator[RecordedSnapshot]:
    for record in records or ():
        spec = _member(record, "spec")
        handle = str(_member(record, "status").get("providerSnapshotID") or "")
        volume, location = str(spec.get("persistentVolumeName") or ""), str(spec.get("location") or "")
        yield RecordedSnapshot("native", handle, volume, location=location)


def _of_volumeinfo(records: Records) -> t.Iterator[RecordedSnapshot]:
    for record in records or ():
        volume = str(record.get("pvName") or record.get("pvcName") or "")
        for kind, member in (
            ("native", "nativeSnapshotInfo"),
            ("CSI", "csiSnapshotInfo"),
            ("repository", "snapshotDataMovementInfo"),
            ("repository", "pvbInfo"),
        ):
            info = _member(record, member)
            handle, driver = str(info.get("snapshotHandle") or ""), str(info.get("driver") or "")
            if kind != "repository":
                yield RecordedSnapshot(kind, handle, volume, driver=driver)
                continue
            namespace = str(info.get("podNamespace") or record.get("pvcNamespace") or "")
            uploader = str(info.get("uploaderType") or "")
            yield RecordedSnapshot(kind, handle, volume, namespace=namespace, uploader=uploader)


def _of_contents(records: Records) -> t.Iterator[RecordedSnapshot]:
    for record in records or ():
        spec = _member(record, "spec")
        handle = str(_member(record, "status").get("snapshotHandle") or "")
        volume = str(_member(spec, "volumeSnapshotRef").get("name") or "")
        yield RecordedSnapshot("CSI", handle, volume, driver=str(spec.get("driver") or ""))


def _of_pod_volumes(records: Records) -> t.Iterator[RecordedSnapshot]:
    for record in records or ():
        spec = _member(record, "spec")
        yield RecordedSnapshot(
            "repository",
            str(_member(record, "status").get("snapshotID") or ""),
            str(spec.get("volume") or ""),
            namespace=str(_member(spec, "pod").get("namespace") or ""),
            # What an empty one meant before Velero 1.10.
            uploader=str(spec.get("uploaderType") or "restic"),
        )


def _of_uploads(records: Records) -> t.Iterator[RecordedSnapshot]:
    """Velero's own data mover writes with kopia; whose repository another one's id is of, it alone knows."""
    for record in records or ():
        spec = _member(record, "spec")
        mover = str(spec.get("datamover") or "")
        yield RecordedSnapshot(
            "repository",
            str(_member(record, "status").get("snapshotID") or ""),
            str(spec.get("sourcePVC") or ""),
            namespace=str(spec.get("sourceNamespace") or ""),
            uploader="kopia" if mover in FILE_MOVERS else mover,
        )


def _member(value: t.Mapping[str, t.Any], name: str) -> t.Mapping[str, t.Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


__all__ = (
    "BACKUP_NAME",
    "DATA_UPLOAD_NAME",
    "SNAPSHOT_NAME",
    "RecordedSnapshot",
    "Records",
    "describe_restic_volumes",
    "describe_volumes",
    "list_snapshots",
)
