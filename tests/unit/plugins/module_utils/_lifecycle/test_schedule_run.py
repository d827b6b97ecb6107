# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a schedule: what is due is made, once, by what the location says."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import ScheduleKeys
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import parse_cron
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys, check_top_level
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.schedule_lab import Lab, minutes

RECORD = "metadata/arkive/schedules/shop.json"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_the_first_backup_is_made_at_once_and_the_next_after_its_time(lab: Lab) -> None:
    first = lab.tick(at="2026-06-01T12:00:00Z")
    assert (first.changed, first.name, first.missed) == (True, "shop-20260601120000", 0)
    assert first.to_return()["due_since"] == "2026-06-01T12:00:00Z"
    assert first.to_return()["next_run"] == "2026-06-02T00:00:00Z"
    backup = json.loads(lab.store.get(BackupKeys(first.name).metadata))
    assert backup["metadata"]["labels"] == {"velero.io/schedule-name": "shop"}

    # As with Velero: not at its time, but after it.
    for moment in ("2026-06-01T12:00:01Z", "2026-06-01T23:59:59Z", "2026-06-02T00:00:00Z"):
        outcome = lab.tick(at=moment)
        assert (outcome.changed, outcome.due_since) == (False, None)
        assert outcome.to_return()["last_backup"] == {
            "name": "shop-20260601120000",
            "made": "2026-06-01T12:00:00Z",
            "phase": "Completed",
        }
    assert lab.tick(at="2026-06-02T00:00:01Z").name == "shop-20260602000001"


def test_the_location_has_a_record_and_stays_one_of_velero(lab: Lab) -> None:
    lab.tick()
    record = json.loads(lab.store.get(RECORD))
    assert record == {
        "firstSeen": "2026-06-01T12:00:00Z",
        "schedule": "@daily",
        "dialect": "strict",
        "paused": False,
        "lastSkipped": None,
    }
    kept = "backups/shop-20260601120000/"
    assert lab.stored() == [f"{kept}shop-20260601120000.tar.gz", f"{kept}velero-backup.json", RECORD]
    check_top_level(lab.store.list("", "/").prefixes)


def test_what_others_wrote_into_the_record_stays(lab: Lab) -> None:
    lab.tick()
    lab.store.put(RECORD, json.dumps(json.loads(lab.store.get(RECORD)) | {"retention": {"keepLast": 3}}).encode())
    assert lab.tick("@weekly").changed
    record = json.loads(lab.store.get(RECORD))
    assert (record["schedule"], record["retention"]) == ("@weekly", {"keepLast": 3})
    assert not lab.tick("@weekly").changed


def test_times_that_were_missed_make_one_backup(lab: Lab) -> None:
    lab.tick("@hourly", at="2026-06-01T12:30:00Z")
    outcome = lab.tick("@hourly", at="2026-06-03T12:30:00Z")
    assert outcome.to_return()["due_since"] == "2026-06-01T13:00:00Z"
    assert outcome.missed == 48
    assert not lab.tick("@hourly", at="2026-06-03T12:31:00Z").changed
    assert lab.made == ["shop-20260601123000", "shop-20260603123000"]


def test_another_machine_knows_what_was_made_without_the_record(lab: Lab) -> None:
    lab.tick()
    lab.store.delete_many([RECORD])
    outcome = lab.tick(at="2026-06-01T13:00:00Z")
    assert outcome.recorded
    assert outcome.made is None


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("shop-b-20260601115900", {"velero.io/schedule-name": "shop-b"}),
        ("shop-20260601115900", {"velero.io/schedule-name": "shop-b"}),
        ("shop-20260601115900", {}),
        ("shop-20260601", {"velero.io/schedule-name": "shop"}),
        ("xshop-20260601115900", {"velero.io/schedule-name": "shop"}),
        ("shop-20260601115900-20260601115900", {"velero.io/schedule-name": "shop-20260601115900"}),
    ],
)
def test_backups_of_others_are_not_mistaken_for_its_own(lab: Lab, name: str, labels: dict[str, str]) -> None:
    lab.put(name, "2026-06-01T11:59:00Z", labels=labels)
    assert lab.tick(at="2026-06-01T12:00:00Z").name == "shop-20260601120000"


def test_two_schedules_of_a_location_go_their_own_ways(lab: Lab) -> None:
    lab.tick(name="a-b", at="2026-06-01T12:00:00Z")
    assert lab.tick(name="a", at="2026-06-01T12:00:01Z").name == "a-20260601120001"
    assert not lab.tick(name="a-b", at="2026-06-01T12:00:02Z").changed
    assert len(lab.made) == 2


