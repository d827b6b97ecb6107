# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The alarm: how old the newest good backup of a schedule may be."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_check import check_schedule
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import ScheduleError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import parse_cron
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.schedule_lab import Lab

NOW = parse_rfc3339("2026-06-10T12:00:00Z")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def check(lab: Lab, schedule: str | None = None, **limits: t.Any) -> t.Any:
    before = lab.stored()
    times = parse_cron(schedule, "strict") if schedule else None
    try:
        return check_schedule("shop", lab.store, times=times, now=NOW, **limits)
    finally:
        assert lab.stored() == before


@pytest.mark.parametrize(
    ("made", "phase", "schedule", "max_age", "words"),
    [
        ("2026-06-10T00:00:05Z", "Completed", "@daily", None, ""),
        ("2026-06-09T00:00:05Z", "Completed", "@daily", None, ""),
        ("2026-06-08T00:00:05Z", "Completed", "@daily", None, "two times of the schedule have passed since"),
        ("2026-06-08T00:00:05Z", "Completed", "@weekly", None, ""),
        ("2026-06-08T00:00:05Z", "Completed", None, None, ""),
        ("2026-06-09T00:00:05Z", "Completed", "@daily", 26 * 3600, "35h59m55s ago; it may be 26h0m0s old at most"),
        ("2026-06-10T00:00:05Z", "Completed", None, 26 * 3600, ""),
        ("2026-06-10T00:00:05Z", "PartiallyFailed", "@daily", None, "'shop-20260610000005', is PartiallyFailed."),
    ],
)
def test_one_backup(lab: Lab, made: str, phase: str, schedule: str | None, max_age: float | None, words: str) -> None:
    name = "shop-" + "".join(char for char in made if char.isdigit())
    lab.put(name, made, phase=phase)
    if not words:
        assert check(lab, schedule, max_age=max_age).last_backup.name == name
        return
    with pytest.raises(ScheduleError) as raised:
        check(lab, schedule, max_age=max_age)
    assert words in raised.value.message
    assert "what should have run its task" in raised.value.sentence
    assert raised.value.details["last_backup"]["name"] == name


def test_one_that_failed_does_not_count(lab: Lab) -> None:
    lab.put("shop-20260607000005", "2026-06-07T00:00:05Z")
    lab.put("shop-20260610000005", "2026-06-10T00:00:05Z", phase="PartiallyFailed")
    with pytest.raises(ScheduleError, match="'shop-20260607000005', was made at"):
        check(lab, "@daily")
    assert check(lab).last_backup.name == "shop-20260610000005"


def test_nothing_at_all(lab: Lab) -> None:
    lab.put("shop-b-20260610000005", "2026-06-10T00:00:05Z", labels={"velero.io/schedule-name": "shop-b"})
    with pytest.raises(ScheduleError, match="There is no Completed backup of schedule 'shop'"):
        check(lab)


def test_the_location_knows_the_schedule(lab: Lab) -> None:
    lab.tick("@hourly", at="2026-06-09T10:00:00Z")
    with pytest.raises(ScheduleError, match="two times of the schedule"):
        check(lab)
    lab.tick("@hourly", at="2026-06-09T10:30:00Z", paused=True)
    assert check(lab).last_backup.name == "shop-20260609100000"


def test_it_works_where_nothing_may_be_written(lab: Lab, tmp_path: Path) -> None:
    lab.tick(at="2026-06-10T00:00:05Z")
    assert check(Lab(tmp_path, read_only=True), "@daily").running == ""


def test_a_schedule_that_nobody_knows(lab: Lab) -> None:
    with pytest.raises(ScheduleError) as caught:
        check(lab)
    assert "check its name, and bucket, prefix or path" in caught.value.sentence


def test_a_paused_schedule_is_told_of(lab: Lab) -> None:
    lab.tick(at="2026-06-08T11:00:00Z")
    lab.tick(paused=True)
    outcome = check(lab)
    assert outcome.next_run is None
    assert outcome.warnings == ("Schedule 'shop' is paused: no backups are made, and it is not late.",)
    with pytest.raises(ScheduleError, match="it may be 1h0m0s old at most") as raised:
        check(lab, max_age=3600)
    young = check(lab, max_age=10**7)
    assert young.warnings == ("Schedule 'shop' is paused: no backups are made.",)
    assert raised.value.sentence.endswith("It is paused: with 'paused: false' its task makes backups again.")
