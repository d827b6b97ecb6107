# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CSI snapshot of a backup holds the data of a claim (Velero 1.18, docs/compatibility 8.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import RESTORE_NAME_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import SNAPSHOT_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.records import METHOD
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import StoredObjects

PROVIDER = "csi"
#: On a stored VolumeSnapshot.
HANDLE_ANNOTATION = "velero.io/csi-volumesnapshot-handle"
DRIVER_ANNOTATION = "velero.io/csi-driver-name"
SIZE_ANNOTATION = "velero.io/csi-volumesnapshot-restore-size"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CsiSource:
    """A stored VolumeSnapshot and its content. ``restored_name`` is that of both on their way back.

    ``size`` is the least that a volume made from it has, a quantity; empty when nobody knows. ``missing`` says why no
    volume can be made from it.
    """

    snapshot: str
    restored_name: str
    content: str = ""
    handle: str = ""
    driver: str = ""
    size: str = ""
    missing: str = ""

    @property
    def provider(self) -> str:
        return PROVIDER

    @property
    def method(self) -> str:
        return METHOD

    @property
    def helper(self) -> str:
        return self.restored_name

    def volume_info(self) -> dict[str, t.Any]:
        """``csiSnapshotInfo``."""
        return {
            "csiSnapshotInfo": {
                "snapshotHandle": self.handle,
                "size": self.size_bytes,
                "driver": self.driver,
                "vscName": self.restored_name,
            }
        }

    @property
    def size_bytes(self) -> int:
        """0 when nobody knows."""
        with contextlib.suppress(ValidationError):
            return int(parse_quantity(self.size))
        return 0


class CsiSources:
    """The snapshots of one backup, as one restore uses them. Safe to use from any thread.

    ``left_out``: the restore's filters exclude the objects of snapshots by name.
    """

    def __init__(self, archive: StoredObjects, *, restore_name: str, left_out: bool = False) -> None:
        self._archive = archive
        self._restore_name = restore_name
        self._left_out = left_out
        self._lock = threading.Lock()
        self._claims: dict[str, dict[str, str]] = {}

    def of_claim(self, claim: ObjectView, namespace: str) -> CsiSource | None:
        """The snapshot that a stored claim names; None when it names none. ``namespace`` is that of the backup."""
        name = _annotations(claim).get(SNAPSHOT_NAME)
        return self.of_snapshot(namespace, str(name)) if name else None

    def of_snapshot(self, namespace: str, name: str) -> CsiSource:
        """A stored VolumeSnapshot, whoever made it."""
        restored = restored_name(self._restore_name, namespace, name)
        if self._left_out:
            return _missing(name, restored, "the restore's filters leave the objects of snapshots out")
        snapshot = self._archive.find_object(VOLUME_SNAPSHOTS, namespace, name)
        if snapshot is None:
            return _missing(name, restored, f"the backup does not hold its VolumeSnapshot '{readable(name)}'")
        bound = str((snapshot.get("status") or {}).get("boundVolumeSnapshotContentName") or "")
        if not bound:
            return _missing(name, restored, f"its VolumeSnapshot '{name}' was not bound to a content")
        content = self._archive.find_object(VOLUME_SNAPSHOT_CONTENTS, None, bound)
        if content is None:
            return _missing(name, restored, f"the backup does not hold its VolumeSnapshotContent '{readable(bound)}'")
        spec, status, noted = content.get("spec") or {}, content.get("status") or {}, _annotations(snapshot)
        handle = (
            status.get("snapshotHandle")
            or noted.get(HANDLE_ANNOTATION)
            or (spec.get("source") or {}).get("snapshotHandle")
        )
        driver = spec.get("driver") or noted.get(DRIVER_ANNOTATION)
        if not handle or not driver:
            lacking = "handle" if not handle else "driver"
            return _missing(name, restored, f"its VolumeSnapshotContent '{bound}' names no {lacking}")
        size = status.get("restoreSize") or noted.get(SIZE_ANNOTATION) or ""
        return CsiSource(
            snapshot=name,
            restored_name=restored,
            content=bound,
            handle=str(handle),
            driver=str(driver),
            size=str(size),
        )

    def claim_of(self, namespace: str, snapshot: str) -> str:
        """The stored claim whose data a VolumeSnapshot was made for by the backup; empty for one of somebody else."""
        with self._lock:
            if namespace not in self._claims:
                self._claims[namespace] = self._read_claims(namespace)
            return self._claims[namespace].get(snapshot, "")

    def restored_snapshot_name(self, namespace: str, name: str) -> str:
        """The name under which a VolumeSnapshot comes back: its own for one that the backup did not make."""
        return restored_name(self._restore_name, namespace, name) if self.claim_of(namespace, name) else name

    def restored_content_name(self, name: str) -> str:
        """The name under which a VolumeSnapshotContent comes back."""
        namespace, snapshot = self.snapshot_of(name)
        return restored_name(self._restore_name, namespace, snapshot) if snapshot else name

    def snapshot_of(self, content: str) -> tuple[str, str]:
        """Namespace and name of the VolumeSnapshot that a stored content belongs to; empty when it says none."""
        stored = self._archive.find_object(VOLUME_SNAPSHOT_CONTENTS, None, content) or {}
        reference = (stored.get("spec") or {}).get("volumeSnapshotRef") or {}
        return str(reference.get("namespace") or ""), str(reference.get("name") or "")

    def _read_claims(self, namespace: str) -> dict[str, str]:
        """The claims of one namespace by the snapshots that they name."""
        found: dict[str, str] = {}
        for name in self._archive.names(CLAIMS, namespace):
            claim = self._archive.find_object(CLAIMS, namespace, name) or {}
            snapshot = _annotations(claim).get(SNAPSHOT_NAME)
            if snapshot:
                found[str(snapshot)] = name
        return found


def restored_name(restore_name: str, namespace: str, snapshot: str) -> str:
    """The same for each run of a restore (Velero 1.18, with the name of the restore in place of its uid).

    The namespace is in it because a VolumeSnapshotContent has none.
    """
    return hashlib.sha256(f"{restore_name}/{namespace}/{snapshot}".encode()).hexdigest()


def is_made_from_snapshot(claim: ObjectView, namespace: str, live: ObjectView, *, ours: bool) -> bool:
    """By its data source: the snapshot as we name it, or as Velero's labels describe it."""
    snapshot = str(_annotations(claim).get(SNAPSHOT_NAME) or "")
    source = (live.get("spec") or {}).get("dataSource") or {}
    if not snapshot or source.get("kind") != "VolumeSnapshot":
        return False
    labels = (live.get("metadata") or {}).get("labels") or {}
    if source.get("name") == restored_name(str(labels.get(RESTORE_NAME_LABEL, "")), namespace, snapshot):
        return True
    return ours and labels.get(SNAPSHOT_NAME) == label_value(snapshot)


def _missing(name: str, restored: str, why: str) -> CsiSource:
    return CsiSource(snapshot=name, restored_name=restored, missing=why)


def _annotations(obj: ObjectView) -> ObjectView:
    return (obj.get("metadata") or {}).get("annotations") or {}


__all__ = ("PROVIDER", "CsiSource", "CsiSources", "is_made_from_snapshot", "restored_name")
