# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calendar, before the year 1 and after 9999 as well: a time that could not be read is of the year 1, or 0."""

# Private: not for use outside of this collection.

from __future__ import annotations

import calendar
import itertools

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BEFORE = tuple(itertools.accumulate(_DAYS, initial=0))
_DAYS_OF_400_YEARS = 146_097
#: From 0000-03-01 to 1970-01-01.
_TO_EPOCH = 719_468


def days_of(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01. The year is counted from March on, so that the day of a leap year is its last."""
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * _DAYS_OF_400_YEARS + day_of_era - _TO_EPOCH


def date_of(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970-01-01."""
    era, day_of_era = divmod(days + _TO_EPOCH, _DAYS_OF_400_YEARS)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + (3 if shifted < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day


def days_in(month: int, year: int) -> int:
    return 29 if month == 2 and calendar.isleap(year) else _DAYS[month - 1]


def days_before(month: int) -> int:
    """Of a year that is no leap year."""
    return _BEFORE[month - 1]


__all__ = ("MONTHS", "WEEKDAYS", "date_of", "days_before", "days_in", "days_of")
