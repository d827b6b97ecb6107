# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots in repositories the backups of a location name, and whether anybody may be naming more just now.

Files name most of them. Objects are read where it matters: before a snapshot counts as one without a name.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.named_elsewhere import KIND
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import RecordedSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import read_write_lock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog

#: Whose a snapshot in a repository is; the first where no file says so.
_KOPIA = ("", "kopia")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A snapshot that a backup names. ``volume``: a claim, or what the pod calls it, for people.

    ``uploader``: who has written it, empty where nothing says so.
    """

    backup: str
    namespace: str
    id: str
    volume: str = ""
    uploader: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """``moved``: its objects may name more. ``busy``: who works on it, a phrase; ``unreadable``: why."""

    records: tuple[Recorded, ...] = ()
    moved: bool = False
    busy: str = ""
    unreadable: str = ""


class NamedSnapshots:
    """What all backups say, as of when it is made."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._entries = catalog.entries()
        self._reads = dict(
            zip((entry.name for entry in self._entries), read_each(self._read, self._entries), strict=True)
        )

    def read_objects(self) -> None:
        """Ask the objects too, of the backups whose volumes were moved."""
        asked = [entry for entry in self._entries if self._reads[entry.name].moved]
        for entry, read in zip(asked, read_each(self._read_more, asked), strict=True):
            self._reads[entry.name] = read

    def backups(self, snapshot: str) -> tuple[str, ...]:
        """The names of those that name it."""
        return tuple(name for name, read in self._reads.items() if any(found.id == snapshot for found in read.records))

    def of_namespace(self, namespace: str) -> list[Recorded]:
        """Those that have to be in the repository of ``namespace``."""
        return [
            found
            for read in self._reads.values()
            for found in read.records
            if found.namespace == namespace and found.uploader in _KOPIA
        ]

    @property
    def busy(self) -> tuple[str, ...]:
        """Sentences: which backups are being made."""
        return tuple(f"Backup '{name}' {read.busy}." for name, read in self._reads.items() if read.busy)

    @property
    def unreadable(self) -> t.Mapping[str, str]:
        """Which backups cannot be read, and why."""
        return {name: read.unreadable for name, read in self._reads.items() if read.unreadable}

    def _read(self, entry: BackupEntry) -> _Read:
        try:
            backup = self._catalog.read_backup(entry.name) if entry.complete else None
            recorded = RecordedSnapshots(self._catalog.files(entry.name), objects=False)
        except ArchiveError as exc:
            return _Read(busy=self._busy(entry, None), unreadable=exc.message)
        return _Read(records=_records(entry, recorded), moved=recorded.moved, busy=self._busy(entry, backup))

    def _read_more(self, entry: BackupEntry) -> _Read:
        known = self._reads[entry.name]
        try:
            recorded = RecordedSnapshots(self._catalog.files(entry.name))
        except ArchiveError as exc:
            return dataclasses.replace(known, unreadable=exc.message)
        return dataclasses.replace(known, records=_records(entry, recorded))

    def _busy(self, entry: BackupEntry, backup: t.Mapping[str, t.Any] | None) -> str:
        if entry.locked:
            holder = read_write_lock(self._catalog.store, BackupKeys(entry.name).write_lock)
            if holder is not None and not is_over(self._catalog, entry.name, holder):
                return f"is being worked on by {holder.who}"
        if backup is not None and phase_of(backup) not in TERMINAL_PHASES:
            return f"is not finished: its phase is {phase_of(backup) or 'New'}"
        return ""


def _records(entry: BackupEntry, recorded: RecordedSnapshots) -> tuple[Recorded, ...]:
    return tuple(
        Recorded(backup=entry.name, namespace=one.namespace, id=one.handle, volume=one.volume, uploader=one.uploader)
        for one in recorded.all
        if one.kind == KIND
    )


__all__ = ("NamedSnapshots", "Recorded")
