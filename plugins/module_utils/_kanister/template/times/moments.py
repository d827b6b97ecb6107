# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A time, as Go has it: nanoseconds, a zone, and what a template may ask of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import calendar
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.calendars import (
    MONTHS,
    WEEKDAYS,
    date_of,
    days_before,
    days_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.layouts import pieces_of
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.zones import UTC, Zone
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import GoType
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import Int, Opaque

_DAY = 86_400
_YEAR_ONE = days_of(1, 1, 1) * _DAY
_TEXT = "2006-01-02 15:04:05.999999999 -0700 MST"
_RFC3339_NANO = "2006-01-02T15:04:05.999999999Z07:00"


class Moment(Opaque):
    """``seconds`` since 1970 and ``nanos`` beside them, in UTC; ``zone`` is where it is shown."""

    __slots__ = ("nanos", "seconds", "zone")
    go_type = GoType("time.Time", "struct")

    def __init__(self, seconds: int, nanos: int = 0, zone: Zone = UTC) -> None:
        self.seconds = seconds
        self.nanos = nanos
        self.zone = zone

    @classmethod
    def of_python(cls, moment: dt.datetime) -> Moment:
        since = moment.astimezone(dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return cls(since.days * _DAY + since.seconds, since.microseconds * 1000)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Moment):
            return NotImplemented
        return (self.seconds, self.nanos, self.zone) == (other.seconds, other.nanos, other.zone)

    def __hash__(self) -> int:
        return hash((self.seconds, self.nanos))

    def text(self) -> str:
        return format_moment(self, _TEXT)

    def to_json(self) -> str:
        return format_moment(self, _RFC3339_NANO)

    def moved_to(self, zone: Zone) -> Moment:
        return Moment(self.seconds, self.nanos, zone)

    def plus(self, nanoseconds: int) -> Moment:
        seconds, nanos = divmod(self.nanos + nanoseconds, 1_000_000_000)
        return Moment(self.seconds + seconds, nanos, self.zone)

    def fields(self) -> Fields:
        return Fields(self)

    methods = table(
        function("Format", lambda self, layout: format_moment(self, layout), "time string"),
        function("String", text, "time"),
        function("UTC", lambda self: self.moved_to(UTC), "time"),
        function("Local", lambda self: self.moved_to(UTC), "time"),
        function("Unix", lambda self: self.seconds, "time"),
        function("UnixMilli", lambda self: self.seconds * 1000 + self.nanos // 1_000_000, "time"),
        function("UnixMicro", lambda self: self.seconds * 1_000_000 + self.nanos // 1000, "time"),
        function("UnixNano", lambda self: self.seconds * 1_000_000_000 + self.nanos, "time"),
        function("Nanosecond", lambda self: Int(self.nanos), "time"),
        function("Year", lambda self: Int(self.fields().year), "time"),
        function("Month", lambda self: Month(self.fields().month), "time"),
        function("Day", lambda self: Int(self.fields().day), "time"),
        function("Hour", lambda self: Int(self.fields().hour), "time"),
        function("Minute", lambda self: Int(self.fields().minute), "time"),
        function("Second", lambda self: Int(self.fields().second), "time"),
        function("YearDay", lambda self: Int(self.fields().day_of_year), "time"),
        function("Weekday", lambda self: Weekday(self.fields().weekday), "time"),
        function("IsZero", lambda self: (self.seconds, self.nanos) == (_YEAR_ONE, 0), "time"),
        function("After", lambda self, other: _order(self) > _order(other), "time time"),
        function("Before", lambda self, other: _order(self) < _order(other), "time time"),
        function("Equal", lambda self, other: _order(self) == _order(other), "time time"),
    )


def _order(moment: Moment) -> tuple[int, int]:
    return moment.seconds, moment.nanos


class _Word(Opaque):
    """A number that prints as a word."""

    __slots__ = ("number",)
    words: t.ClassVar[t.Sequence[str]]

    def __init__(self, number: int) -> None:
        self.number = number

    def text(self) -> str:
        return self.words[self.number]

    def to_json(self) -> int:
        return self.number


class Month(_Word):
    __slots__ = ()
    go_type = GoType("time.Month", "int")
    words = ("", *MONTHS)


class Weekday(_Word):
    __slots__ = ()
    go_type = GoType("time.Weekday", "int")
    words = WEEKDAYS


class Fields:
    """The parts of a time in its zone."""

    def __init__(self, moment: Moment) -> None:
        self.zone_name, self.offset = moment.zone.at(moment.seconds)
        days, second = divmod(moment.seconds + self.offset, _DAY)
        self.year, self.month, self.day = date_of(days)
        self.hour, rest = divmod(second, 3600)
        self.minute, self.second = divmod(rest, 60)
        self.weekday = (days + 4) % 7
        leap = self.month > 2 and calendar.isleap(self.year)
        self.day_of_year = days_before(self.month) + self.day + leap
        self.nanos = moment.nanos


ZERO = Moment(_YEAR_ONE)


def moment_of(date: tuple[int, int, int], second: int, nanos: int, zone: Zone) -> Moment:
    """A time by its parts in a zone; ``second`` is of the day."""
    seconds = days_of(*date) * _DAY + second
    _name, offset = zone.at(seconds)
    _name, offset = zone.at(seconds - offset)
    return Moment(seconds - offset, nanos, zone)


def format_moment(moment: Moment, layout: str) -> str:
    fields = Fields(moment)
    made: list[str] = []
    for literal, part in pieces_of(layout):
        made.append(literal)
        if part:
            made.append(_formatted(fields, part))
    return "".join(made)


def _formatted(fields: Fields, part: str) -> str:
    known = _PARTS.get(part)
    if known is not None:
        return known(fields)
    if part[0] in ".,":
        return _fraction(fields.nanos, part)
    return _offset(fields.offset, part)


def _twelve(hour: int) -> int:
    return hour % 12 or 12


def _year(year: int) -> str:
    return f"-{-year:04d}" if year < 0 else f"{year:04d}"


def _zone_name(fields: Fields) -> str:
    return fields.zone_name or _offset(fields.offset, "-0700")


_PARTS: dict[str, t.Callable[[Fields], str]] = {
    "2006": lambda fields: _year(fields.year),
    "06": lambda fields: f"{abs(fields.year) % 100:02d}",
    "January": lambda fields: MONTHS[fields.month - 1],
    "Jan": lambda fields: MONTHS[fields.month - 1][:3],
    "1": lambda fields: str(fields.month),
    "01": lambda fields: f"{fields.month:02d}",
    "Monday": lambda fields: WEEKDAYS[fields.weekday],
    "Mon": lambda fields: WEEKDAYS[fields.weekday][:3],
    "2": lambda fields: str(fields.day),
    "_2": lambda fields: f"{fields.day:2d}",
    "02": lambda fields: f"{fields.day:02d}",
    "__2": lambda fields: f"{fields.day_of_year:3d}",
    "002": lambda fields: f"{fields.day_of_year:03d}",
    "15": lambda fields: f"{fields.hour:02d}",
    "3": lambda fields: str(_twelve(fields.hour)),
    "03": lambda fields: f"{_twelve(fields.hour):02d}",
    "4": lambda fields: str(fields.minute),
    "04": lambda fields: f"{fields.minute:02d}",
    "5": lambda fields: str(fields.second),
    "05": lambda fields: f"{fields.second:02d}",
    "PM": lambda fields: "PM" if fields.hour >= 12 else "AM",
    "pm": lambda fields: "pm" if fields.hour >= 12 else "am",
    "MST": _zone_name,
}


def _fraction(nanos: int, part: str) -> str:
    """``.000`` and ``.999``: the latter without zeros at the end."""
    digits = f"{nanos:09d}"[: len(part) - 1].ljust(len(part) - 1, "0")
    if part[1] == "9":
        digits = digits.rstrip("0")
    return f"{part[0]}{digits}" if digits else ""


def _offset(offset: int, part: str) -> str:
    if part[0] == "Z" and not offset:
        return "Z"
    sign = "-" if offset < 0 else "+"
    minutes = abs(offset) // 60
    colon = ":" if ":" in part else ""
    made = f"{sign}{minutes // 60:02d}"
    if len(part) > 3:
        made += f"{colon}{minutes % 60:02d}"
    if part[1:] in ("070000", "07:00:00"):
        made += f"{colon}{abs(offset) % 60:02d}"
    return made


__all__ = ("ZERO", "Moment", "format_moment", "moment_of")
