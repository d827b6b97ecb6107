# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""List and describe the backups of a location. Needs no cluster."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_READERS = 16


def list_backups(store: Store, *, name: str | None = None, details: bool = False) -> list[dict[str, t.Any]]:
    """The Velero objects of the backups, sorted by name; with ``details`` each has our record beside it.

    A backup that is being made, or was interrupted, has no object yet and is not listed: see ``incomplete_backups``.
    """
    store.check(write=False)
    repository = BackupRepository(store)
    repository.validate()
    names = [name] if name else repository.names()
    with concurrent.futures.ThreadPoolExecutor(_READERS) as pool:
        found = [entry for entry in pool.map(lambda each: _describe(repository, each, details), sorted(names)) if entry]
    return found


def incomplete_backups(store: Store) -> list[dict[str, t.Any]]:
    """Names that have files but no commit point: claimed by a run that makes them, or interrupted."""
    return [{"name": entry.name, "in_progress": entry.claimed} for entry in BackupRepository(store).incomplete()]


def _describe(repository: BackupRepository, name: str, details: bool) -> dict[str, t.Any] | None:
    backup = repository.read_backup(name)
    if backup is None:
        return None
    status = backup.get("status") or {}
    entry: dict[str, t.Any] = {
        "name": name,
        "phase": status.get("phase", ""),
        "started": status.get("startTimestamp"),
        "completed": status.get("completionTimestamp"),
        "expiration": status.get("expiration"),
        "warnings": status.get("warnings", 0),
        "errors": status.get("errors", 0),
        "backup": backup,
    }
    if details:
        record = repository.read_record(name)
        entry |= {
            "items": record.items if record else {},
            "hooks": record.hooks if record else [],
            "freezes": record.freezes if record else [],
            "volumes": repository.read_json(name, "volumeinfo") or [],
            "results": repository.read_json(name, "results") or {},
            "resource_list": repository.read_json(name, "resource_list") or {},
        }
    return entry


__all__ = ("incomplete_backups", "list_backups")