def test_only_the_newest_backups_are_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 29):
        lab.put(f"shop-202605{day:02}000000", f"2026-05-{day:02}T00:00:00Z")
    read = []
    get = lab.store.get
    monkeypatch.setattr(lab.store, "get", lambda key, **means: read.append(key) or get(key, **means))
    lab.tick(check_mode=True)
    assert [key for key in read if key.startswith("backups/")] == ["backups/shop-20260528000000/velero-backup.json"]


@pytest.mark.parametrize("phase", ["PartiallyFailed", "Failed"])
def test_a_backup_that_failed_was_made(lab: Lab, phase: str) -> None:
    lab.put("shop-20260601110000", "2026-06-01T11:00:00Z", phase=phase)
    assert lab.tick(at="2026-06-01T12:00:00Z").made is None


def test_a_backup_that_is_being_made_is_not_overtaken(lab: Lab) -> None:
    lab.put("shop-20260531000001", "2026-05-31T00:00:01Z")
    lock = WriteLock.acquire(lab.store, BackupKeys("shop-20260601000001").write_lock, run_id="r")
    try:
        outcome = lab.tick(at="2026-06-01T12:00:00Z")
    finally:
        lock.release()
    assert outcome.made is None
    assert outcome.running == "shop-20260601000001"
    assert "waits for 'shop-20260601000001'" in outcome.warnings[0]
    assert lab.tick(at="2026-06-01T12:00:00Z").made is not None


def test_so_is_one_of_a_server(lab: Lab) -> None:
    lab.put("shop-20260531130000", "2026-05-31T13:00:00Z", phase="WaitingForPluginOperations")
    assert lab.tick(at="2026-06-01T12:00:00Z").running == "shop-20260531130000"
    assert lab.made == []


@pytest.mark.parametrize("phase", ["Finalizing", "New", ""])
def test_one_that_a_server_has_left_stops_the_schedule_for_a_day_at_most(lab: Lab, phase: str) -> None:
    lab.put("shop-20260530000001", "2026-05-30T00:00:01Z", phase=phase)
    outcome = lab.tick(at="2026-06-01T12:00:00Z")
    assert (outcome.running, len(lab.made)) == ("", 1)
    assert "nobody waits for it any more" in outcome.warnings[0]


@pytest.mark.parametrize(
    "text", ["@daily", "@every 1h", "CRON_TZ=America/New_York 0 1 * * *", "CRON_TZ=Asia/Tokyo @daily"]
)
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("where", ["backup", "skip", "first seen"])
def test_moments_at_the_ends_of_time(lab: Lab, text: str, moment: str, where: str) -> None:
    if where == "backup":
        lab.put("shop-20260530000001", moment)
    else:
        known = {"firstSeen": "2026-05-01T00:00:00Z", "schedule": text, "dialect": "strict"}
        known |= {"lastSkipped": moment} if where == "skip" else {"firstSeen": moment}
        lab.store.put("metadata/arkive/schedules/shop.json", json.dumps(known).encode())
    lab.tick(text, at="2026-06-01T12:00:00Z")
    assert len(lab.made) == 1


@pytest.mark.parametrize(("ahead", "is_made"), [(60, False), (31536000, True)])
def test_a_lock_of_a_clock_that_was_wrong(lab: Lab, ahead: int, is_made: bool) -> None:
    """It counts from when it was written, as one that nobody can read."""
    key, now = "metadata/arkive/schedules/shop.lock", utc_now()
    lab.store.put(key, LockRecord.make("r", "elsewhere", 1, now, ahead).encode())
    written = now.timestamp() - 300
    os.utime(lab.path / key, (written, written))
    assert bool(lab.tick().made) is is_made


def test_of_many_at_the_same_time_one_makes_it(lab: Lab) -> None:
    gate, outcomes = threading.Barrier(6), []

    def run() -> None:
        gate.wait()
        outcomes.append(lab.tick())

    threads = [threading.Thread(target=run) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lab.made == ["shop-20260601120000"]
    assert [outcome.made is not None for outcome in outcomes].count(True) == 1
    assert ScheduleKeys("shop").write_lock not in lab.stored()


def test_one_that_finds_another_at_work_says_so(lab: Lab) -> None:
    lock = WriteLock.acquire(lab.store, ScheduleKeys("shop").write_lock, run_id="other")
    try:
        outcome = lab.tick()
    finally:
        lock.release()
    assert not outcome.changed
    assert "Another run sees to schedule 'shop': run other" in outcome.warnings[-1]
    assert lab.made == []


def test_a_backup_that_could_not_be_made_is_due_still(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_request: object) -> None:
        raise ArkiveError("The cluster is gone.")

    with monkeypatch.context() as patched:
        patched.setattr(lab, "make", fail)
        with pytest.raises(ArkiveError, match="gone"):
            lab.tick()
    assert ScheduleKeys("shop").write_lock not in lab.stored()
    assert lab.tick().made is not None


def test_check_mode_writes_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "put", lambda *_given, **_means: {})
    outcome = lab.tick(check_mode=True)
    assert outcome.changed
    assert outcome.recorded
    assert lab.made == ["shop-20260601120000"]
    assert lab.stored() == []


