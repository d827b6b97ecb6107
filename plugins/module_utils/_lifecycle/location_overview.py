# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All schedules of a location beside what they promise, and what retention deletes next. Nothing is changed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.due import is_still_to_come, late_at
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import Prunable, read_prunables
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import (
    Retention,
    Verdict,
    plan_retention,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_record import read_rules
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import (
    SCHEDULES,
    ScheduleKeys,
    ScheduleRecord,
    read_record,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronError, parse_cron

#: ``unknown``: no record says what it promises.
Promise: t.TypeAlias = t.Literal["kept", "broken", "paused", "unknown"]

_SUFFIX = ".json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOverview:
    """``late_at``: the second time of the schedule after ``good``, the newest Completed backup.

    A promise is broken from then on, and where there is no such backup. ``problem``: of its record, a sentence.
    """

    name: str
    promise: Promise
    record: ScheduleRecord | None = None
    newest: Prunable | None = None
    good: Prunable | None = None
    late_at: dt.datetime | None = None
    problem: str = ""

    def to_return(self) -> dict[str, t.Any]:
        record, newest, good = self.record, self.newest, self.good
        return {
            "name": self.name,
            "promise": self.promise,
            "schedule": record.schedule if record else "",
            "dialect": record.dialect if record else "",
            "newest": newest.name if newest else "",
            "newest_phase": newest.phase if newest else "",
            "newest_made": rfc3339(newest.made) if newest and newest.made else None,
            "good": good.name if good else "",
            "good_made": rfc3339(good.made) if good and good.made else None,
            "late_at": rfc3339(self.late_at) if self.late_at else None,
            "problem": self.problem,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class LocationOverview:
    """``verdicts``: of retention by the rules that each schedule was pruned by last, by the names of backups."""

    schedules: tuple[ScheduleOverview, ...]
    verdicts: tuple[Verdict, ...]

    def held(self) -> dict[str, dict[str, str]]:
        """The holds by the names of backups."""
        backups = [verdict.backup for verdict in self.verdicts]
        return {backup.name: backup.hold.to_dict() for backup in backups if backup.hold is not None}

    def verdicts_to_return(self) -> list[dict[str, t.Any]]:
        return [_returned(verdict) for verdict in self.verdicts]


def _returned(verdict: Verdict) -> dict[str, t.Any]:
    backup = verdict.backup
    return {
        "name": backup.name,
        "schedule": backup.schedule,
        "size": backup.size,
        "expires": rfc3339(backup.expires) if backup.expires else None,
        "goes": verdict.goes,
        "by_ttl": verdict.by_ttl,
        "reasons": list(verdict.reasons),
    }


def overview_of(store: Store, *, now: dt.datetime | None = None, cancel: CancelToken | None = None) -> LocationOverview:
    """One listing of each kind, and one read for each backup and each schedule. Raises ``StoreError``."""
    now = now or utc_now()
    backups = read_prunables(Catalog(store, cancel), cancel or CancelToken()).backups
    return LocationOverview(schedules_of(store, backups, now), _verdicts(store, backups, now))


def schedules_of(store: Store, backups: t.Iterable[Prunable], now: dt.datetime) -> tuple[ScheduleOverview, ...]:
    """By name. One listing, and one read for each record. ``backups``: all of the location."""
    made_by: dict[str, list[Prunable]] = {}
    for backup in backups:
        if backup.schedule:
            made_by.setdefault(backup.schedule, []).append(backup)
    schedules = [_of_record(store, name, made_by.pop(label_value(name), []), now) for name in _recorded(store)]
    schedules += [
        _judged(ScheduleOverview(name=name, promise="unknown"), found, now) for name, found in made_by.items()
    ]
    return tuple(sorted(schedules, key=lambda schedule: schedule.name))


def _recorded(store: Store) -> list[str]:
    keys = [info.key for info in store.list(SCHEDULES).objects]
    return [key[len(SCHEDULES) : -len(_SUFFIX)] for key in keys if key.endswith(_SUFFIX)]


def _of_record(store: Store, name: str, backups: t.Sequence[Prunable], now: dt.datetime) -> ScheduleOverview:
    try:
        record, problem = read_record(store, ScheduleKeys(name))
    except ValidationError as exc:
        record, problem = None, exc.message
    found = _judged(ScheduleOverview(name=name, promise="unknown", record=record, problem=problem), backups, now)
    if record is None:
        return found
    if record.paused:
        return dataclasses.replace(found, promise="paused")
    try:
        times = parse_cron(record.schedule, record.dialect)
    except CronError as exc:
        return dataclasses.replace(found, problem=exc.message)
    late = late_at(times, found.good.made) if found.good and found.good.made else None
    is_broken = found.good is None or (late is not None and late < now)
    return dataclasses.replace(found, late_at=late, promise="broken" if is_broken else "kept")


def _judged(schedule: ScheduleOverview, backups: t.Sequence[Prunable], now: dt.datetime) -> ScheduleOverview:
    newest_first = sorted(
        (backup for backup in backups if backup.made is not None and not is_still_to_come(backup.made, now)),
        key=lambda backup: (backup.made, backup.name),
        reverse=True,
    )
    good = next((backup for backup in newest_first if backup.is_good), None)
    return dataclasses.replace(schedule, newest=newest_first[0] if newest_first else None, good=good)


def _verdicts(store: Store, backups: t.Sequence[Prunable], now: dt.datetime) -> tuple[Verdict, ...]:
    """What ``k8s_backup_prune`` would decide with the rules that it recorded, and its defaults beside them."""
    rules = read_rules(store)
    series: dict[str, list[Prunable]] = {}
    for backup in backups:
        series.setdefault(backup.schedule, []).append(backup)
    found: list[Verdict] = []
    for name, members in series.items():
        retention = Retention(rules=rules[name]) if name in rules else Retention()
        found += plan_retention(members, retention, now).verdicts
    return tuple(sorted(found, key=lambda verdict: verdict.backup.name))


__all__ = ("LocationOverview", "Promise", "ScheduleOverview", "overview_of", "schedules_of")
