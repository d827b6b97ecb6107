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
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import is_of_schedule, phase_of


class _Found(t.NamedTuple):
    """A backup of the schedule. One that began later is the greater."""

    started: str
    name: str
    phase: str


def newest_backup(store: Store, schedule: str) -> str:
    """Its name. By the time when it began; a backup that no Velero server would take over does not count.

    Raises ``CatalogError`` when none is Completed.
    """
    store.check(write=False)
    catalog = Catalog(store)
    read = read_each(lambda name: _read(catalog, name, schedule), catalog.names())
    found = [backup for backup in read if backup is not None]
    completed = [backup for backup in found if backup.phase == "Completed"]
    if completed:
        return max(completed).name
    where = store.location.describe
    if found:
        last = max(found)
        raise CatalogError(
            f"None of the {counted(len(found), 'backup')} of schedule '{schedule}' in {where} is Completed.",
            hint=f"Name one as backup to restore it all the same; the newest is '{last.name}' ({last.phase or 'New'}).",
        )
    raise CatalogError(
        f"There is no backup of schedule '{schedule}' in {where}.", hint="k8s_backup_info lists what there is."
    )


def _read(catalog: Catalog, name: str, schedule: str) -> _Found | None:
    try:
        backup = catalog.read_sound_backup(name)
    except ArchiveError:
        return None
    if backup is None or not is_of_schedule(backup, schedule):
        return None
    status: t.Mapping[str, t.Any] = backup.get("status") or {}
    return _Found(str(status.get("startTimestamp") or ""), name, phase_of(backup))


__all__ = ("newest_backup",)
