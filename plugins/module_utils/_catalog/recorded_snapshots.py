# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots that a backup records: in files of its own, and of moved volumes among its objects too."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.stored_uploads import read_uploads
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import VOLUME_SNAPSHOT_CONTENTS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot, list_snapshots


class RecordedContents:
    """The VolumeSnapshotContents that a backup has stored, by their snapshots' handles."""

    def __init__(self, files: StoredFiles, listed: t.Sequence[ObjectView]) -> None:
        """``listed``: those of the backup's file of them (Velero 1.4 to 1.16)."""
        self._files = files
        self._by_handle = _by_handle(listed)
        self._was_read = False

    def find(self, handle: str, *, thoroughly: bool) -> ObjectView:
        """The object, ``thoroughly`` also from the tarball; empty where there is none."""
        if handle not in self._by_handle and thoroughly and not self._was_read:
            self._was_read = True
            self._by_handle = {**_by_handle(self._read_tarball()), **self._by_handle}
        return self._by_handle.get(handle, {})

    def _read_tarball(self) -> list[dict[str, t.Any]]:
        """What is damaged there is missing; the snapshots can be deleted without, mostly."""
        try:
            with self._files.open_tarball() as tarball:
                refs = [ref for ref in tarball.items if ref.group_resource == VOLUME_SNAPSHOT_CONTENTS]
                return [tarball.read(ref) for ref in refs]
        except ArchiveError:
            return []


class RecordedSnapshots:
    """The snapshots that a backup records, each with its driver where anything has it.

    ``moved``: the data of volumes was moved, so that its objects may name more than its files do.
    """

    def __init__(self, files: StoredFiles, *, objects: bool = True) -> None:
        """Raises ``ArchiveError`` when something is damaged: then nobody knows.

        ``objects=False`` reads the small files only. It is for a first look, which finds most of them.
        """
        self.moved = _may_be_moved(files)
        listed = files.read_json("csi_volumesnapshotcontents")
        self.contents = RecordedContents(files, listed or ())
        self.all: list[RecordedSnapshot] = list_snapshots(
            volumeinfo=files.read_json("volumeinfo"),
            volumesnapshots=files.read_json("volumesnapshots"),
            podvolumebackups=files.read_json("podvolumebackups"),
            csi_volumesnapshotcontents=listed,
            datauploads=read_uploads(files) if objects and self.moved else None,
        )
        if objects:
            self._find_drivers()

    def _find_drivers(self) -> None:
        for index, snapshot in enumerate(self.all):
            if snapshot.lacks_driver:
                spec = self.contents.find(snapshot.handle, thoroughly=True).get("spec") or {}
                self.all[index] = snapshot._replace(driver=str(spec.get("driver") or ""))


def _may_be_moved(files: StoredFiles) -> bool:
    """True for a Backup object that cannot be read; a directory without one is what a dead run has left."""
    try:
        spec = (files.read_backup() or {}).get("spec")
    except ArchiveError:
        return True
    return isinstance(spec, dict) and spec.get("snapshotMoveData") is True


def _by_handle(contents: t.Sequence[ObjectView]) -> dict[str, ObjectView]:
    found = {}
    for content in contents:
        handle = (content.get("status") or {}).get("snapshotHandle")
        if handle:
            found[str(handle)] = content
    return found


__all__ = ("RecordedContents", "RecordedSnapshots")
