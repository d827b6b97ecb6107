# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spans of the calendar, such as a year and five months, as restic writes and counts them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

_PART = re.compile(r"([0-9]{1,6})([ymdh])")
_UNITS = {"y": "years", "m": "months", "d": "days", "h": "hours"}


@dataclasses.dataclass(frozen=True, slots=True)
class CalendarSpan:
    """Empty when all of it is zero."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    def __bool__(self) -> bool:
        return any(dataclasses.astuple(self))

    def __str__(self) -> str:
        return "".join(f"{getattr(self, name)}{unit}" for unit, name in _UNITS.items() if getattr(self, name))

    def before(self, moment: dt.datetime) -> dt.datetime:
        """So long before ``moment``, by the calendar of its zone. A day that a month has not is one of the next month.

        Hours are those of a clock that knows no summer time. Nothing is earlier than the year 1.
        """
        try:
            years, month = divmod(moment.year * 12 + moment.month - 1 - self.years * 12 - self.months, 12)
            first = moment.replace(year=years, month=month + 1, day=1)
            local = first + dt.timedelta(days=moment.day - 1 - self.days)
            return (local.astimezone(dt.UTC) - dt.timedelta(hours=self.hours)).astimezone(moment.tzinfo)
        except (ValueError, OverflowError):
            return dt.datetime.min.replace(tzinfo=dt.UTC)


def parse_span(text: str) -> CalendarSpan:
    """``1y5m7d2h``. Raises ``ValidationError``."""
    given = text.strip()
    parts = _PART.findall(given)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != given:
        raise ValidationError(
            f"'{text}' is no span such as 1y5m7d2h.",
            hint="Its units are y (years), m (months), d (days) and h (hours).",
        )
    units = [unit for _number, unit in parts]
    if len(set(units)) < len(units):
        raise ValidationError(f"The span '{text}' has a unit twice.", hint="Write each unit once, such as 1y5m7d2h.")
    return CalendarSpan(**{_UNITS[unit]: int(number) for number, unit in parts})


__all__ = ("CalendarSpan", "parse_span")
