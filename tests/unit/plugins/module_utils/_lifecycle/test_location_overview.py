# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a location says of its schedules, and of what retention deletes next."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import hold_backup
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_overview import (
    LocationOverview,
    overview_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import (
    ScheduleKeys,
    ScheduleRecord,
    write_record,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import STRICT
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import NOW, PruneLab


@pytest.fixture
def lab(tmp_path: Path) -> PruneLab:
    return PruneLab(tmp_path)


def record(lab: PruneLab, name: str, *, schedule: str = "0 2 * * *", paused: bool = False) -> None:
    written = ScheduleRecord(first_seen=NOW - dt.timedelta(days=30), schedule=schedule, dialect=STRICT, paused=paused)
    write_record(lab.store, ScheduleKeys(name), written)


def look(lab: PruneLab) -> LocationOverview:
    return overview_of(lab.store, now=NOW)


def promises(lab: PruneLab) -> dict[str, tuple[str, str]]:
    return {
        schedule.name: (schedule.promise, schedule.good.name if schedule.good else "")
        for schedule in look(lab).schedules
    }


def test_promises_kept_broken_paused_and_unknown(lab: PruneLab) -> None:
    for name, days, paused in (("kept", 1, False), ("late", 3, False), ("paused", 9, True)):
        lab.put(f"{name}-1", schedule=name, days=days)
        record(lab, name, paused=paused)
    lab.put("of-velero-1", schedule="velero")
    record(lab, "never")
    assert promises(lab) == {
        "kept": ("kept", "kept-1"),
        "late": ("broken", "late-1"),
        "never": ("broken", ""),
        "paused": ("paused", "paused-1"),
        "velero": ("unknown", "of-velero-1"),
    }


def test_only_what_can_be_restored_keeps_a_promise(lab: PruneLab) -> None:
    record(lab, "shop")
    lab.put("shop-1", days=4)
    lab.put("shop-2", days=0.2, phase="PartiallyFailed")
    lab.put("shop-3", days=0.1, archive=False)
    (schedule,) = look(lab).schedules
    assert schedule.to_return() == {
        "name": "shop",
        "promise": "broken",
        "schedule": "0 2 * * *",
        "dialect": STRICT,
        "newest": "shop-3",
        "newest_phase": "Completed",
        "newest_made": "2026-11-28T09:36:00Z",
        "good": "shop-1",
        "good_made": "2026-11-24T12:00:00Z",
        "late_at": "2026-11-26T02:00:00Z",
        "problem": "",
    }


def test_a_backup_that_is_still_to_come_keeps_no_promise(lab: PruneLab) -> None:
    record(lab, "shop")
    lab.put("shop-1", days=4)
    lab.put("shop-2", days=-9)
    assert promises(lab) == {"shop": ("broken", "shop-1")}


def test_a_record_that_nobody_can_read_is_told(lab: PruneLab) -> None:
    lab.store.put(ScheduleKeys("shop").record, b"{")
    record(lab, "wrong", schedule="every day")
    problems = {schedule.name: schedule.problem for schedule in look(lab).schedules}
    assert "is damaged" in problems["shop"]
    assert problems["wrong"]


def test_a_long_name_stands_shortened_in_labels(lab: PruneLab) -> None:
    name = "s" * 70
    record(lab, name)
    lab.put("a", schedule="s" * 57 + "f8f9d6")
    found = promises(lab)
    assert len(found) in (1, 2)
    assert found[name][0] in ("kept", "broken")


def test_what_goes_next_by_the_rules_of_the_last_run(lab: PruneLab) -> None:
    names = lab.put_days(5, ttl_days=1)
    lab.put("young", schedule="other", ttl_days=3)
    found = {each["name"]: each for each in look(lab).verdicts_to_return()}
    assert [name for name, each in found.items() if each["goes"]] == names[1:]
    assert found["young"]["by_ttl"]
    lab.put("shop-held", days=9)
    hold_backup(lab.store, "shop-held", by="legal")
    lab.prune(keep_last=5)
    found = {each["name"]: each for each in look(lab).verdicts_to_return()}
    assert not [name for name, each in found.items() if each["goes"]]
    assert not found["young"]["by_ttl"]
    assert not found["shop-held"]["by_ttl"]
    assert list(look(lab).held()) == ["shop-held"]
