# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a schedule: a backup is made when one is due, by one run at a time.

What was made is known from the location alone. The lock is held from the look that decides until the backup is visible,
so that of two runs at the same time one makes it, and the other finds it made or being made.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import compact_stamp, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.due import Due, is_still_to_come, judge_due
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_backups import (
    ScheduleBackup,
    ScheduleBackups,
    find_backups,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import (
    ScheduleKeys,
    ScheduleRecord,
    read_record,
    write_record,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import (
    ScheduleOutcome,
    ScheduleRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock, WriteLockHeld

MakeBackup: t.TypeAlias = t.Callable[[BackupRequest], BackupOutcome]
Clock: t.TypeAlias = t.Callable[[], dt.datetime]


@dataclasses.dataclass(frozen=True, slots=True)
class _Seen:
    """What one look found, and what is to be done."""

    now: dt.datetime
    before: ScheduleRecord | None
    record: ScheduleRecord
    backups: ScheduleBackups
    due: Due
    warnings: tuple[str, ...]

    @property
    def wants_record(self) -> bool:
        return self.before != self.record

    @property
    def wants_backup(self) -> bool:
        return self.due.since is not None and not self.backups.running and not self.record.paused


def tick(
    request: ScheduleRequest,
    store: Store,
    make: MakeBackup,
    *,
    check_mode: bool = False,
    clock: Clock = utc_now,
) -> ScheduleOutcome:
    """Make the backup that is due, if one is. Raises ``ArkiveError``, for what ends the backup as well."""
    keys = ScheduleKeys(request.name)
    request.times(clock())
    request.backup_request(_backup_name(request, clock())).validate()
    store.check(write=False)
    refuse_write(store.location)
    Catalog(store).validate()
    seen = _look(request, store, keys, clock())
    if not (seen.wants_record or seen.wants_backup):
        return _outcome(request, store, seen)
    store.check(write=True, touch=not check_mode)
    if check_mode:
        outcome = dataclasses.replace(_outcome(request, store, seen), recorded=seen.wants_record)
        return _with_backup(request, outcome, seen, make)
    try:
        lock = WriteLock.acquire(
            store, keys.write_lock, run_id=secrets.token_hex(8), is_over=lambda holder: holder.is_gone
        )
    except WriteLockHeld as exc:
        said = f"Another run sees to schedule '{request.name}': {exc.holder.who}."
        outcome = _outcome(request, store, seen)
        return dataclasses.replace(outcome, warnings=(*outcome.warnings, said))
    with lock:
        outcome = _act(request, store, keys, make, lock, clock())
    return dataclasses.replace(outcome, warnings=(*outcome.warnings, *filter(None, [lock.left_behind])))


def _act(
    request: ScheduleRequest, store: Store, keys: ScheduleKeys, make: MakeBackup, lock: WriteLock, now: dt.datetime
) -> ScheduleOutcome:
    """Under the lock. Another run may have seen to it before we got it, so that it is looked at once more."""
    seen = _look(request, store, keys, now)
    outcome = _outcome(request, store, seen)
    if seen.wants_record:
        lock.require_held()
        write_record(store, keys, seen.record)
        outcome = dataclasses.replace(outcome, recorded=True)
    lock.require_held()
    return _with_backup(request, outcome, seen, make)


def _with_backup(request: ScheduleRequest, outcome: ScheduleOutcome, seen: _Seen, make: MakeBackup) -> ScheduleOutcome:
    if not seen.wants_backup:
        return outcome
    name = _backup_name(request, seen.now)
    made = make(request.backup_request(name))
    last = ScheduleBackup(name, seen.now, made.phase) if made.is_stored else outcome.last_backup
    return dataclasses.replace(outcome, name=name, made=made, last_backup=last)


def _look(request: ScheduleRequest, store: Store, keys: ScheduleKeys, now: dt.datetime) -> _Seen:
    before, damage = read_record(store, keys)
    record = _renewed(request, before, now)
    backups = find_backups(Catalog(store), request.name, now)
    due = Due(None, None)
    if not record.paused:
        newest = backups.newest.made if backups.newest else None
        times = request.times(now)
        due = judge_due(times, now, newest=newest, skipped=_passed(record.last_skipped, now), first=record.first_seen)
    return _Seen(now, before, record, backups, due, (*filter(None, [damage]), *backups.warnings))


def _passed(moment: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    """A skip that a wrong clock has put into what is still to come does not count."""
    return None if moment is None or is_still_to_come(moment, now) else moment


def _renewed(request: ScheduleRequest, before: ScheduleRecord | None, now: dt.datetime) -> ScheduleRecord:
    """The record as it shall be. It is skipped when a schedule begins: it is new, is another one, or goes on again."""
    moment = now.replace(microsecond=0)
    if before is None:
        before = ScheduleRecord(first_seen=moment, schedule="", dialect=request.dialect, paused=True)
    begins = not request.paused and (before.paused or before.schedule != request.schedule)
    skipped = moment if begins and request.skip_immediately else before.last_skipped
    return dataclasses.replace(
        before, schedule=request.schedule, dialect=request.dialect, paused=request.paused, last_skipped=skipped
    )


def _outcome(request: ScheduleRequest, store: Store, seen: _Seen) -> ScheduleOutcome:
    said = list(seen.warnings)
    if seen.due.since is not None and seen.backups.running:
        said.append(f"A backup of schedule '{request.name}' is due, and waits for '{seen.backups.running}' to be done.")
    return ScheduleOutcome(
        location=store.location.describe,
        last_backup=seen.backups.newest,
        next_run=seen.due.next_run,
        due_since=seen.due.since,
        missed=seen.due.missed,
        running=seen.backups.running,
        before=seen.before.to_dict() if seen.before else None,
        record=seen.record.to_dict(),
        warnings=tuple(said),
    )


def _backup_name(request: ScheduleRequest, now: dt.datetime) -> str:
    return f"{request.name}-{compact_stamp(now)}"


__all__ = ("tick",)
