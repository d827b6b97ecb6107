# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next time of a cron expression, exactly as the two engines of Velero find it.

Both go through months, days, hours and minutes until each fits, by real time and not by what a clock shows. This is
their way step by step, because at the ends of summer time the steps decide.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_dialects import Engine
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_fields import CronFields
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_zones import go_date, on_the_wall

#: The engines give up after so many years.
_YEARS = 5
_SECOND, _MINUTE, _HOUR, _DAY = (dt.timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))


def day_matches(fields: CronFields, wall: dt.datetime, engine: Engine) -> bool:
    """The older engine takes either day when neither field is a star, the newer one wants both."""
    day = fields.day.has(wall.day)
    weekday = fields.weekday.has(wall.isoweekday() % 7)
    if engine.newer or fields.day.star or fields.weekday.star:
        return day and weekday
    return day or weekday


def next_time(fields: CronFields, after: dt.datetime, zone: dt.tzinfo, engine: Engine) -> dt.datetime | None:
    """The first time after a moment; ``None`` when there is none within five years."""
    if not (fields.minute.bits and fields.hour.bits and fields.month.bits):
        return None
    return _Search(fields, after, zone, engine).run()


class _Search:
    """One search. ``moment`` only ever goes forward."""

    def __init__(self, fields: CronFields, after: dt.datetime, zone: dt.tzinfo, engine: Engine) -> None:
        self._fields = fields
        self._zone = zone
        self._engine = engine
        self._moment = after.astimezone(dt.UTC).replace(microsecond=0) + _SECOND
        #: Nothing was passed over so far: what is smaller than the unit that is looked at has not been cut off.
        self._untouched = True

    def run(self) -> dt.datetime | None:
        last_year = self._wall().year + _YEARS
        steps = (self._month_fits, self._day_fits, self._hour_fits, self._minute_fits, self._second_fits)
        while self._wall().year <= last_year:
            if all(fits() for fits in steps):
                return self._moment
        return None

    def _wall(self) -> dt.datetime:
        return on_the_wall(self._moment, self._zone)

    def _cut(self, wall: dt.datetime) -> None:
        """The first time that something is passed over, what is smaller begins from nothing."""
        if self._untouched:
            self._untouched = False
            self._moment = go_date(wall, self._zone)

    def _month_fits(self) -> bool:
        while not self._fields.month.has(self._wall().month):
            self._cut(self._wall().replace(day=1, hour=0, minute=0, second=0))
            self._moment = go_date(_month_later(self._wall()), self._zone)
            if self._wall().month == 1:
                return False
        return True

    def _day_fits(self) -> bool:
        while not day_matches(self._fields, self._wall(), self._engine):
            self._cut(self._wall().replace(hour=0, minute=0, second=0))
            before = self._moment
            self._moment = go_date(self._wall() + _DAY, self._zone)
            hour = self._wall().hour
            if hour:  # There is no midnight on that day.
                self._moment += (24 - hour if hour > 12 else -hour) * _HOUR
            if self._moment <= before:  # There is no such day at all: the engines would turn here for ever.
                self._moment = before + _DAY
            if self._wall().day == 1:
                return False
        return True

    def _hour_fits(self) -> bool:
        while not self._fields.hour.has(self._wall().hour):
            self._cut(self._wall().replace(minute=0, second=0))
            before = self._wall().hour
            self._moment += _HOUR
            hour = self._wall().hour
            if self._engine.newer and hour - before == 2 and self._fields.hour.has(hour - 1):
                return True  # The hour that was asked for was skipped.
            if hour == 0:
                return False
        return True

    def _minute_fits(self) -> bool:
        while not self._fields.minute.has(self._wall().minute):
            if self._untouched:
                self._untouched = False
                self._moment = self._moment.replace(second=0)
            self._pass_over(_MINUTE, self._wall().minute, self._fields.minute.bits)
            if self._wall().minute == 0:
                return False
        return True

    def _second_fits(self) -> bool:
        while self._wall().second != 0:
            self._untouched = False
            self._pass_over(_SECOND, self._wall().second, 1)
            if self._wall().second == 0:
                return False
        return True

    def _pass_over(self, unit: dt.timedelta, value: int, wanted: int) -> None:
        """What the engines do step by step: on from ``value`` to a bit that is ``wanted``, or to where 60 begin anew.

        At one go, unless the clock is changed on the way: then one step.
        """
        later = wanted >> value
        steps = (later & -later).bit_length() - 1 if later else 60 - value
        there = self._moment + steps * unit
        same = there.astimezone(self._zone).utcoffset() == self._moment.astimezone(self._zone).utcoffset()
        self._moment = there if same else self._moment + unit


def _month_later(wall: dt.datetime) -> dt.datetime:
    """A day that the month does not have is one of the month after it."""
    first = wall.replace(year=wall.year + wall.month // 12, month=wall.month % 12 + 1, day=1)
    return first + (wall.day - 1) * _DAY


__all__ = ("day_matches", "next_time")
