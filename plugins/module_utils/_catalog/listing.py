# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List and describe the backups of a location. Needs no cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import (
    Section,
    describe_backup,
    describe_unreadable,
)
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_in_progress
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys


@dataclasses.dataclass(frozen=True, slots=True)
class BackupListing:
    """``backups``: sorted by name. ``incomplete``: names that have files and no Backup object, and who makes them.

    ``warnings``: a sentence for each backup that cannot be read.
    """

    backups: list[dict[str, t.Any]]
    incomplete: list[dict[str, t.Any]]
    warnings: list[str] = dataclasses.field(default_factory=list)


def list_backups(
    store: Store,
    wanted: BackupFilter | None = None,
    *,
    sections: t.Collection[Section] = (),
    cancel: CancelToken | None = None,
) -> BackupListing:
    """The backups that ``wanted`` admits, those of Velero and Ark too.

    One listing, then one object for each backup that the listing does not rule out, and then the files of ``sections``.
    A backup that cannot be read is listed with its ``problems``, unless the filter asks for what only its object has.
    """
    wanted = wanted or BackupFilter()
    store.check(write=False)
    catalog = Catalog(store, cancel)
    catalog.validate(writable=False)
    entries = catalog.entries() if not wanted.name else _entries_of(catalog, wanted.name)
    complete = [entry for entry in entries if entry.complete and wanted.admits_entry(entry)]
    found = read_each(lambda entry: _read(catalog, entry, wanted, sections), complete, cancel=cancel)
    backups = [backup for backup in found if backup is not None and not isinstance(backup, _Unreadable)]
    unreadable = [backup for backup in found if isinstance(backup, _Unreadable)]
    if not wanted.reads_objects:
        backups = sorted([*backups, *(each.described for each in unreadable)], key=lambda backup: backup["name"])
    left_out = "; nobody can say whether it is one that was asked for" if wanted.reads_objects else ""
    return BackupListing(
        backups=backups,
        incomplete=[_incomplete(catalog, entry) for entry in entries if not entry.complete],
        warnings=[f"Backup '{each.name}' cannot be read{left_out}: {each.problem}" for each in unreadable],
    )


def _incomplete(catalog: Catalog, entry: BackupEntry) -> dict[str, t.Any]:
    """A lock whose run has ended is no progress: that run was interrupted."""
    in_progress = entry.locked and is_in_progress(catalog, entry.name)
    return {"name": entry.name, "in_progress": in_progress, "interrupted": entry.locked and not in_progress}


def _entries_of(catalog: Catalog, name: str) -> list[BackupEntry]:
    """Raises ``ValidationError`` for what cannot be a name."""
    entry = catalog.entry(BackupKeys(name).name)
    return [] if entry is None else [entry]


class _Unreadable(t.NamedTuple):
    """``described`` as the list has it."""

    name: str
    problem: str
    described: dict[str, t.Any]


def _read(
    catalog: Catalog, entry: BackupEntry, wanted: BackupFilter, sections: t.Collection[Section]
) -> dict[str, t.Any] | _Unreadable | None:
    """None for what is not asked for, or is gone by now."""
    try:
        backup = catalog.read_backup(entry.name)
    except (ArchiveError, ValidationError) as exc:
        return _Unreadable(entry.name, exc.message, describe_unreadable(entry, exc.message))
    if backup is None or not wanted.admits(backup):
        return None
    return describe_backup(catalog.files(entry.name), entry, backup, sections)


__all__ = ("BackupListing", "list_backups")
