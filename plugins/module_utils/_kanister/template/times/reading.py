# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a time by a layout, as Go's ``time.Parse`` does."""

# Private: not for use outside of this collection.

from __future__ import annotations

import calendar
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.calendars import (
    MONTHS,
    WEEKDAYS,
    days_before,
    days_in,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.layouts import Piece, pieces_of
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.moments import Moment, moment_of
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.zones import UTC, FixedZone, Zone

_FRACTION = re.compile(r"[.,][0-9]+", re.ASCII)
_ZONE = re.compile(
    r"(?P<odd>ChST|MeST|WITA)|GMT(?P<hours>[+-][0-9]{1,2}(?![0-9]))?|(?P<sign>[+-][0-9]{1,2}(?![0-9]))|(?P<name>[A-Z]{4}T(?![A-Z])|[A-Z]{3}T"
    r"(?![A-Z])|[A-Z]{3}(?![A-Z]))"
)
_OFFSETS = {
    "07": re.compile(r"([+-])([0-9]{2})()()"),
    "0700": re.compile(r"([+-])([0-9]{2})([0-9]{2})()"),
    "07:00": re.compile(r"([+-])([0-9]{2}):([0-9]{2})()"),
    "070000": re.compile(r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})"),
    "07:00:00": re.compile(r"([+-])([0-9]{2}):([0-9]{2}):([0-9]{2})"),
}
_MOST_OFFSET_HOURS, _MOST_OFFSET_PARTS = 24, 60


class _Bad(Exception):
    """The text is no time of the layout."""


def read_moment(layout: str, text: str) -> Moment | None:
    """None for a text that does not fit, or is no day of the calendar."""
    reader = _Reader(text)
    try:
        pieces = pieces_of(layout)
        for number, piece in enumerate(pieces):
            reader.read(piece, pieces[number + 1 :])
        return reader.moment()
    except _Bad:
        return None


