# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which restores a location records, and from which backup they were made: their records do not lie below it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import typing as t
import zlib

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess
from ansible_collections.arkive.k8s.plugins.module_utils._archive.legacy_layout import group_by_directory
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_json import MAX_TEXT, parse_gzip_document
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ObjectInfo, Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.document_shapes import RESTORE_RECORD
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RESTORES, RestoreKeys

#: Velero says at the start of a restore's log what it restores: bytes of the stored log, and of its text.
_LOG_START = 128 << 10
_LOG_TEXT = 1 << 20
#: A restore that was begun and has no end is a dead one after this time.
_DEAD_RESTORE = dt.timedelta(hours=24)
#: One that was cancelled is asked about for this time.
_OF_LATE = dt.timedelta(days=7)
#: Of those without an end, and of those that have ended of late, so many are asked how.
MOST_ASKED = 50
_STARTING = re.compile(rb"Starting restore of backup (?:[^/\s\"]+/)?(?P<name>[a-z0-9.-]+)")
_GZIP = 16 + zlib.MAX_WBITS


@dataclasses.dataclass(frozen=True, slots=True)
class FoundRestores:
    """``keys`` of all files of each restore, by its name; ``unreadable``: nobody can say what those were made from."""

    keys: dict[str, list[str]]
    unreadable: list[str]


class RestoreIndex:
    """All restores of a location, read once: one listing, and one small read for each of them."""

    def __init__(self, store: Store, now: dt.datetime) -> None:
        self._files = {
            name: files
            for name, files in group_by_directory(store.list(RESTORES).objects, RESTORES).items()
            if is_subdomain_name(name)
        }
        keys = {name: [info.key for info in files] for name, files in self._files.items()}
        found = read_each(lambda name: source_of(store, name, keys[name]), keys)
        #: The backup of each; empty when nothing has it, None when what would have it is damaged.
        self.sources: dict[str, str | None] = dict(zip(keys, found, strict=True))
        self._now = now

    def of(self, backup: str) -> FoundRestores:
        """The restores made from ``backup``: by our own record, else by the start of the log (Velero, Ark 0.10)."""
        return FoundRestores(
            keys={name: self.keys(name) for name, source in self.sources.items() if source == backup},
            unreadable=[name for name, source in self.sources.items() if source is None],
        )

    def forget(self, backup: str) -> None:
        """Its restores are gone, with it."""
        self.sources = {name: source for name, source in self.sources.items() if source != backup}

    def keys(self, restore: str) -> list[str]:
        return [info.key for info in self._files[restore]]

    def size(self, restore: str) -> int:
        return sum(info.size for info in self._files[restore])

    def running(self, backup: str) -> list[str]:
        """Restores of it that have no end, and were begun within a day: those before that have died."""
        may_run = [name for name, source in self.sources.items() if source == backup]
        return sorted(name for name in may_run if _may_run(name, self._files[name], self._now))

    def is_quiet(self, restore: str) -> bool:
        """Whether nobody has written to its records for a day."""
        return all(self._now - info.modified > _DEAD_RESTORE for info in self._files[restore])


def _may_run(name: str, files: t.Sequence[ObjectInfo], now: dt.datetime) -> bool:
    keys = RestoreKeys(name)
    present = {info.key: info.modified for info in files}
    begun = present.get(keys.arkive_record)
    return begun is not None and keys.results not in present and now - begun <= _DEAD_RESTORE


def find_running(store: Store, now: dt.datetime) -> dict[str, list[str]]:
    """``RestoreIndex.running`` of each backup, as it is at this moment: one listing, a read for each that may run."""
    groups = group_by_directory(store.list(RESTORES).objects, RESTORES)
    running: dict[str, list[str]] = {}
    for name, files in sorted(groups.items()):
        if is_subdomain_name(name) and _may_run(name, files, now):
            source = source_of(store, name, [info.key for info in files])
            if source:
                running.setdefault(source, []).append(name)
    return running


def find_restores(store: Store, backup: str) -> FoundRestores:
    """Those made from one backup, where no others are asked for."""
    return RestoreIndex(store, utc_now()).of(backup)


