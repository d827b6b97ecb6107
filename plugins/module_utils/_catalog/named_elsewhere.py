# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots in repositories other backups of a location record as well: these stay when one backup goes.

A repository is not of one backup: who copies a backup under another name has two records of one snapshot. A tarball is
read for a snapshot that no file of another backup names, and only where the data of volumes was moved.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import RecordedSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

if t.TYPE_CHECKING:
    import datetime as dt

    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog

KIND = "repository"

_Version: t.TypeAlias = "tuple[str, dt.datetime | None, int]"


class _Read(t.NamedTuple):
    """``named``: namespace and id of each snapshot; None for a backup that cannot be read.

    ``more``: its objects may name more, and were not asked.
    """

    named: frozenset[tuple[str, str]] | None
    more: bool = False


class NamedElsewhere:
    """Reads each backup's records once, when it is asked for the first time, and its objects where that matters.

    For one task. Backups in ``going`` keep nothing: each has a note of its deletion, and goes with the same pods. Of
    several that record one snapshot, the last that is asked about takes it along.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[_Version, _Read] = {}
        self.going: set[str] = set()

    def find(self, name: str, snapshots: t.Iterable[RecordedSnapshot]) -> Elsewhere:
        """What backups other than ``name`` say of those of ``snapshots`` that are in a repository."""
        asked = [snapshot for snapshot in snapshots if snapshot.kind == KIND]
        if not asked:
            return Elsewhere({}, ())
        left_out = {name, *self.going}
        others = [entry for entry in self._catalog.entries() if entry.complete and entry.name not in left_out]
        self._learn([entry for entry in others if _version(entry) not in self._known], objects=False)
        named = self._who_names(asked, others)
        if any(snapshot not in named for snapshot in asked):
            self._learn([entry for entry in others if self._known[_version(entry)].more], objects=True)
            named = self._who_names(asked, others)
        unknown = tuple(entry.name for entry in others if self._known[_version(entry)].named is None)
        return Elsewhere(named, unknown)

    def _learn(self, entries: t.Sequence[BackupEntry], *, objects: bool) -> None:
        read = functools.partial(self._read, objects=objects)
        for entry, found in zip(entries, read_each(read, entries), strict=True):
            self._known[_version(entry)] = found

    def _who_names(
        self, asked: t.Iterable[RecordedSnapshot], others: t.Sequence[BackupEntry]
    ) -> dict[RecordedSnapshot, str]:
        """The first backup that names each."""
        found: dict[RecordedSnapshot, str] = {}
        for entry in others:
            for snapshot in asked:
                if (snapshot.namespace, snapshot.handle) in (self._known[_version(entry)].named or ()):
                    found.setdefault(snapshot, entry.name)
        return found

    def _read(self, entry: BackupEntry, *, objects: bool) -> _Read:
        try:
            recorded = RecordedSnapshots(self._catalog.files(entry.name), objects=objects)
        except ArchiveError:
            return _Read(None)
        named = frozenset((found.namespace, found.handle) for found in recorded.all if found.kind == KIND)
        return _Read(named, more=recorded.moved and not objects)


class Elsewhere(t.NamedTuple):
    """``named``: a backup that records the snapshot too. ``unknown``: backups that may, as they cannot be read."""

    named: t.Mapping[RecordedSnapshot, str]
    unknown: tuple[str, ...]

    def why_stays(self, snapshot: RecordedSnapshot) -> str:
        """Why it must not go, half a sentence; empty where it may."""
        if snapshot in self.named:
            return f"backup '{self.named[snapshot]}' records it as well"
        return self.why_not(snapshot)

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why nobody can say that it may go; empty where it is known."""
        if snapshot.kind != KIND or not self.unknown or snapshot in self.named:
            return ""
        return f"backup '{self.unknown[0]}' cannot be read, and may record it as well"


def _version(entry: BackupEntry) -> _Version:
    return entry.name, entry.written, entry.size


__all__ = ("KIND", "Elsewhere", "NamedElsewhere")
