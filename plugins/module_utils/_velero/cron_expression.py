# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cron expression, read as one of Velero's engines reads it: a zone, and five fields, a shorthand, or an interval."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_dialects import CronError, Engine
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_fields import CronFields, parse_fields
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_next import next_time
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_zones import BLANKS, split_zone

_SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
#: The newer engine takes these, and they never come.
_NEVER = ("@triggered", "@manual", "@none")
_EVERY = "@every "
_BLANK = re.compile(f"[{BLANKS}]+")
#: Times beyond it are not computed with.
LAST_YEAR = 9_000
#: What is earlier comes of a clock that was wrong, and of no zone's beginnings is anything known.
FIRST_MOMENT = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class CronExpression:
    """Either ``fields`` in a ``zone``, or an ``interval`` from time to time, or neither: then it never comes."""

    text: str
    engine: Engine
    zone: dt.tzinfo
    fields: CronFields | None = None
    interval: dt.timedelta | None = None

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        """The first time after a moment, in UTC; ``None`` when there is none that the engine would find."""
        if moment.year > LAST_YEAR:
            return None
        moment = max(moment, FIRST_MOMENT)
        if self.interval is not None:
            return moment.astimezone(dt.UTC).replace(microsecond=0) + self.interval
        return next_time(self.fields, moment, self.zone, self.engine) if self.fields else None


def parse_expression(text: str, engine: Engine, zone: dt.tzinfo = dt.UTC) -> CronExpression:
    """An expression as an engine reads it whose clock is in ``zone``. Raises ``CronError``."""
    if not text:
        raise CronError("empty", "A cron expression is not empty.", hint="Write one such as '0 1 * * *' or '@daily'.")
    if len(text.encode(errors="replace")) > engine.longest:
        raise CronError("length", f"A cron expression is not longer than {engine.longest} bytes.")
    zone, rest = split_zone(text, engine, zone)
    if rest.startswith("@"):
        return _parse_shorthand(text, rest, engine, zone)
    fields = [field for field in _BLANK.split(rest) if field]
    return CronExpression(text, engine, zone, fields=parse_fields(fields, engine))


def _parse_shorthand(text: str, rest: str, engine: Engine, zone: dt.tzinfo) -> CronExpression:
    if rest in _SHORTHANDS:
        return CronExpression(text, engine, zone, fields=parse_fields(_SHORTHANDS[rest].split(), engine))
    if engine.newer and rest in _NEVER:
        return CronExpression(text, engine, zone)
    if rest.startswith(_EVERY):
        return CronExpression(text, engine, zone, interval=_parse_interval(rest, engine))
    raise CronError(
        "descriptor",
        f"'{rest}' is no shorthand of a cron expression.",
        hint=f"Shorthands are {', '.join(_SHORTHANDS)} and @every with a duration; they are written small.",
    )


def _parse_interval(text: str, engine: Engine) -> dt.timedelta:
    """Whole seconds. The older engine makes a second of whatever is less."""
    try:
        seconds = parse_duration(text.removeprefix(_EVERY))
    except ValidationError as exc:
        raise CronError("duration", exc.message, hint=exc.hint) from exc
    if seconds < 1 and engine.newer:
        raise CronError("duration", f"'{text}' is too often: once a second is the most.")
    return dt.timedelta(seconds=max(1, int(seconds)))


__all__ = ("FIRST_MOMENT", "LAST_YEAR", "CronExpression", "parse_expression")
