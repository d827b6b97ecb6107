# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A year of looks, one each minute, against the times of Velero's two cron engines (``tests/golden/cron``)."""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import random
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.due import judge_due
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronTimes, parse_cron
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.schedule_lab import Lab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._velero.golden_cron import (
    CronCase,
    read_cases,
    told,
)

MINUTE = dt.timedelta(minutes=1)
TEXTS = (
    "0 1 * * *",
    "0 0 1 * 1",
    "CRON_TZ=America/New_York 30 2 * * *",
    "CRON_TZ=Europe/Berlin */20 1-3 * * *",
    "CRON_TZ=America/Santiago 0 0 * * *",
)
YEARS = {name: case for name, case in read_cases().items() if case.until and case.text in TEXTS}
#: The one engine is asked each minute, the other with hours that nobody looks, and clocks that are set back.
TROUBLED = {"velero-1.18.2": False, "velero-1.18.3": True}


class Remembered:
    """The same question is asked each minute."""

    def __init__(self, times: CronTimes) -> None:
        self.next_after = functools.lru_cache(maxsize=64)(times.next_after)


def golden_times(case: CronCase) -> list[dt.datetime]:
    """All times of the year: ours, once it is certain that they are those of the engine."""
    times = parse_cron(case.text, case.dialect, case.zone)
    assert told(times, case.base, case.until) == case.expected["output"]
    found: list[dt.datetime] = []
    moment = times.next_after(case.base)
    while moment is not None and case.until is not None and moment <= case.until:
        found.append(moment)
        moment = times.next_after(moment)
    return found


def looks(case: CronCase, chance: random.Random | None) -> t.Iterator[dt.datetime]:
    """Each minute; with ``chance`` nobody looks for hours now and then, and the clock is set back."""
    now, end = case.base, t.cast("dt.datetime", case.until)
    while now < end:
        yield now
        now += MINUTE
        if chance is None or chance.random() > 1 / 2_000:
            continue
        now += dt.timedelta(hours=chance.choice([-2, -1, 1, 5, 30, 200]))


@pytest.mark.parametrize("name", sorted(YEARS))
def test_a_backup_is_due_when_the_engine_says_so(name: str) -> None:
    case = YEARS[name]
    troubled = TROUBLED[case.dialect]
    golden = golden_times(case)
    times = t.cast("CronTimes", Remembered(parse_cron(case.text, case.dialect, case.zone)))
    assert len(YEARS) == 2 * len(TEXTS)
    newest, made = case.base, 0
    for now in looks(case, random.Random(name) if troubled else None):
        found = judge_due(times, now, newest=newest, skipped=None, first=case.base)
        # By the engine's times alone: one has passed since the newest backup.
        at = bisect.bisect_right(golden, newest)
        following = golden[at] if at < len(golden) else None
        is_due = following is not None and following < now
        assert (found.since is not None) is is_due, f"{now} after {newest}"
        if is_due:
            assert found.since == following
            newest, made = now, made + 1
    if not troubled:
        # None that comes within a minute of another is lost but those that come while its backup is made.
        assert made == sum(1 for moment in golden if moment < t.cast("dt.datetime", case.until) - MINUTE)
    assert made > 0


def test_a_year_of_two_tickers_that_look_once_an_hour(tmp_path: Path) -> None:
    """Both look at the location alone; what was missed makes one backup."""
    lab, chance = Lab(tmp_path), random.Random(7)
    text = "CRON_TZ=Europe/Berlin 30 2 * * *"
    times = parse_cron(text, "strict")
    now = last = lab.now
    lab.tick(text)
    for _hour in range(365 * 24):
        now += dt.timedelta(hours=1 if chance.random() > 1 / 300 else chance.randrange(2, 60))
        lab.now = now
        following = times.next_after(last)
        if following is None or following >= now:
            continue
        assert lab.tick(text).made is not None, rfc3339(now)
        assert lab.tick(text).made is None
        last = now
        if len(lab.made) > 120:
            break
    assert len(lab.made) == len(set(lab.made)) > 100