def test_a_read_only_location_is_refused(tmp_path: Path) -> None:
    for check_mode in (False, True):
        with pytest.raises(StoreError, match="read-only"):
            Lab(tmp_path, read_only=True).tick(check_mode=check_mode)
    assert list(tmp_path.rglob("*.json")) == []


def test_paused(lab: Lab) -> None:
    outcome = lab.tick(paused=True)
    assert (outcome.recorded, outcome.made, outcome.next_run) == (True, None, None)
    assert not lab.tick(paused=True, at="2026-06-09T12:00:00Z").changed
    assert lab.tick(at="2026-06-09T12:00:00Z").made is not None


def test_skip_immediately_skips_each_time_when_it_begins(lab: Lab) -> None:
    first = lab.tick(skip_immediately=True, at="2026-06-01T12:00:00Z")
    assert (first.made, first.record["lastSkipped"]) == (None, "2026-06-01T12:00:00Z")
    assert lab.tick(skip_immediately=True, at="2026-06-01T23:00:00Z").made is None
    assert lab.tick(skip_immediately=True, at="2026-06-02T00:00:01Z").made is not None
    lab.tick(skip_immediately=True, paused=True, at="2026-06-03T00:00:01Z")
    again = lab.tick(skip_immediately=True, at="2026-06-09T12:00:00Z")
    assert (again.made, again.record["lastSkipped"]) == (None, "2026-06-09T12:00:00Z")
    assert lab.tick(skip_immediately=True, at="2026-06-10T00:00:01Z").made is not None


def test_a_clock_that_goes_back(lab: Lab) -> None:
    """An hour is no reason for a second backup; one from the year after does not keep a schedule from running."""
    lab.tick("@daily", at="2026-06-02T00:10:00Z")
    assert not lab.tick("@daily", at="2026-06-02T00:06:00Z").changed
    lab.put("shop-20270101000000", "2027-01-01T00:00:00Z")
    outcome = lab.tick("@daily", at="2026-06-03T00:10:00Z")
    assert outcome.made is not None
    assert "still to come" in outcome.warnings[0]
    assert not lab.tick("@daily", at="2026-06-03T00:20:00Z").changed


def test_a_damaged_record_is_said_and_written_anew(lab: Lab) -> None:
    lab.tick()
    lab.store.put(RECORD, b"[")
    outcome = lab.tick()
    assert outcome.recorded
    assert outcome.made is None
    assert "is damaged" in outcome.warnings[0]
    assert json.loads(lab.store.get(RECORD))["schedule"] == "@daily"


@pytest.mark.parametrize("dialect", ["strict", "velero-1.18.2", "velero-1.18.3"])
def test_what_never_comes_is_refused(lab: Lab, dialect: str) -> None:
    with pytest.raises(ValidationError, match=r"no such time|would never run"):
        lab.tick("0 0 30 2 *", dialect=dialect)
    assert lab.stored() == []


@pytest.mark.parametrize("name", ["", "Shop", "a/b", "../a", "x" * 239])
def test_names_that_no_schedule_can_have(lab: Lab, name: str) -> None:
    with pytest.raises(ValidationError):
        lab.tick(name=name)


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-20T00:10:00Z"),
        ("CRON_TZ=America/New_York 30 1 * * *", "2026-10-25T00:10:00Z"),
    ],
)
def test_weeks_of_looks_make_a_backup_for_each_time(lab: Lab, text: str, begin: str) -> None:
    """Every half hour is looked at, but for two days on which nobody did, and summer time begins or ends meanwhile."""
    lab.tick(text, at=begin)
    times, last, expected = parse_cron(text, "strict"), lab.now, 1
    begun = lab.now
    while lab.now < begun + dt.timedelta(days=14):
        lab.now += minutes(30)
        if lab.now.day in (24, 27):
            continue
        following = times.next_after(last)
        assert following is not None
        is_due = following < lab.now
        assert (lab.tick(text).made is not None) is is_due, rfc3339(lab.now)
        if is_due:
            last, expected = lab.now, expected + 1
    assert len(lab.made) == len(set(lab.made)) == expected == 15


def test_a_schedule_without_an_expression(lab: Lab) -> None:
    with pytest.raises(ValidationError, match="Schedule 'shop' does not say when backups are made"):
        lab.tick("")
    assert lab.stored() == []