class FoundUnfinished(t.NamedTuple):
    """``names``: sorted. ``passed_over``: so many more restores, which are older, may be unfinished too."""

    names: list[str]
    passed_over: int = 0


def find_unfinished(store: Store, backup_name: str) -> FoundUnfinished:
    """Restores of ``backup_name`` that were started and never ended: they still run, or were broken off.

    One listing, and a small read for each that has no end, or has ended of late: only its record says how. Of each of
    the two, the newest ``MOST_ASKED`` are read, whatever the location holds.
    """
    now = utc_now()
    without_end: list[tuple[dt.datetime, str]] = []
    ended: list[tuple[dt.datetime, str]] = []
    for name, files in group_by_directory(store.list(RESTORES).objects, RESTORES).items():
        written = {info.key: info.modified for info in files}
        if not is_subdomain_name(name) or RestoreKeys(name).arkive_record not in written:
            continue
        moment = written[RestoreKeys(name).arkive_record]
        if RestoreKeys(name).results not in written:
            without_end.append((moment, name))
        elif now - moment <= _OF_LATE:
            ended.append((moment, name))
    newest = [*sorted(without_end, reverse=True)[:MOST_ASKED], *sorted(ended, reverse=True)[:MOST_ASKED]]
    asked = [name for _moment, name in newest]
    found = read_each(lambda name: _is_open(store, name, backup_name), asked)
    names = sorted(name for name, is_open in zip(asked, found, strict=True) if is_open)
    return FoundUnfinished(names, len(without_end) + len(ended) - len(asked))


def _is_open(store: Store, name: str, backup_name: str) -> bool:
    try:
        record = read_record(store, name)
        return is_unfinished(record) and bool(record["restore"]["spec"]["backupName"] == backup_name)
    except (StoreError, ArchiveError, LookupError, TypeError):
        # Deleted meanwhile, or damaged: nobody can say anything about it.
        return False


def read_record(store: Store, name: str) -> dict[str, t.Any]:
    """Our own record of a restore. Raises ``StoreError`` where there is none, ``ArchiveError`` for a damaged one."""
    key = RestoreKeys(name).arkive_record
    data = FileAccess(store).get(key, max_bytes=MAX_TEXT)
    record: dict[str, t.Any] | None = parse_gzip_document(data, RESTORE_RECORD, what=key)
    return record or {}


def is_unfinished(record: t.Mapping[str, t.Any]) -> bool:
    """Whether a recorded restore never ended: its process died, or it was cancelled, or lost the API server."""
    status = (record.get("restore") or {}).get("status") or {}
    return status.get("phase") == "InProgress" or record.get("broken_off") is True


def source_of(store: Store, name: str, present: t.Collection[str]) -> str | None:
    """The name of the backup, empty when nothing has it, None when what would have it is damaged."""
    keys = RestoreKeys(name)
    try:
        if keys.arkive_record in present:
            return _recorded(read_record(store, name), name)
        return _logged(FileAccess(store).get_start(keys.logs, _LOG_START)) if keys.logs in present else ""
    except ArchiveError:
        return None
    except StoreError as exc:
        if exc.not_found:  # deleted since it was listed
            return ""
        if exc.failure == "too_large":
            return None
        raise


def _recorded(record: t.Mapping[str, t.Any], name: str) -> str:
    try:
        return str(record["restore"]["spec"]["backupName"])
    except (LookupError, TypeError) as exc:
        raise ArchiveError(f"The record of restore '{name}' does not say what it was restored from.") from exc


def _logged(data: bytes) -> str:
    try:
        text = zlib.decompressobj(wbits=_GZIP).decompress(data, _LOG_TEXT)
    except zlib.error as exc:
        raise ArchiveError(f"The log of a restore is damaged: {exc}.") from exc
    found = _STARTING.search(text)
    return found["name"].decode() if found else ""


__all__ = (
    "MOST_ASKED",
    "FoundRestores",
    "FoundUnfinished",
    "RestoreIndex",
    "find_restores",
    "find_running",
    "find_unfinished",
    "is_unfinished",
    "read_record",
    "source_of",
)
