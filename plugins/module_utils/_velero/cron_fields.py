# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The five fields of a cron expression, as sets of bits, by the rules of either engine."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_dialects import CronError, Engine

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NUMBER = re.compile(r"[+-]?[0-9]+")
#: Go's integers.
_LARGEST = 2**63 - 1
_UNSIGNED = 2**64


@dataclasses.dataclass(frozen=True, slots=True)
class FieldValues:
    """The values that a field has: bit n is the value n. ``star``: it does not restrict anything."""

    bits: int
    star: bool = False

    def has(self, value: int) -> bool:
        return bool(self.bits >> value & 1)

    def values(self) -> tuple[int, ...]:
        return tuple(value for value in range(self.bits.bit_length()) if self.has(value))


@dataclasses.dataclass(frozen=True, slots=True)
class CronFields:
    """What a moment has to be."""

    minute: FieldValues
    hour: FieldValues
    day: FieldValues
    month: FieldValues
    weekday: FieldValues


class _Bounds(t.NamedTuple):
    title: str
    low: int
    high: int
    names: t.Mapping[str, int] = {}


_MINUTE = _Bounds("minute", 0, 59)
_HOUR = _Bounds("hour", 0, 23)
_DAY = _Bounds("day of the month", 1, 31)
_MONTH = _Bounds("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
_WEEKDAY = _Bounds("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)})


def parse_fields(texts: t.Sequence[str], engine: Engine) -> CronFields:
    """The values of five fields. Raises ``CronError``."""
    if len(texts) != 5:
        raise CronError(
            "fields",
            f"A cron expression has five fields, not {len(texts)}.",
            hint="They are the minute, the hour, the day of the month, the month and the day of the week.",
        )
    minute, hour, day, month, weekday = texts
    week = _WEEKDAY._replace(high=7) if engine.newer else _WEEKDAY
    return CronFields(
        minute=_parse_field(minute, _MINUTE, engine),
        hour=_parse_field(hour, _HOUR, engine),
        month=_parse_field(month, _MONTH, engine),
        day=_parse_field(day, _DAY, engine),
        weekday=_sunday_once(_parse_field(weekday, week, engine)),
    )


def _sunday_once(values: FieldValues) -> FieldValues:
    """A 7 is a 0."""
    bits = (values.bits | 1) & 0x7F if values.has(7) else values.bits
    return FieldValues(bits, values.star)


def _parse_field(text: str, bounds: _Bounds, engine: Engine) -> FieldValues:
    bits, star = 0, False
    for part in filter(None, text.split(",")):
        found = _parse_range(part, bounds, engine)
        bits, star = bits | found.bits, star or found.star
    return FieldValues(bits, star)


def _parse_range(text: str, bounds: _Bounds, engine: Engine) -> FieldValues:
    """``*``, ``N``, ``N-M``, each with ``/STEP`` or without. ``N/STEP`` goes from N to the end."""
    reach, *steps = text.split("/")
    ends = reach.split("-")
    star = ends[0] in ("*", "?")
    if star:
        low, high = bounds.low, bounds.high
    else:
        low, high = _ends(ends, text, bounds)
    step = 1
    if len(steps) > 1:
        raise _wrong("step", text, bounds, "has more than one step.")
    if steps:
        step = _number(steps[0], text, bounds)
        high = bounds.high if len(ends) == 1 else high
    _check_range(low, high, text, bounds, engine)
    _check_step(low, high, step, (text, bounds, engine))
    return FieldValues(_bits(low, high, step, bounds), star and step == 1)


def _ends(ends: t.Sequence[str], text: str, bounds: _Bounds) -> tuple[int, int]:
    low = _value(ends[0], text, bounds)
    if len(ends) > 2:
        raise _wrong("range", text, bounds, "has too many hyphens.")
    return low, _value(ends[1], text, bounds) if len(ends) == 2 else low


def _value(word: str, text: str, bounds: _Bounds) -> int:
    named = bounds.names.get(word.lower())
    return _number(word, text, bounds) if named is None else named


def _number(word: str, text: str, bounds: _Bounds) -> int:
    if not _NUMBER.fullmatch(word) or len(word) > 400 or not 0 <= int(word) <= _LARGEST:
        raise _wrong("value", text, bounds, f"'{word}' is no number from {bounds.low} to {bounds.high}.")
    return int(word)


def _check_range(low: int, high: int, text: str, bounds: _Bounds, engine: Engine) -> None:
    if low < bounds.low or high > bounds.high:
        raise _wrong("range", text, bounds, f"values are from {bounds.low} to {bounds.high}.")
    if low > high and not engine.newer:
        raise _wrong("range", text, bounds, "the range ends before it begins.")


def _check_step(low: int, high: int, step: int, where: tuple[str, _Bounds, Engine]) -> None:
    text, bounds, engine = where
    if step == 0:
        raise _wrong("step", text, bounds, "a step is at least 1.")
    if not engine.newer or step == 1:
        return
    size = (bounds.high - low + 1 + high - bounds.low + 1) % _UNSIGNED if low > high else high - low + 1
    if step >= size:
        raise _wrong("step", text, bounds, f"the step must be smaller than the {size} values that it goes through.")


def _bits(low: int, high: int, step: int, bounds: _Bounds) -> int:
    """A range that ends before it begins goes around, from the beginning of the field."""
    size = bounds.high - bounds.low + 1
    last = high + size if low > high else high
    values = range(low, last + 1, step)
    around = {value if value <= bounds.high else (value - bounds.low) % size + bounds.low for value in values}
    return sum(1 << value for value in around)


def _wrong(kind: str, text: str, bounds: _Bounds, what: str) -> CronError:
    return CronError(kind, f"'{text}' is not valid as the {bounds.title} of a cron expression: {what}")


__all__ = ("CronFields", "FieldValues", "parse_fields")
