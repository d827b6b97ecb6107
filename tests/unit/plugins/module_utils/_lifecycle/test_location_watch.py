# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a watched location tells, look by look."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_watch import LocationWatch, WatchRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import (
    ScheduleKeys,
    ScheduleRecord,
    write_record,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.watch_events import LocationEvent
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import STRICT
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import NOW, PruneLab

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def lab(tmp_path: Path) -> PruneLab:
    return PruneLab(tmp_path)


def watch(lab: PruneLab, **asked: t.Any) -> LocationWatch:
    return LocationWatch(lab.store, WatchRequest(**asked))


def record(lab: PruneLab, name: str, *, paused: bool = False, first_seen: dt.datetime | None = None) -> None:
    seen = first_seen or NOW - dt.timedelta(days=30)
    written = ScheduleRecord(first_seen=seen, schedule="0 2 * * *", dialect=STRICT, paused=paused)
    write_record(lab.store, ScheduleKeys(name), written)


def lock(lab: PruneLab, name: str, *, expires: dt.datetime) -> None:
    held = LockRecord("run-1", "node-7", 4711, expires - HOUR, expires, f"nonce of {expires}")
    lab.store.put(BackupKeys(name).write_lock, held.encode())


def told(events: list[LocationEvent]) -> list[tuple[str, str]]:
    """The kind of each, and the name of what it is about."""
    return [
        (event.kind, next((str(members.get("name", "")) for members in event.subject.values()), "")) for event in events
    ]


def test_a_backup_is_told_of_once_and_those_that_were_there_are_not(lab: PruneLab) -> None:
    lab.put("old", days=3)
    seen = watch(lab)
    assert told(seen.look(NOW)) == []
    lab.put("good", days=0.02)
    lab.put("half", days=0.01, phase="PartiallyFailed")
    lab.put("hollow", archive=False)
    assert told(seen.look(NOW)) == [
        ("backup_completed", "good"),
        ("backup_failed", "half"),
        ("backup_failed", "hollow"),
    ]
    assert told(seen.look(NOW)) == []


def test_what_ended_while_nobody_looked_is_told_of_by_lookback(lab: PruneLab) -> None:
    for name, days in (("a", 2.0), ("b", 0.5), ("c", 0.1)):
        lab.put(name, days=days)
    assert told(watch(lab, lookback=86400.0).look(NOW)) == [("backup_completed", "b"), ("backup_completed", "c")]


def test_a_backup_is_told_of_at_its_end(lab: PruneLab) -> None:
    seen = watch(lab)
    lab.put("shop-1", phase="Finalizing")
    assert told(seen.look(NOW)) == []
    lab.put("shop-1")
    assert told(seen.look(NOW + HOUR)) == [("backup_completed", "shop-1")]


def test_a_name_that_is_used_again_is_another_backup(lab: PruneLab) -> None:
    seen = watch(lab, lookback=1e6)
    lab.put("shop-1", days=1)
    assert told(seen.look(NOW)) == [("backup_completed", "shop-1")]
    lab.put("shop-1", days=0)
    assert told(seen.look(NOW)) == [("backup_completed", "shop-1")]


def test_a_backup_that_nobody_can_read_has_failed(lab: PruneLab) -> None:
    seen = watch(lab)
    seen.look(NOW)
    lab.put("shop-1")
    lab.store.put(BackupKeys("shop-1").metadata, b"{")
    (event,) = seen.look(NOW)
    assert (event.kind, bool(event.subject["backup"]["problem"])) == ("backup_failed", True)


def test_a_run_that_died_is_told_of_when_its_claim_is_over(lab: PruneLab) -> None:
    seen = watch(lab)
    far, past = dt.datetime.now(dt.UTC) + HOUR, dt.datetime.now(dt.UTC) - HOUR
    lock(lab, "shop-1", expires=far)
    assert told(seen.look(NOW)) == []
    lock(lab, "shop-1", expires=past)
    (event,) = seen.look(NOW)
    assert event.to_dict()["arkive"]["backup"]["host"] == "node-7"
    assert told([event]) == [("backup_died", "shop-1")]
    assert told(seen.look(NOW)) == []
    lock(lab, "shop-1", expires=past - HOUR)
    assert told(seen.look(NOW)) == [("backup_died", "shop-1")], "another run died of the same name"


def test_a_backup_that_its_server_left_is_told_of(lab: PruneLab) -> None:
    seen = watch(lab)
    lab.put("shop-1", phase="WaitingForPluginOperations", days=0.9)
    assert told(seen.look(NOW)) == []
    assert told(seen.look(NOW + 4 * HOUR)) == [("backup_died", "shop-1")]
    assert told(seen.look(NOW + 5 * HOUR)) == []


def test_a_schedule_is_missed_and_recovers(lab: PruneLab) -> None:
    record(lab, "shop")
    lab.put("shop-1", days=0.2)
    seen = watch(lab)
    assert told(seen.look(NOW)) == []
    later = NOW + 2 * 24 * HOUR
    (event,) = seen.look(later)
    assert told([event]) == [("schedule_missed", "shop")]
    schedule = event.to_dict()["arkive"]["schedule"]
    assert (schedule["good"], schedule["age_seconds"]) == ("shop-1", int(2.2 * 86400))
    assert told(seen.look(later)) == []
    lab.put("shop-2", days=-2)
    assert told(seen.look(later + HOUR)) == [("backup_completed", "shop-2"), ("schedule_recovered", "shop")]
    assert told(seen.look(later + HOUR)) == []


