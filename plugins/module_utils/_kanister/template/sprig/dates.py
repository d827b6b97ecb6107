# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions of times."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration, parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.moments import (
    ZERO,
    Moment,
    format_moment,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.reading import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.zones import UTC, zone_of
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import is_integer

_HTML = "2006-01-02"
_NANOS = 1_000_000_000


def _now(run: Run) -> Moment:
    return Moment.of_python(run.now)


def _moment(run: Run, value: t.Any) -> Moment:
    """A time, or the seconds of one; anything else, a text as well, means now."""
    if isinstance(value, Moment):
        return value
    return Moment(int(value)) if is_integer(value) else _now(run)


def _date(run: Run, layout: str, value: t.Any) -> str:
    return format_moment(_moment(run, value).moved_to(UTC), layout)


def _date_in_zone(run: Run, layout: str, value: t.Any, zone: str) -> str:
    return format_moment(_moment(run, value).moved_to(zone_of(zone)), layout)


def _html_date(run: Run, value: t.Any) -> str:
    return _date(run, _HTML, value)


def _html_date_in_zone(run: Run, value: t.Any, zone: str) -> str:
    return _date_in_zone(run, _HTML, value, zone)


def _modify(duration: str, moment: Moment) -> Moment:
    """What is no duration changes nothing."""
    try:
        return moment.plus(round(parse_duration(duration) * _NANOS))
    except ValidationError:
        return moment


def _ago(run: Run, value: t.Any) -> str:
    since, now = _moment(run, value), _now(run)
    nanos = (now.seconds - since.seconds) * _NANOS + now.nanos - since.nanos
    sign = -1 if nanos < 0 else 1
    return format_duration(sign * float((abs(nanos) + _NANOS // 2) // _NANOS))


def _to_date(layout: str, text: str) -> Moment:
    """What does not fit the layout is the first second of the year 1."""
    return read_moment(layout, text) or ZERO


DATE_FUNCTIONS = table(
    function("now", _now, with_run=True),
    function("date", _date, "string any", with_run=True),
    function("dateInZone", _date_in_zone, "string any string", with_run=True),
    function("date_in_zone", _date_in_zone, "string any string", with_run=True),
    function("htmlDate", _html_date, "any", with_run=True),
    function("htmlDateInZone", _html_date_in_zone, "any string", with_run=True),
    function("dateModify", _modify, "string time"),
    function("date_modify", _modify, "string time"),
    function("ago", _ago, "any", with_run=True),
    function("toDate", _to_date, "string string"),
    function("unixEpoch", lambda moment: str(moment.seconds), "time"),
)

__all__ = ("DATE_FUNCTIONS",)
