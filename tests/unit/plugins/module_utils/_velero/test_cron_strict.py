# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our own dialect: what it refuses, and what it does when clocks are changed."""

from __future__ import annotations

import datetime as dt
import re
import time
import zoneinfo

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronError, parse_cron


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("0 0 1 * 1", "differs", "both at once"),
        ("0 0 */2 * 1", "differs", "both at once"),
        ("0 0 * * 7", "range", "Only velero-1.18.3 takes '0 0 * * 7'"),
        ("0 22-2 * * *", "range", "Only velero-1.18.3"),
        ("*/60 * * * *", "step", "Only velero-1.18.2"),
        ("0 0 * * 1/2", "differs", "do not read"),
        ("@every 500ms", "duration", "Only velero-1.18.2"),
        ("@triggered", "descriptor", "Only velero-1.18.3"),
        ("0 0 30 2 *", "never", "no such time"),
        ("0 0 31 4,6 *", "never", "no such time"),
        (", * * * *", "value", "not valid"),
        ("*-5 * * * *", "value", "not valid"),
        ("+5 * * * *", "value", "not valid"),
        ("CRON_TZ=Nowhere/Land 0 1 * * *", "zone", "Nowhere/Land"),
        ("0 0 1 * * *", "fields", "five fields"),
    ],
)
def test_refuses(text: str, kind: str, words: str) -> None:
    with pytest.raises(CronError, match=re.escape(words)) as raised:
        parse_cron(text, "strict")
    assert raised.value.kind == kind
    assert raised.value.message.endswith(".")


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        # The clock goes from 02:00 to 03:00 on 8 March, and from 02:00 back to 01:00 on 1 November.
        ("CRON_TZ=America/New_York 30 2 * * *", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z 2026-03-09T06:30:00Z"),
        ("CRON_TZ=America/New_York 0,30 2 * * *", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z 2026-03-09T06:00:00Z"),
        ("CRON_TZ=America/New_York 30 1 * * *", "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z 2026-11-02T06:30:00Z"),
        ("CRON_TZ=America/New_York 0 * * * *", "2026-11-01T04:30:00Z", "2026-11-01T05:00:00Z 2026-11-01T06:00:00Z"),
        ("CRON_TZ=America/New_York 30 * * * *", "2026-03-08T06:10:00Z", "2026-03-08T06:30:00Z 2026-03-08T07:30:00Z"),
        ("CRON_TZ=Europe/Berlin 0 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z"),
        # Midnight of 6 September is skipped.
        ("CRON_TZ=America/Santiago @daily", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z 2026-09-07T03:00:00Z"),
        ("CRON_TZ=Australia/Lord_Howe 15 2 * * *", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z"),
        # 30 December 2011 never was; Velero's engines would never return.
        (
            "CRON_TZ=Pacific/Apia 0 12 * * *",
            "2011-12-29T12:00:00Z",
            "2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z",
        ),
        ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
        ("@every 1h30m", "2026-01-01T00:00:30.5Z", "2026-01-01T01:30:30Z 2026-01-01T03:00:30Z"),
    ],
)
def test_times(text: str, after: str, expected: str) -> None:
    times = parse_cron(text, "strict")
    moment: dt.datetime | None = parse_rfc3339(after)
    for each in expected.split():
        assert moment is not None
        moment = times.next_after(moment)
        assert moment is not None
        assert rfc3339(moment) == each


def test_each_time_of_a_year_is_after_the_one_before() -> None:
    times = parse_cron("CRON_TZ=Europe/Berlin 30 0-5 * * *", "strict")
    moment, end, count = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC), 0
    while (following := times.next_after(moment)) is not None and following < end:
        assert following > moment
        moment, count = following, count + 1
    # 02:30 of 29 March comes at 03:00, and 02:30 of 25 October once.
    assert count == 365 * 6


@pytest.mark.parametrize("dialect", ["velero-1.18.2", "velero-1.18.3"])
@pytest.mark.parametrize("text", ["0 0 30 2 *", ", * * * *", "* , * * *", "0 0 * , *", "@every 2562047h"])
def test_what_never_comes_takes_no_time(text: str, dialect: str) -> None:
    begun = time.process_time()
    times = parse_cron(text, dialect)
    times.next_after(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert times.next_after(dt.datetime(9999, 12, 31, tzinfo=dt.UTC)) is None
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("dialect", ["velero-1.18.2", "velero-1.18.3"])
def test_a_day_that_never_was_ends(dialect: str) -> None:
    times = parse_cron("0 12 30 12 *", dialect, zoneinfo.ZoneInfo("Pacific/Apia"))
    assert times.next_after(dt.datetime(2011, 12, 28, tzinfo=dt.UTC)) == dt.datetime(2012, 12, 29, 22, tzinfo=dt.UTC)


def test_an_unknown_dialect_is_named() -> None:
    with pytest.raises(CronError, match="'vixie' is no dialect"):
        parse_cron("@daily", "vixie")
