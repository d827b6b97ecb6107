# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newest good backup of a schedule: Completed (docs/compatibility 7.1), and with all that can be restored of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import (
    find_problems,
    is_of_schedule,
    made_at,
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

    made: dt.datetime
    name: str
    phase: str
    is_good: bool


def newest_backup(store: Store, schedule: str) -> Newest:
    """By the time when it began; a backup that no Velero server would take over does not count.

    Raises ``CatalogError`` when none is good.
    """
    store.check(write=False)
    catalog = Catalog(store)
    read = read_each(
        lambda entry: _read(catalog, entry, schedule),
        [entry for entry in catalog.entries() if entry.complete and not entry.deleting],
    )
    found = [backup for backup in read if isinstance(backup, _Found)]
    damaged = [backup.sentence for backup in read if isinstance(backup, _Damaged)]
    good = [backup for backup in found if backup.is_good]
    if good:
        newest = max(good)
        return Newest(newest.name, [*_without_archive(found, newest), *_passed_over(damaged)])
    where = store.location.describe
    if found:
        last = max(found)
        raise CatalogError(
            f"None of the {counted(len(found), 'backup')} of schedule '{schedule}' in {where} is Completed"
            f"{' and has its file of objects' * any(each.phase == 'Completed' for each in found)}.",
            hint=f"Name one as backup to restore it all the same; the newest is '{last.name}' ({last.phase or 'New'}).",
        )
    raise CatalogError(
        f"There is no backup of schedule '{schedule}' in {where}.",
        hint=" ".join(["k8s_backup_info lists what there is.", *_passed_over(damaged)]),
    )


def _without_archive(found: t.Sequence[_Found], newest: _Found) -> t.Iterator[str]:
    for backup in sorted(found):
        if backup > newest and backup.phase == "Completed":
            yield f"Backup '{backup.name}' was passed over: its file of objects is missing."


def _passed_over(damaged: t.Sequence[str]) -> t.Iterator[str]:
    for sentence in damaged[:_NAMED]:
        yield f"A backup was passed over, which may be a newer one of the schedule. {sentence}"
    if damaged[_NAMED:]:
        yield f"{counted(len(damaged) - _NAMED, 'more backup')} cannot be read either; k8s_backup_info lists them."


def _read(catalog: Catalog, entry: BackupEntry, schedule: str) -> _Found | _Damaged | None:
    name = entry.name
    try:
        backup = catalog.read_backup(name)
    except ArchiveError as exc:
        return _Damaged(exc.message)
    if backup is None or not is_of_schedule(backup, schedule):
        return None
    problems = find_problems(backup, name)
    if problems:
        return _Damaged(f"Backup '{name}' cannot be trusted: {' '.join(problems)}")
    phase = phase_of(backup)
    return _Found(made_at(backup, name), name, phase, entry.is_good(phase))


__all__ = ("Newest", "newest_backup")
