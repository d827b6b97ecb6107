# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The alarm: whether the newest good backup of a schedule is young enough. It asks the location only."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.due import late_at
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_backups import (
    ScheduleBackup,
    find_backups,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import ScheduleKeys, read_record
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import (
    ScheduleError,
    ScheduleOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronTimes, parse_cron

_PAUSED = "Schedule '{name}' is paused: no backups are made."
_NOT_LATE = "Schedule '{name}' is paused: no backups are made, and it is not late."
_PAUSED_HINT = "It is paused: with 'paused: false' its task makes backups again."
_LATE = "Look at what should have run its task, such as cron, AWX or a pipeline, and what that said."
_UNKNOWN = "The location does not know such a schedule: check its name, and bucket, prefix or path."


def check_schedule(
    name: str,
    store: Store,
    *,
    times: CronTimes | None = None,
    max_age: float | None = None,
    now: dt.datetime | None = None,
) -> ScheduleOutcome:
    """Changes nothing. Without ``times`` they are those of the record. Raises ``ScheduleError`` when it is too old."""
    now = now or utc_now()
    keys = ScheduleKeys(name)
    store.check(write=False)
    catalog = Catalog(store)
    catalog.validate(writable=False)
    record, damage = read_record(store, keys)
    backups = find_backups(catalog, name, now, need_good=True)
    if times is None and record is not None:
        times = parse_cron(record.schedule, record.dialect)
    paused = record is not None and record.paused
    pause = (_NOT_LATE if max_age is None else _PAUSED).format(name=name) if paused else ""
    outcome = ScheduleOutcome(
        location=store.location.describe,
        last_backup=backups.newest,
        next_run=times.next_after(now) if times and not paused else None,
        running=backups.running,
        record=record.to_dict() if record else {},
        warnings=(*filter(None, [damage, pause]), *backups.warnings),
    )
    problem = _problem(name, outcome, backups.good, now, (None if paused else times, max_age))
    if problem:
        unknown = record is None and backups.newest is None
        hint = _UNKNOWN if unknown else _PAUSED_HINT if paused else _LATE
        raise ScheduleError(problem, hint=hint, details=outcome.to_return())
    return outcome


def _problem(
    name: str,
    outcome: ScheduleOutcome,
    good: ScheduleBackup | None,
    now: dt.datetime,
    limits: tuple[CronTimes | None, float | None],
) -> str:
    """Empty when all is well."""
    if good is None:
        last = outcome.last_backup
        newest = f" The newest one, '{last.name}', is {last.phase or 'New'}." if last else ""
        return f"There is no Completed backup of schedule '{name}' in {outcome.location}.{newest}"
    times, max_age = limits
    age = (now - good.made).total_seconds()
    said = f"The newest Completed backup of schedule '{name}', '{good.name}', was made at {rfc3339(good.made)}"
    if max_age is not None and age > max_age:
        return f"{said}, {format_duration(int(age))} ago; it may be {format_duration(max_age)} old at most."
    late = late_at(times, good.made) if times else None
    if late is None or late >= now:
        return ""
    return f"{said}, and two times of the schedule have passed since, the second at {rfc3339(late)}."


__all__ = ("check_schedule",)
