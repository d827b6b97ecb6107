# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots in repositories other backups of a location record as well: these stay when one backup goes.

A repository is not of one backup: who copies a backup under another name has two records of one snapshot.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

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
_Found: t.TypeAlias = "frozenset[tuple[str, str]]"


class NamedElsewhere:
    """Reads each backup's records once, when it is asked for the first time. For one task."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        #: Namespace and id of each snapshot; None for a backup that cannot be read.
        self._known: dict[_Version, _Found | None] = {}

    def find(self, name: str, snapshots: t.Iterable[RecordedSnapshot]) -> Elsewhere:
        """What backups other than ``name`` say of those of ``snapshots`` that are in a repository."""
        asked = [snapshot for snapshot in snapshots if snapshot.kind == KIND]
        if not asked:
            return Elsewhere({}, ())
        others = [entry for entry in self._catalog.entries() if entry.complete and entry.name != name]
        fresh = [entry for entry in others if _version(entry) not in self._known]
        for entry, found in zip(fresh, read_each(self._read, fresh), strict=True):
            self._known[_version(entry)] = found
        named: dict[RecordedSnapshot, str] = {}
        unknown = []
        for entry in others:
            records = self._known[_version(entry)]
            if records is None:
                unknown.append(entry.name)
                continue
            for snapshot in asked:
                if (snapshot.namespace, snapshot.handle) in records:
                    named.setdefault(snapshot, entry.name)
        return Elsewhere(named, tuple(unknown))

    def _read(self, entry: BackupEntry) -> _Found | None:
        try:
            recorded = RecordedSnapshots(self._catalog.files(entry.name)).all
        except ArchiveError:
            return None
        return frozenset((found.namespace, found.handle) for found in recorded if found.kind == KIND)


class Elsewhere(t.NamedTuple):
    """``named``: a backup that records the snapshot too. ``unknown``: backups that may, as they cannot be read."""

    named: t.Mapping[RecordedSnapshot, str]
    unknown: tuple[str, ...]

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why nobody can say that it may go; empty where it is known."""
        if snapshot.kind != KIND or not self.unknown or snapshot in self.named:
            return ""
        return f"backup '{self.unknown[0]}' cannot be read, and may record it as well"


def _version(entry: BackupEntry) -> _Version:
    return entry.name, entry.written, entry.size


__all__ = ("Elsewhere", "NamedElsewhere")