def test_a_state_that_is_there_at_the_first_look_is_told_of(lab: PruneLab) -> None:
    record(lab, "shop")
    lab.put("shop-1", days=5)
    assert told(watch(lab).look(NOW)) == [("schedule_missed", "shop")]


@pytest.mark.parametrize(
    ("paused", "age", "expected"),
    [(True, 30.0, []), (False, 0.5, []), (False, 3.0, [("schedule_missed", "shop")])],
    ids=["paused", "new", "never made one"],
)
def test_a_schedule_without_a_backup(lab: PruneLab, paused: bool, age: float, expected: list[tuple[str, str]]) -> None:
    record(lab, "shop", paused=paused, first_seen=NOW - dt.timedelta(days=age))
    assert told(watch(lab).look(NOW)) == expected


def test_a_schedule_that_is_asked_for_and_not_known_is_missed(lab: PruneLab) -> None:
    lab.put("shop-1")
    (event,) = watch(lab, schedules=("shpo",)).look(NOW)
    assert (event.kind, event.message) == (
        "schedule_missed",
        "The location knows no schedule 'shpo', and no backup of one.",
    )


def test_the_recovery_point_is_breached_and_recovers(lab: PruneLab) -> None:
    lab.put("shop-1", days=0.5)
    seen = watch(lab, max_age=26 * 3600.0)
    assert told(seen.look(NOW)) == []
    (event,) = seen.look(NOW + 24 * HOUR)
    assert told([event]) == [("rpo_breached", "shop")]
    assert event.message.endswith("it may be 26h0m0s old at most.")
    lab.put("shop-2", days=-1, phase="PartiallyFailed")
    assert told(seen.look(NOW + 25 * HOUR)) == [("backup_failed", "shop-2")]
    lab.put("shop-3", days=-1)
    assert told(seen.look(NOW + 25 * HOUR)) == [("backup_completed", "shop-3"), ("rpo_recovered", "shop")]


def test_a_location_that_fails_is_told_of_once_and_when_it_is_back(lab: PruneLab) -> None:
    seen = watch(lab)
    lab.put("shop-1")
    seen.look(NOW)
    place = Path(lab.store.location.describe.removeprefix("file://"))
    shutil.move(place, f"{place}.away")
    assert [told(seen.look(NOW)) for _look in range(3)] == [[], [("location_unavailable", "")], []]
    shutil.move(f"{place}.away", place)
    lab.put("shop-2")
    assert told(seen.look(NOW)) == [("location_available", ""), ("backup_completed", "shop-2")]


def test_one_look_that_fails_is_no_alarm_and_nothing_is_lost_by_it(lab: PruneLab) -> None:
    seen = watch(lab)
    seen.look(NOW)
    lab.put("shop-1")
    place = Path(lab.store.location.describe.removeprefix("file://"))
    shutil.move(place, f"{place}.away")
    assert told(seen.look(NOW)) == []
    shutil.move(f"{place}.away", place)
    assert told(seen.look(NOW)) == [("backup_completed", "shop-1")]


def test_only_the_events_that_are_asked_for(lab: PruneLab) -> None:
    record(lab, "late")
    seen = watch(lab, kinds=("backup_failed",))
    assert seen.look(NOW) == []
    lab.put("good")
    lab.put("bad", phase="Failed")
    assert told(seen.look(NOW)) == [("backup_failed", "bad")]


class Counting(StoreWrapper):
    """``gets``: what was read."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.gets: list[str] = []

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        self.gets.append(key)
        return self.inner.get(key, max_bytes=max_bytes)


def test_backups_that_are_known_are_not_read_again(lab: PruneLab) -> None:
    lab.put_days(40)
    store = Counting(lab.store)
    seen = LocationWatch(store, WatchRequest())
    seen.look(NOW)
    assert len([key for key in store.gets if key.endswith("velero-backup.json")]) == 40
    store.gets.clear()
    lab.put("new")
    seen.look(NOW)
    assert {key for key in store.gets if key.startswith("backups/")} == {BackupKeys("new").metadata}


def test_events_are_plain_values(lab: PruneLab) -> None:
    record(lab, "shop")
    lock(lab, "dead", expires=dt.datetime.now(dt.UTC) - HOUR)
    seen = watch(lab, max_age=1.0, lookback=1e9)
    lab.put("shop-1", days=9)
    events = [event.to_dict() for event in seen.look(NOW)]
    assert [event["arkive"]["event"] for event in events] == [
        "backup_completed",
        "backup_died",
        "schedule_missed",
        "rpo_breached",
    ]
    assert json.loads(json.dumps(events)) == events


def test_a_watch_that_is_cancelled_ends(lab: PruneLab) -> None:
    cancel = CancelToken()
    seen = LocationWatch(lab.store, WatchRequest(failed_looks=1), cancel)
    lab.put("shop-1")
    cancel.cancel("over")
    with pytest.raises(Cancelled):
        seen.look(NOW)