class _Reader:
    def __init__(self, text: str) -> None:
        self._rest = text
        self._values: dict[str, int] = {}
        self._afternoon: bool | None = None
        self._zone: Zone | None = None
        self._zone_name = ""
        self._offset: int | None = None

    def read(self, piece: Piece, following: t.Sequence[Piece]) -> None:
        self._skip(piece.literal)
        part = piece.part
        if not part:
            if self._rest:
                raise _Bad
        elif part in self._PARTS:
            self._PARTS[part](self)
            if part in ("05", "5"):
                self._unasked_fraction(following)
        elif part[0] in ".,":
            self._read_fraction(part)
        else:
            self._read_offset(part)

    def _skip(self, literal: str) -> None:
        """Blanks in a layout are any number of blanks."""
        while literal:
            if literal[0] == " ":
                if self._rest and self._rest[0] != " ":
                    raise _Bad
                literal, self._rest = literal.lstrip(" "), self._rest.lstrip(" ")
            elif self._rest[:1] == literal[0]:
                literal, self._rest = literal[1:], self._rest[1:]
            else:
                raise _Bad

    # Numbers

    def _digits(self, fewest: int, most: int) -> int:
        count = 0
        while count < most and self._rest[count : count + 1].isascii() and self._rest[count : count + 1].isdigit():
            count += 1
        if count < fewest:
            raise _Bad
        number, self._rest = int(self._rest[:count]), self._rest[count:]
        return number

    def _number(self, name: str, lowest: int, highest: int, *, fixed: bool, digits: int = 2) -> None:
        number = self._digits(digits if fixed else 1, digits)
        if not lowest <= number <= highest:
            raise _Bad
        self._values[name] = number

    def _short_year(self) -> None:
        year = self._digits(2, 2)
        self._values["year"] = year + (1900 if year >= 69 else 2000)

    def _blank_day(self) -> None:
        self._rest = self._rest.removeprefix(" ")
        self._number("day", 0, 99, fixed=False)

    def _blank_day_of_year(self) -> None:
        self._rest = self._rest.removeprefix(" ").removeprefix(" ")
        self._number("day of year", 0, 999, fixed=False, digits=3)

    # Words

    def _word(self, words: t.Sequence[str]) -> int:
        for place, word in enumerate(words):
            if self._rest[: len(word)].lower() == word.lower():
                self._rest = self._rest[len(word) :]
                return place
        raise _Bad

    def _month(self, words: t.Sequence[str]) -> None:
        self._values["month"] = self._word(words) + 1

    def _half(self, words: t.Sequence[str]) -> None:
        if self._rest[:2] not in words:
            raise _Bad
        self._afternoon = self._rest[:2] == words[1]
        self._rest = self._rest[2:]

    # Fractions and zones

    def _unasked_fraction(self, following: t.Sequence[Piece]) -> None:
        """A fraction after the seconds is read without being in the layout."""
        found = _FRACTION.match(self._rest)
        if found and not following[0].part.startswith((".", ",")):
            self._take_fraction(found[0])

    def _read_fraction(self, part: str) -> None:
        found = _FRACTION.match(self._rest)
        if part[1] == "0":
            if found is None or len(found[0]) < len(part):
                raise _Bad
            self._take_fraction(found[0][: len(part)])
        elif found is not None:
            self._take_fraction(found[0])

    def _take_fraction(self, fraction: str) -> None:
        self._values["nanos"] = int(fraction[1:10].ljust(9, "0"))
        self._rest = self._rest[len(fraction) :]

    def _read_offset(self, part: str) -> None:
        if part[0] == "Z" and self._rest[:1] == "Z":
            self._rest, self._zone = self._rest[1:], UTC
            return
        found = _OFFSETS[part[1:]].match(self._rest)
        if found is None:
            raise _Bad
        hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
        if hours > _MOST_OFFSET_HOURS or max(minutes, seconds) > _MOST_OFFSET_PARTS:
            raise _Bad
        offset = (hours * 60 + minutes) * 60 + seconds
        self._offset = -offset if found[1] == "-" else offset
        self._rest = self._rest[found.end() :]

    def _read_zone_name(self) -> None:
        if self._rest.startswith("UTC"):
            self._rest, self._zone = self._rest[3:], UTC
            return
        found = _ZONE.match(self._rest)
        if found is None:
            raise _Bad
        self._zone_name, self._rest = found[0], self._rest[found.end() :]

    _PARTS: t.ClassVar[dict[str, t.Callable[[_Reader], None]]] = {
        "2006": lambda self: self._number("year", 0, 9999, fixed=True, digits=4),
        "06": _short_year,
        "January": lambda self: self._month(MONTHS),
        "Jan": lambda self: self._month([month[:3] for month in MONTHS]),
        "1": lambda self: self._number("month", 1, 12, fixed=False),
        "01": lambda self: self._number("month", 1, 12, fixed=True),
        "Monday": lambda self: void(self._word(WEEKDAYS)),
        "Mon": lambda self: void(self._word([day[:3] for day in WEEKDAYS])),
        "2": lambda self: self._number("day", 0, 99, fixed=False),
        "_2": _blank_day,
        "02": lambda self: self._number("day", 0, 99, fixed=True),
        "__2": _blank_day_of_year,
        "002": lambda self: self._number("day of year", 0, 999, fixed=True, digits=3),
        "15": lambda self: self._number("hour", 0, 23, fixed=False),
        "3": lambda self: self._number("hour", 0, 12, fixed=False),
        "03": lambda self: self._number("hour", 0, 12, fixed=True),
        "4": lambda self: self._number("minute", 0, 59, fixed=False),
        "04": lambda self: self._number("minute", 0, 59, fixed=True),
        "5": lambda self: self._number("second", 0, 59, fixed=False),
        "05": lambda self: self._number("second", 0, 59, fixed=True),
        "PM": lambda self: self._half(("AM", "PM")),
        "pm": lambda self: self._half(("am", "pm")),
        "MST": _read_zone_name,
    }

    # The result

    def moment(self) -> Moment:
        values = self._values
        hour = values.get("hour", 0)
        if self._afternoon and hour < 12:
            hour += 12
        elif self._afternoon is False and hour == 12:
            hour = 0
        second = (hour * 60 + values.get("minute", 0)) * 60 + values.get("second", 0)
        return self._in_zone(self._date(), second, values.get("nanos", 0))

    def _date(self) -> tuple[int, int, int]:
        values = self._values
        year, month, day = values.get("year", 0), values.get("month"), values.get("day")
        if "day of year" in values:
            found = _of_day_of_year(values["day of year"], year)
            if month not in (None, found[0]) or day not in (None, found[1]):
                raise _Bad
            return year, *found
        month, day = month or 1, 1 if day is None else day
        if not 1 <= day <= days_in(month, year):
            raise _Bad
        return year, month, day

    def _in_zone(self, date: tuple[int, int, int], second: int, nanos: int) -> Moment:
        if self._zone is not None:
            return moment_of(date, second, nanos, self._zone)
        if self._offset is not None:
            return moment_of(date, second, nanos, self._zone_of_offset(self._offset))
        if self._zone_name:
            hours = int(self._zone_name[3:] or 0) if self._zone_name.startswith("GMT") else 0
            return moment_of(date, second, nanos, FixedZone(self._zone_name, hours * 3600))
        return moment_of(date, second, nanos, UTC)

    def _zone_of_offset(self, offset: int) -> Zone:
        if not offset and self._zone_name in ("", "UTC"):
            return UTC
        return FixedZone(self._zone_name, offset)


def void(_value: object) -> None:
    """Only whether it could be read counts."""


def _of_day_of_year(number: int, year: int) -> tuple[int, int]:
    if calendar.isleap(year):
        if number == 60:
            return 2, 29
        number -= number > 60
    if not 1 <= number <= 365:
        raise _Bad
    month = next(month for month in range(12, 0, -1) if days_before(month) < number)
    return month, number - days_before(month)


__all__ = ("read_moment",)
