# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Delete the snapshots that a backup records, where they are."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_reader import BackupReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import VOLUME_SNAPSHOT_CONTENTS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot, list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    Reasons,
    StoredContents,
    VolumeProvider,
)

_ONLY_AGENT = "only Velero's node agent can delete from its repository"

Object: t.TypeAlias = "t.Mapping[str, t.Any]"


class SnapshotDeleter:
    """Has snapshots deleted by who took them. Nobody is asked before a backup records such a snapshot."""

    def __init__(self, providers: t.Iterable[VolumeProvider]) -> None:
        self._providers = tuple(providers)

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why the snapshot cannot be deleted here, as far as can be told without trying; empty when it may."""
        return self._find(snapshot)[1]

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], *, contents: StoredContents) -> Reasons:
        """Delete them; one that is gone is fine. Returns why others are still there."""
        failed: Reasons = {}
        found: dict[str, list[RecordedSnapshot]] = {}
        for snapshot in snapshots:
            provider, why = self._find(snapshot)
            if provider is None:
                failed[snapshot] = why
            else:
                found.setdefault(provider.name, []).append(snapshot)
        for provider in self._providers:
            if provider.name in found:
                failed |= provider.delete(found[provider.name], contents)
        return failed

    def _find(self, snapshot: RecordedSnapshot) -> tuple[VolumeProvider | None, str]:
        """Who can delete it; None, and why nobody can."""
        reasons = []
        for provider in self._providers:
            if provider.kind == snapshot.kind:
                why = provider.why_not_delete(snapshot)
                if not why:
                    return provider, ""
                reasons.append(why)
        return None, "; ".join(reasons) or _ONLY_AGENT


class Contents:
    """The VolumeSnapshotContents that a backup has stored, by their snapshots' handles."""

    def __init__(self, reader: BackupReader, name: str, listed: t.Sequence[Object]) -> None:
        """``listed``: those of the backup's file of them (Velero 1.4 to 1.16)."""
        self._reader = reader
        self._name = name
        self._by_handle = _by_handle(listed)
        self._was_read = False

    def find(self, handle: str, *, thoroughly: bool) -> Object:
        """The object, ``thoroughly`` also from the tarball; empty where there is none."""
        if handle not in self._by_handle and thoroughly and not self._was_read:
            self._was_read = True
            self._by_handle = {**_by_handle(self._read_tarball()), **self._by_handle}
        return self._by_handle.get(handle, {})

    def _read_tarball(self) -> list[dict[str, t.Any]]:
        """What is damaged there is missing; the snapshots can be deleted without, mostly."""
        try:
            with self._reader.open_tarball(self._name) as tarball:
                refs = [ref for ref in tarball.items if ref.group_resource == VOLUME_SNAPSHOT_CONTENTS]
                return [tarball.read(ref) for ref in refs]
        except ArchiveError:
            return []


class RecordedSnapshots:
    """The snapshots that the files of a backup record, each with its driver where any of them tells it."""

    def __init__(self, reader: BackupReader, name: str) -> None:
        """Raises ``ArchiveError`` when one of the files is damaged: then nobody knows."""
        listed = reader.read_json(name, "csi_volumesnapshotcontents")
        self.contents = Contents(reader, name, listed or ())
        self.all = list_snapshots(
            volumeinfo=reader.read_json(name, "volumeinfo"),
            volumesnapshots=reader.read_json(name, "volumesnapshots"),
            podvolumebackups=reader.read_json(name, "podvolumebackups"),
            csi_volumesnapshotcontents=listed,
        )
        for index, snapshot in enumerate(self.all):
            if snapshot.lacks_driver:
                spec = self.contents.find(snapshot.handle, thoroughly=True).get("spec") or {}
                self.all[index] = snapshot._replace(driver=str(spec.get("driver") or ""))


def _by_handle(contents: t.Sequence[Object]) -> dict[str, Object]:
    found = {}
    for content in contents:
        handle = (content.get("status") or {}).get("snapshotHandle")
        if handle:
            found[str(handle)] = content
    return found


__all__ = ("Contents", "RecordedSnapshots", "SnapshotDeleter")
