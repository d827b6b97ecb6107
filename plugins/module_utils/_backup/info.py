# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""List and describe the backups of a location. Needs no cluster."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_reader import BackupEntry, BackupReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.name_claim import is_in_progress
from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.describe import (
    Section,
    describe_backup,
    describe_unreadable,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import MAX_CONNECTIONS, Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys


@dataclasses.dataclass(frozen=True, slots=True)
class BackupListing:
    """``backups``: sorted by name. ``incomplete``: names that have files and no Backup object, and who makes them."""

    backups: list[dict[str, t.Any]]
    incomplete: list[dict[str, t.Any]]


def list_backups(
    store: Store,
    wanted: BackupFilter | None = None,
    *,
    sections: t.Collection[Section] = (),
    cancel: CancelToken | None = None,
) -> BackupListing:
    """The backups that ``wanted`` admits, those of Velero and Ark too.

    One listing, then one object for each backup that the listing does not rule out, and then the files of ``sections``.
    A backup that cannot be read is listed with its ``problems``, unless the filter asks for what only its object tells.
    """
    wanted = wanted or BackupFilter()
    store.check(write=False)
    cancel = cancel or CancelToken()
    reader = BackupReader(store, cancel)
    reader.validate(writable=False)
    entries = reader.entries() if not wanted.name else _entries_of(reader, wanted.name)
    complete = [entry for entry in entries if entry.complete and wanted.admits_entry(entry)]

    def read(entry: BackupEntry) -> dict[str, t.Any] | None:
        cancel.check()
        return _read(reader, entry, wanted, sections)

    with concurrent.futures.ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="arkive-info") as pool:
        found = list(pool.map(read, complete))
    return BackupListing(
        backups=[backup for backup in found if backup is not None],
        incomplete=[_incomplete(reader, entry) for entry in entries if not entry.complete],
    )


def _incomplete(reader: BackupReader, entry: BackupEntry) -> dict[str, t.Any]:
    """A claim whose run has ended is no progress: that run was interrupted."""
    in_progress = entry.claimed and is_in_progress(reader, entry.name)
    return {"name": entry.name, "in_progress": in_progress, "interrupted": entry.claimed and not in_progress}


def _entries_of(reader: BackupReader, name: str) -> list[BackupEntry]:
    """Raises ``ValidationError`` for what cannot be a name."""
    entry = reader.entry(BackupKeys(name).name)
    return [] if entry is None else [entry]


def _read(
    reader: BackupReader, entry: BackupEntry, wanted: BackupFilter, sections: t.Collection[Section]
) -> dict[str, t.Any] | None:
    """None for what is not asked for, or is gone by now."""
    try:
        backup = reader.read_backup(entry.name)
    except (ArchiveError, ValidationError) as exc:
        return None if wanted.reads_objects else describe_unreadable(entry, exc.message)
    if backup is None or not wanted.admits(backup):
        return None
    return describe_backup(reader, entry, backup, sections)


__all__ = ("BackupListing", "list_backups")
