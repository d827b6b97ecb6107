# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time zones of cron expressions, and the wall clock as Go computes with it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_dialects import CronError, Engine

_PREFIXES = ("TZ=", "CRON_TZ=")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
#: What the newer engine takes as a zone's name.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9/_+:-]{1,64}")
#: What Go counts as blank.
BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def split_zone(text: str, engine: Engine, default: dt.tzinfo) -> tuple[dt.tzinfo, str]:
    """The zone that an expression begins with, or the default, and the rest of it. Raises ``CronError``."""
    if not text.startswith(_PREFIXES):
        return default, text
    prefix, blank, rest = text.partition(" ")
    name = prefix.partition("=")[2]
    if not blank:
        raise CronError("zone", f"There is nothing after the time zone in '{text}'.")
    if engine.newer:
        name = name[1:-1] if _QUOTED.fullmatch(name) else name
        if not rest.strip(BLANKS):
            raise CronError("zone", f"There is nothing after the time zone in '{text}'.")
        if not _PLAIN_NAME.fullmatch(name):
            raise CronError(
                "zone", f"'{name}' is not the name of a time zone.", hint="Write one such as Europe/Berlin."
            )
    return load_zone(name, default), rest.strip(BLANKS)


def load_zone(name: str, local: dt.tzinfo) -> dt.tzinfo:
    """As Go's ``LoadLocation``: no name is UTC, and ``Local`` the zone of who asks."""
    if name in ("", "UTC"):
        return dt.UTC
    if name == "Local":
        return local
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise CronError(
            "zone",
            f"There is no time zone '{name}' on this machine.",
            hint="Write its name as in Europe/Berlin; where none is found, install the package tzdata.",
        ) from exc


def on_the_wall(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """What the clock on the wall shows, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def go_date(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The moment, in UTC, that Go's ``time.Date`` makes of what a clock shows, also when it never shows that."""
    as_utc = wall.replace(tzinfo=dt.UTC)
    return as_utc - _offset(as_utc - _offset(as_utc, zone), zone)


def first_moment(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """When a clock shows this for the first time; when it never does, the moment in which it skips it."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (1, 0))
    if on_the_wall(late, zone) == wall:
        return late
    before = _offset(early, zone)
    while late - early > dt.timedelta(seconds=1):
        middle = early + (late - early) // dt.timedelta(seconds=2) * dt.timedelta(seconds=1)
        early, late = (middle, late) if _offset(middle, zone) == before else (early, middle)
    return late


def _offset(moment: dt.datetime, zone: dt.tzinfo) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()


__all__ = ("BLANKS", "first_moment", "go_date", "load_zone", "on_the_wall", "split_zone")
