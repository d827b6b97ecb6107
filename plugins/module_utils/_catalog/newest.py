# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newest backup of a schedule that is Completed (docs/compatibility 7.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import (
    find_problems,
    is_of_schedule,
    phase_of,
)

_NAMED = 5


class Newest(t.NamedTuple):
    """``name`` of the backup. ``warnings``: of backups that nobody can read, and may be newer ones of the schedule."""

    name: str
    warnings: list[str]


class _Damaged(t.NamedTuple):
    sentence: str


class _Found(t.NamedTuple):
    """A backup of the schedule. One that began later is the greater."""

    started: str
    name: str
    phase: str


def newest_backup(store: Store, schedule: str) -> Newest:
    """By the time when it began; a backup that no Velero server would take over does not count.

    Raises ``CatalogError`` when none is Completed.
    """
    store.check(write=False)
    catalog = Catalog(store)
    read = read_each(
        lambda name: _read(catalog, name, schedule),
        [entry.name for entry in catalog.entries() if entry.complete and not entry.deleting],
    )
    found = [backup for backup in read if isinstance(backup, _Found)]
    damaged = [backup.sentence for backup in read if isinstance(backup, _Damaged)]
    completed = [backup for backup in found if backup.phase == "Completed"]
    if completed:
        return Newest(max(completed).name, list(_passed_over(damaged)))
    where = store.location.describe
    if found:
        last = max(found)
        raise CatalogError(
            f"None of the {counted(len(found), 'backup')} of schedule '{schedule}' in {where} is Completed.",
            hint=f"Name one as backup to restore it all the same; the newest is '{last.name}' ({last.phase or 'New'}).",
        )
    raise CatalogError(
        f"There is no backup of schedule '{schedule}' in {where}.",
        hint=" ".join(["k8s_backup_info lists what there is.", *_passed_over(damaged)]),
    )


def _passed_over(damaged: t.Sequence[str]) -> t.Iterator[str]:
    for sentence in damaged[:_NAMED]:
        yield f"A backup was passed over, which may be a newer one of the schedule. {sentence}"
    if damaged[_NAMED:]:
        yield f"{counted(len(damaged) - _NAMED, 'more backup')} cannot be read either; k8s_backup_info lists them."


def _read(catalog: Catalog, name: str, schedule: str) -> _Found | _Damaged | None:
    try:
        backup = catalog.read_backup(name)
    except ArchiveError as exc:
        return _Damaged(exc.message)
    if backup is None or not is_of_schedule(backup, schedule):
        return None
    problems = find_problems(backup, name)
    if problems:
        return _Damaged(f"Backup '{name}' cannot be trusted: {' '.join(problems)}")
    status: t.Mapping[str, t.Any] = backup.get("status") or {}
    return _Found(str(status.get("startTimestamp") or ""), name, phase_of(backup))


__all__ = ("Newest", "newest_backup")
