# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups of a schedule a location holds: the newest, the newest good one, one that is being made.

The name says which may be of it, the label which are. Names are looked at from the newest on, so that few are read.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import re

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_in_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.due import is_still_to_come
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import (
    find_problems,
    is_of_schedule,
    made_at,
    phase_of,
)

#: A server goes on with a backup that it has stored for hours (``itemOperationTimeout``), but not for days.
_LONGEST_RUN = dt.timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class ScheduleBackup:
    """A backup of the schedule, and when it was made."""

    name: str
    made: dt.datetime
    phase: str

    def to_return(self) -> dict[str, str]:
        return {"name": self.name, "made": rfc3339(self.made), "phase": self.phase}


@dataclasses.dataclass(frozen=True, slots=True)
class ScheduleBackups:
    """``newest`` of any phase, ``good``: the newest that is good, if it was looked for; ``running``: a name."""

    newest: ScheduleBackup | None = None
    good: ScheduleBackup | None = None
    running: str = ""
    warnings: tuple[str, ...] = ()


def find_backups(catalog: Catalog, schedule: str, now: dt.datetime, *, need_good: bool = False) -> ScheduleBackups:
    """One listing, and one request for each backup that must be read: one, unless those are not of the schedule."""
    pattern = re.compile(rf"{re.escape(schedule)}-([0-9]{{14}})")
    entries = [entry for entry in catalog.entries() if pattern.fullmatch(entry.name)]
    newest: ScheduleBackup | None = None
    running, warnings = "", []
    for entry in sorted(entries, key=lambda entry: entry.name, reverse=True):
        if not entry.complete:
            running = running or (entry.name if _is_being_made(catalog, entry) else "")
            continue
        found = _read(catalog, entry.name, schedule)
        if isinstance(found, str):
            warnings.append(found)
        elif found is not None and is_still_to_come(found.made, now):
            warnings.append(
                f"Backup '{found.name}' was made at {rfc3339(found.made)}, which is still to come: a clock was wrong, "
                "and it does not count."
            )
        elif found is not None:
            newest = newest or found
            if found.phase not in TERMINAL_PHASES:
                is_lost = was_left(found.phase, found.made, now)
                running = running or ("" if is_lost else found.name)
                warnings += [_lost(found)] if is_lost else []
            is_good = entry.is_good(found.phase)
            if found.phase == "Completed" and not entry.has_archive:
                warnings.append(f"The file of objects of backup '{found.name}' is missing: it does not count as good.")
            if is_good or not need_good:
                good = found if is_good else None
                return ScheduleBackups(newest, good, running, tuple(warnings))
    return ScheduleBackups(newest, None, running, tuple(warnings))


def was_left(phase: str, made: dt.datetime, now: dt.datetime) -> bool:
    """Whether a stored backup that is not at its end is waited for by nobody any more."""
    return phase not in TERMINAL_PHASES and now - made > _LONGEST_RUN


def _lost(backup: ScheduleBackup) -> str:
    phase = backup.phase or "New"
    return f"Backup '{backup.name}' is still {phase}, and nobody waits for it any more: its server has left it."


def _is_being_made(catalog: Catalog, entry: BackupEntry) -> bool:
    return entry.locked and is_in_progress(catalog, entry.name)


def _read(catalog: Catalog, name: str, schedule: str) -> ScheduleBackup | str | None:
    """The backup; None when it is of no schedule or another one; a sentence when nobody can say."""
    try:
        backup = catalog.read_backup(name)
    except ArchiveError as exc:
        return f"A backup was passed over, which may be one of the schedule. {exc.message}"
    if backup is None:
        return None
    problems = find_problems(backup, name)
    if problems:
        return f"Backup '{name}' was passed over, because it cannot be trusted: {' '.join(problems)}"
    if not is_of_schedule(backup, schedule):
        return None
    return ScheduleBackup(name, made_at(backup, name), phase_of(backup))


__all__ = ("ScheduleBackup", "ScheduleBackups", "find_backups", "was_left")
