# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our own dialect: what both engines of Velero take and mean alike, and what a person expects when clocks are changed.

It is refused what the two read differently, what never comes, and what is only taken by accident. Where summer time
begins, a time that the clock skips comes in the moment in which it skips it; where it ends, a time that the clock shows
twice comes once. What comes every hour goes on by real time, as with both engines.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_dialects import NEW_ENGINE, OLD_ENGINE, CronError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_expression import (
    FIRST_MOMENT,
    LAST_YEAR,
    CronExpression,
    parse_expression,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_fields import CronFields, FieldValues
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_next import day_matches
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_zones import first_moment, on_the_wall

_PART = r"(?:[*?]|[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?)(?:/[0-9]+)?"
_PLAIN_FIELD = re.compile(rf"{_PART}(?:,{_PART})*")
_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ALL_HOURS = (1 << 24) - 1
#: Between two leap days lie eight years at most; and a day more, because a base may lie after the day's time.
_DAYS = 8 * 366 + 1
_DAY = dt.timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class StrictExpression:
    """An expression that both engines read alike, as ``expression`` has it."""

    expression: CronExpression

    @property
    def text(self) -> str:
        return self.expression.text

    @property
    def zone(self) -> dt.tzinfo:
        return self.expression.zone

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        """The first time after a moment, in UTC."""
        if moment.year > LAST_YEAR:
            return None
        moment = max(moment, FIRST_MOMENT)
        fields = self.expression.fields
        if fields is None or fields.hour.bits == _ALL_HOURS or (self.zone is dt.UTC and fields.day.bits >> 29 & 1 == 0):
            return self.expression.next_after(moment)
        return _next_on_the_wall(fields, moment, self.zone)


def parse_strict(text: str, zone: dt.tzinfo = dt.UTC) -> StrictExpression:
    """Raises ``CronError`` for what the two engines do not read alike, and says what to write instead."""
    old, new = _read(text, zone)
    if old.fields and new.fields:
        _check_alike(text, old.fields, new.fields)
        _check_plain(text)
        _check_comes(text, new.fields)
    elif old.interval != new.interval or new.interval is None:
        raise _differs(text)
    return StrictExpression(new)


def _read(text: str, zone: dt.tzinfo) -> tuple[CronExpression, CronExpression]:
    """As both engines read it. What one of them refuses is refused, with the words of the one that does."""
    try:
        new: CronExpression | CronError = parse_expression(text, NEW_ENGINE, zone)
    except CronError as exc:
        new = exc
    try:
        old: CronExpression | CronError = parse_expression(text, OLD_ENGINE, zone)
    except CronError as exc:
        old = exc
    if isinstance(old, CronExpression) and isinstance(new, CronExpression):
        return old, new
    refusal = old if isinstance(old, CronError) else new
    if (isinstance(old, CronError) and isinstance(new, CronError)) or not isinstance(refusal, CronError):
        raise new if isinstance(new, CronError) else _differs(text)
    taker = NEW_ENGINE.name if refusal is old else OLD_ENGINE.name
    raise CronError(refusal.kind, f"{refusal.message} Only {taker} takes '{text}'.", hint=refusal.hint)


def _differs(text: str) -> CronError:
    return CronError("differs", f"Velero up to 1.18.2 and Velero from 1.18.3 do not read '{text}' alike.")


def _check_alike(text: str, old: CronFields, new: CronFields) -> None:
    for name in ("minute", "hour", "day", "month", "weekday"):
        if getattr(old, name).bits != getattr(new, name).bits:
            raise _differs(text)
    either = not (old.day.star or old.weekday.star)
    if either and not (_is_whole(old.day, 1, 31) and _is_whole(old.weekday, 0, 6)):
        raise CronError(
            "differs",
            f"'{text}' restricts the day of the month and the day of the week. Velero up to 1.18.2 takes either day, "
            "Velero from 1.18.3 wants both at once.",
            hint="Write '*' for one of the two, or say with the dialect which Velero it was written for.",
        )


def _is_whole(values: FieldValues, low: int, high: int) -> bool:
    return all(values.has(value) for value in range(low, high + 1))


def _check_plain(text: str) -> None:
    """Both engines take '*-5', '1,,2' and '+5' by accident."""
    rest = text.split(" ", 1)[1] if text.startswith(("TZ=", "CRON_TZ=")) else text
    for field in rest.split() if "@" not in rest else ():
        if not _PLAIN_FIELD.fullmatch(field):
            raise CronError("value", f"'{field}' is not valid as a field of a cron expression.")


def _check_comes(text: str, fields: CronFields) -> None:
    months = (month for month in range(1, 13) if fields.month.has(month))
    if not any(fields.day.bits & ((2 << _MONTH_LENGTHS[month - 1]) - 2) for month in months):
        raise CronError("never", f"There is no such time as '{text}': none of its months has such a day.")


def _next_on_the_wall(fields: CronFields, moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
    """Days as calendars have them, and in each the times that a clock shows. A skipped time may lie a day back."""
    after = moment.astimezone(dt.UTC)
    today = on_the_wall(after, zone).replace(hour=0, minute=0, second=0, microsecond=0) - _DAY
    for number in range(_DAYS + 2):
        day = today + number * _DAY
        if not day_matches(fields, day, NEW_ENGINE):
            continue
        if not fields.month.has(day.month):
            continue
        found = min((each for each in _times(fields, day, zone) if each > after), default=None)
        if found is not None:
            return found
    return None


def _times(fields: CronFields, day: dt.datetime, zone: dt.tzinfo) -> t.Iterator[dt.datetime]:
    minutes = fields.minute.values()
    for hour in fields.hour.values():
        for minute in minutes:
            yield first_moment(day.replace(hour=hour, minute=minute), zone)


__all__ = ("StrictExpression", "parse_strict")
