# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups of one series the rules keep, as ``restic forget`` answers it.

Each rule counts by itself, from the newest backup on, and one backup may serve many rules. Periods without a backup
cost nothing. As with restic from 0.16 on, a rule that has not found its number keeps the oldest backup too.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
import zoneinfo

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.calendar_span import CalendarSpan, parse_span

Period: t.TypeAlias = t.Literal["hourly", "daily", "weekly", "monthly", "yearly"]
PERIODS: tuple[Period, ...] = t.get_args(Period)
#: As a number of a rule: all of them.
ALL = -1

#: Why each backup that is kept is kept, by its name.
Reasons: t.TypeAlias = "dict[str, list[str]]"


class Made(t.NamedTuple):
    """A backup of a series. ``good``: it is Completed; else it is PartiallyFailed."""

    name: str
    moment: dt.datetime
    good: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """Numbers are of backups or of periods that have one, 0 for no such rule, ``ALL`` for all.

    ``zone``: in which hours, days, weeks, months and years begin. Raises ``ValidationError``.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: CalendarSpan = dataclasses.field(default_factory=CalendarSpan)
    zone: str = "UTC"

    def __post_init__(self) -> None:
        for name in ("last", *PERIODS):
            if getattr(self, name) < ALL:
                raise ValidationError(
                    f"keep_{name} is {getattr(self, name)}.", hint=f"Give a number, or {ALL} to keep all of them."
                )
        self.tzinfo()

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self.within) or any(getattr(self, name) for name in ("last", *PERIODS))

    def tzinfo(self) -> dt.tzinfo:
        if self.zone == "UTC":
            return dt.UTC
        try:
            return zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise ValidationError(
                f"The time zone '{self.zone}' is unknown.", hint="Name one such as Europe/Berlin, or UTC."
            ) from exc

    def to_dict(self) -> dict[str, t.Any]:
        counts = {name: getattr(self, name) for name in ("last", *PERIODS) if getattr(self, name)}
        return {**counts, **({"within": str(self.within)} if self.within else {}), "zone": self.zone}

    @classmethod
    def from_dict(cls, members: t.Mapping[str, t.Any]) -> RetentionRules:
        """The reverse of ``to_dict``. Raises ``ValidationError``."""
        counts = {name: members.get(name, 0) for name in ("last", *PERIODS)}
        if not all(isinstance(count, int) for count in counts.values()):
            raise ValidationError("Rules of retention have a number that is none.")
        span = members.get("within")
        return cls(
            **counts,
            within=parse_span(str(span)) if span else CalendarSpan(),
            zone=str(members.get("zone", "UTC")),
        )


def newest_first(backups: t.Iterable[Made]) -> list[Made]:
    """Of two that were made in one moment the one with the later name is the newer."""
    return sorted(backups, key=lambda backup: (backup.moment, backup.name), reverse=True)


def kept_by_rules(backups: t.Iterable[Made], rules: RetentionRules, now: dt.datetime) -> Reasons:
    """By name, those that are kept. The order in which they are given is of no consequence.

    A PartiallyFailed backup stands for a period only when there is no Completed one in it, and takes no place of one
    in ``last``.
    """
    series = newest_first(backups)
    found: Reasons = {}
    if not series:
        return found
    oldest = next((backup for backup in reversed(series) if backup.good), series[-1])
    for kept, reason in (*_last(series, rules.last), *_within(series, rules, now)):
        found.setdefault(kept.name, []).append(reason)
    zone = rules.tzinfo()
    for period in PERIODS:
        for kept, reason in _periodic(series, oldest, period, getattr(rules, period), zone):
            found.setdefault(kept.name, []).append(reason)
    return found


def _last(series: t.Sequence[Made], count: int) -> t.Iterator[tuple[Made, str]]:
    taken = {True: 0, False: 0}
    for backup in series:
        if count == ALL or (taken[True] < count and taken[backup.good] < count):
            taken[backup.good] += 1
            yield backup, f"last {taken[backup.good]}{_of(count)}"


def _within(series: t.Sequence[Made], rules: RetentionRules, now: dt.datetime) -> t.Iterator[tuple[Made, str]]:
    """Younger than the newest one that is not still to come, less the span."""
    if not rules.within:
        return
    newest = next((backup for backup in series if backup.moment < now), None)
    for backup in series:
        if newest is None or backup.moment > rules.within.before(_local(newest.moment, rules.tzinfo())):
            yield backup, f"within {rules.within}" + (f" of {newest.name}" if newest else "")


def _periodic(
    series: t.Sequence[Made], oldest: Made, period: Period, count: int, zone: dt.tzinfo
) -> t.Iterator[tuple[Made, str]]:
    if not count:
        return
    chosen: dict[tuple[t.Any, ...], Made] = {}
    for backup in series:
        key = _KEYS[period](_local(backup.moment, zone))
        if key not in chosen or (backup.good and not chosen[key].good):
            chosen[key] = backup
    found = list(chosen.values())
    for number, backup in enumerate(found if count == ALL else found[:count], 1):
        yield backup, f"{period} {number}{_of(count)}"
    if (count == ALL or len(found) < count) and oldest not in found:
        yield oldest, f"oldest, as {period} has {counted(len(found), 'period')}{_of(count)}"


def _local(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """At the ends of the calendar a moment may have no time in the zone: it stays in its own."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def _of(count: int) -> str:
    return "" if count == ALL else f" of {count}"


def _hour(moment: dt.datetime) -> tuple[t.Any, ...]:
    """With the offset: where summer time ends, an hour comes twice, and is two."""
    return (*moment.timetuple()[:4], moment.utcoffset())


_KEYS: t.Mapping[Period, t.Callable[[dt.datetime], tuple[t.Any, ...]]] = {
    "hourly": _hour,
    "daily": lambda moment: moment.timetuple()[:3],
    "weekly": lambda moment: moment.isocalendar()[:2],
    "monthly": lambda moment: moment.timetuple()[:2],
    "yearly": lambda moment: moment.timetuple()[:1],
}

__all__ = ("ALL", "PERIODS", "Made", "Reasons", "RetentionRules", "kept_by_rules", "newest_first")
