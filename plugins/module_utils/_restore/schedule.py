# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The backup that a restore from a schedule takes: its newest one that is Completed (docs/compatibility 7.1)."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_reader import BackupReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import schedule_of

_WORKERS = 8


def with_backup(request: RestoreRequest, store: Store) -> RestoreRequest:
    """``request`` with the name of a backup, whether it named that or a schedule. Raises ``RestoreError``."""
    spec = request.spec
    if spec.backup_name:
        return request
    name = newest_backup(store, spec.schedule_name)
    return dataclasses.replace(request, spec=dataclasses.replace(spec, backup_name=name))


def newest_backup(store: Store, schedule: str) -> str:
    """By the time when it began."""
    store.check(write=False)
    reader = BackupReader(store)

    def read(name: str) -> tuple[str, str, str] | None:
        """Phase, start and name of a backup of this schedule."""
        try:
            backup = reader.read_sound_backup(name) or {}
        except ArchiveError:
            return None
        if schedule_of(backup) not in (schedule, label_value(schedule)):
            return None
        status: t.Mapping[str, t.Any] = backup.get("status") or {}
        return str(status.get("phase")), str(status.get("startTimestamp") or ""), name

    with concurrent.futures.ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        found = [entry for entry in pool.map(read, reader.names()) if entry is not None]
    completed = [entry for entry in found if entry[0] == "Completed"]
    if completed:
        return max(completed, key=lambda entry: entry[1:])[2]
    where = store.location.describe
    if found:
        last = max(found, key=lambda entry: entry[1:])
        raise RestoreError(
            f"None of the {counted(len(found), 'backup')} of schedule '{schedule}' in {where} is Completed.",
            hint=f"Name one as backup to restore it all the same; the newest is '{last[2]}' ({last[0]}).",
        )
    raise RestoreError(
        f"There is no backup of schedule '{schedule}' in {where}.", hint="k8s_backup_info lists what there is."
    )


__all__ = ("newest_backup", "with_backup")
