# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the files of a pod's volume: Velero's PodVolumeBackup, a file of its own (docs/compatibility 19).

A stock Velero restores by it only into a pod of the same name, which it makes itself.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import member, text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.volume_record import VolumeRecord

_CLAIM_ANNOTATION = "velero.io/pvc-name"
#: The member that says how it was read.
_SETTINGS = "uploaderSettings"
#: The first part of the source of such a snapshot in the repository, and its tag (Velero 1.17).
REQUESTER = "snapshot-pod-volume"
#: What an empty member meant before Velero 1.10.
_OLD_UPLOADER = "restic"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodVolumeBackup(VolumeRecord):
    """What was copied of one volume of a pod.

    ``volume``: its name in the pod. ``claim`` is empty where it is none. ``uploader``: ``kopia``, or ``restic`` in old
    backups.
    """

    pod_namespace: str
    pod: str
    volume: str
    pod_uid: str = ""
    claim: str = ""
    uploader: str = "kopia"
    repository: str = ""
    path: str = ""

    def to_object(self) -> Object:
        """An element of ``podvolumebackups.json.gz``. One that is not good names no snapshot."""
        metadata = {**self.metadata(), "generateName": f"{self.backup_name}-"}
        if self.claim:
            metadata["annotations"] = {_CLAIM_ANNOTATION: self.claim}
        status = self.status(acceptedTimestamp=self.created) | ({"path": self.path} if self.path else {})
        return {"metadata": metadata, "spec": self._spec(), "status": status}

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
        settings = self.upload_settings()
        return {**spec, _SETTINGS: settings} if settings else spec


def read_pod_volume_backup(record: ObjectView) -> PodVolumeBackup:
    """A stored one, whoever wrote it. Raises ``SnapshotError`` where it does not say which volume it is of."""
    spec = member(record, "spec")
    pod = member(spec, "pod")
    found = PodVolumeBackup.read(
        record,
        settings=_SETTINGS,
        pod_namespace=text(pod, "namespace"),
        pod=text(pod, "name"),
        pod_uid=text(pod, "uid"),
        volume=text(spec, "volume"),
        claim=text(member(member(record, "metadata"), "annotations"), _CLAIM_ANNOTATION),
        node=text(spec, "node"),
        uploader=text(spec, "uploaderType") or _OLD_UPLOADER,
        repository=text(spec, "repoIdentifier"),
        path=text(member(record, "status"), "path"),
    )
    if not (found.pod and found.pod_namespace and found.volume):
        where = f"{found.namespace}/{found.name}"
        raise SnapshotError(f"The PodVolumeBackup {where} does not say which volume of which pod it is of.")
    return found


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
