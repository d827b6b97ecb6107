# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A snapshot in a repository, as the source of a volume's data, and how a claim says whether it has all of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.recorded_moves import RecordedMove
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import FILLED_MARK, WANTED_MARK

PROVIDER = "mover"
#: Velero's ``backupMethod`` of either kind of record.
_METHODS = {"DataUpload": "CSISnapshot", "PodVolumeBackup": "PodVolumeBackup"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MovedSource:
    """A ``DataSource``: what a backup records of one moved volume."""

    move: RecordedMove

    @property
    def provider(self) -> str:
        return PROVIDER

    @property
    def method(self) -> str:
        return _METHODS[self.move.kind]

    @property
    def handle(self) -> str:
        return self.move.snapshot

    @property
    def driver(self) -> str:
        return ""

    @property
    def helper(self) -> str:
        return ""

    @property
    def missing(self) -> str:
        return self.move.missing

    def volume_info(self) -> dict[str, t.Any]:
        """As after a DataDownload or a PodVolumeRestore (Velero 1.18, ``internal/volume/volumes_information.go``)."""
        move = self.move
        if move.kind == "PodVolumeBackup":
            info = {
                "snapshotHandle": move.snapshot,
                "size": move.bytes,
                "uploaderType": "kopia",
                "volumeName": move.volume,
                "podName": move.pod,
                "podNamespace": move.namespace,
                "Phase": "",
            }
            return {"restoreMethod": "PodVolumeRestore", "pvrInfo": info}
        info = {
            "dataMover": "velero",
            "uploaderType": "kopia",
            "snapshotHandle": move.snapshot,
            "operationID": "",
            "size": move.bytes,
            "Phase": "",
        }
        return {"snapshotDataMoved": True, "snapshotDataMovementInfo": info}


def is_made_for(live: ObjectView, snapshot: str) -> bool:
    """Whether a claim in the cluster was made for the data of a snapshot."""
    return bool(snapshot) and _annotations(live).get(WANTED_MARK) == snapshot


def is_unfilled(live: ObjectView) -> bool:
    """Whether a claim was made for the data of a snapshot, and has it not, or not to the end."""
    marks = _annotations(live)
    wanted = marks.get(WANTED_MARK)
    return bool(wanted) and marks.get(FILLED_MARK) != wanted


def _annotations(claim: ObjectView) -> ObjectView:
    return (claim.get("metadata") or {}).get("annotations") or {}


__all__ = ("PROVIDER", "MovedSource", "is_made_for", "is_unfilled")
