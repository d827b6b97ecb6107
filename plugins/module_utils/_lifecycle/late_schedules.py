# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which schedules are late, and whose newest good backup is too old: a sentence for each that is watched."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.due import late_at
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_overview import ScheduleOverview
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.watch_events import schedule_members
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import parse_cron


@dataclasses.dataclass(frozen=True, slots=True)
class ScheduleFinding:
    """``is_bad``: it is late, or too old; ``message`` says so, or that it is not any more."""

    name: str
    is_bad: bool
    message: str
    members: t.Mapping[str, t.Mapping[str, t.Any]]


def find_late(
    schedules: t.Iterable[ScheduleOverview], names: t.Sequence[str], now: dt.datetime
) -> list[ScheduleFinding]:
    """Of those with ``names``, or of all that the location knows: whether two times have passed without a backup."""
    found = []
    for schedule in _watched(schedules, names):
        late = _late_since(schedule, now)
        if not _is_known(schedule):
            message = f"The location knows no schedule '{schedule.name}', and no backup of one."
        elif late:
            message = f"{_newest(schedule)}, and two times of the schedule have passed, the second at {rfc3339(late)}."
        else:
            message = f"{_newest(schedule)}: schedule '{schedule.name}' is not late any more."
        is_bad = late is not None or not _is_known(schedule)
        found.append(_finding(schedule, is_bad, message, now))
    return found


def find_too_old(
    schedules: t.Iterable[ScheduleOverview], names: t.Sequence[str], max_age: float | None, now: dt.datetime
) -> list[ScheduleFinding]:
    """The same for the age of the newest good backup; nothing without ``max_age`` (seconds)."""
    if max_age is None:
        return []
    found = []
    for schedule in _watched(schedules, names):
        since = _counted_from(schedule)
        is_bad = since is None or (now - since).total_seconds() > max_age
        limit = format_duration(max_age)
        message = f"{_newest(schedule)}; " + (
            f"it may be {limit} old at most." if is_bad else f"it is not older than {limit} any more."
        )
        found.append(_finding(schedule, is_bad, message, now))
    return found


def _finding(schedule: ScheduleOverview, is_bad: bool, message: str, now: dt.datetime) -> ScheduleFinding:
    return ScheduleFinding(schedule.name, is_bad, message, {"schedule": schedule_members(schedule, now)})


def _watched(schedules: t.Iterable[ScheduleOverview], names: t.Sequence[str]) -> list[ScheduleOverview]:
    """One that is asked for and that the location does not know is there as well."""
    known = {schedule.name: schedule for schedule in schedules}
    return [known.get(name) or ScheduleOverview(name=name, promise="unknown") for name in names or known]


def _is_known(schedule: ScheduleOverview) -> bool:
    return schedule.record is not None or schedule.newest is not None or bool(schedule.problem)


def _counted_from(schedule: ScheduleOverview) -> dt.datetime | None:
    """A schedule that is new has its first backup still to make."""
    if schedule.good and schedule.good.made:
        return schedule.good.made
    return schedule.record.first_seen if schedule.record else None


def _late_since(schedule: ScheduleOverview, now: dt.datetime) -> dt.datetime | None:
    if schedule.promise != "broken" or schedule.record is None:
        return None
    since = _counted_from(schedule)
    late = late_at(parse_cron(schedule.record.schedule, schedule.record.dialect), since) if since else None
    return late if late is not None and late < now else None


def _newest(schedule: ScheduleOverview) -> str:
    good = schedule.good
    if good is None or good.made is None:
        return f"There is no Completed backup of schedule '{schedule.name}'"
    return f"The newest Completed backup of schedule '{schedule.name}', '{good.name}', was made at {rfc3339(good.made)}"


__all__ = ("ScheduleFinding", "find_late", "find_too_old")
