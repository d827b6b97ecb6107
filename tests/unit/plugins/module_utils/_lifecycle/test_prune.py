# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections
import datetime as dt
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import hold_backup, release_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.verification import Verification
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.read_only import ReadOnlyStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Keeping, Listing, Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._catalog.moved_backups import (
    claim,
    put_moved,
    upload,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import (
    NOW,
    PruneLab,
    reasons,
    states,
)

_T = t.TypeVar("_T")


@pytest.fixture
def lab(tmp_path: Path) -> PruneLab:
    return PruneLab(tmp_path)


def test_what_has_expired_goes_with_all_that_is_of_it(lab: PruneLab) -> None:
    lab.put("shop-1", days=5, snapshots=["snap-1"])
    lab.put("shop-2", days=3)
    lab.put("shop-3", days=0.5, snapshots=["snap-3"])
    lab.put_restore("r1", "shop-1")
    lab.put_restore("r3", "shop-3")
    outcome = lab.prune()
    assert states(outcome) == {"shop-1": "deleted", "shop-2": "deleted", "shop-3": "kept"}
    assert lab.names() == ["shop-3"]
    assert lab.snapshots.there == {"snap-3"}
    assert lab.removed_objects == ["shop-1", "shop-2"]
    assert not [key for key in lab.stored() if key.startswith("restores/r1/")]
    assert [key for key in lab.stored() if key.startswith("restores/r3/")]
    assert outcome.changed
    assert outcome.to_return()["freed_bytes"] > 0
    assert [backup.snapshots for backup in outcome.backups] == [1, 0, 0]


@pytest.mark.parametrize("check_mode", [True, False])
def test_moved_data_that_only_objects_name_is_asked_about(lab: PruneLab, check_mode: bool) -> None:
    """Velero 1.12 writes no file about it (docs/compatibility 19.2). Check mode fails where the run would."""
    lab.put("shop-1", days=5)
    put_moved(lab.store, "shop-1", claim("a" * 32), upload("a" * 32, backup="shop-1"))
    document = json.loads(lab.store.get("backups/shop-1/velero-backup.json"))
    document["status"] |= {"startTimestamp": rfc3339(NOW), "expiration": rfc3339(NOW)}
    lab.store.put("backups/shop-1/velero-backup.json", json.dumps(document).encode())
    lab.now = NOW + dt.timedelta(days=1)
    [pruned] = lab.prune(check_mode=check_mode).backups
    assert (pruned.state, lab.names()) == ("failed", ["shop-1"])
    assert "records snapshots that would be left behind" in pruned.error


def test_a_second_run_finds_nothing_to_do(lab: PruneLab) -> None:
    lab.put_days(40)
    first = lab.prune(keep_daily=7, keep_weekly=2)
    assert first.changed
    left = lab.stored()
    second = lab.prune(keep_daily=7, keep_weekly=2)
    assert not second.changed
    assert lab.stored() == left


def test_check_mode_says_the_same_and_writes_nothing(lab: PruneLab) -> None:
    lab.put_days(30, snapshots=["s"])
    lab.put_restore("r1", "shop-029")
    before = lab.stored()
    planned = lab.prune(check_mode=True, keep_last=3)
    assert lab.stored() == before
    done = lab.prune(keep_last=3)
    assert planned.to_return() == done.to_return()


def test_without_rules_and_time_to_live_nothing_goes(lab: PruneLab) -> None:
    lab.put_days(5, ttl_days=None)
    assert set(states(lab.prune()).values()) == {"kept"}
    assert set(states(lab.prune(ttl="ignored")).values()) == {"kept"}
    assert reasons(lab.prune())["shop-004"] == ["it has no time to live"]


def test_rules_alone_decide_when_the_time_to_live_is_ignored(lab: PruneLab) -> None:
    names = lab.put_days(5, ttl_days=None)
    assert set(states(lab.prune(keep_last=2)).values()) == {"kept"}
    outcome = lab.prune(ttl="ignored", keep_last=2, apply_changes=True)
    assert outcome.to_return()["deleted"] == names[2:]


def test_each_schedule_is_a_series_and_backups_of_none_are_not(lab: PruneLab) -> None:
    for number in range(4):
        lab.put(f"a-{number}", days=number + 2, schedule="a")
        lab.put(f"a-b-{number}", days=number + 2, schedule="a-b")
        lab.put(f"by-hand-{number}", days=number + 2, schedule="")
    outcome = lab.prune(check_mode=True, keep_last=2)
    kept = [name for name, state in states(outcome).items() if state == "kept"]
    assert kept == ["a-0", "a-1", "a-b-0", "a-b-1"]
    grouped = lab.prune(check_mode=True, keep_last=2, on_demand="rules")
    assert [name for name, state in states(grouped).items() if state == "kept"] == [*kept, "by-hand-0", "by-hand-1"]
    only = lab.prune(check_mode=True, keep_last=2, schedules=("a",))
    assert sorted(states(only)) == ["a-0", "a-1", "a-2", "a-3"]


@pytest.mark.parametrize(("min_good", "kept"), [(0, 1), (1, 2), (3, 4), (9, 6)])
def test_so_many_good_ones_stay_whatever_is_said(lab: PruneLab, min_good: int, kept: int) -> None:
    """The newest nights failed: time to live would have left nothing."""
    for number in range(5):
        lab.put(f"good-{number}", days=10 + number)
    lab.put("broken", days=9, archive=False)
    lab.put("partial", days=0.5, phase="PartiallyFailed")
    outcome = lab.prune(min_good=min_good)
    assert list(states(outcome).values()).count("kept") == kept
    assert "broken" in outcome.to_return()["deleted"]


@pytest.mark.parametrize(
    ("min_good", "wanted", "kept"),
    [
        (1, False, ["good-0"]),
        (1, True, ["good-2"]),
        (2, True, ["good-2", "good-4"]),
        (3, True, ["good-0", "good-2", "good-4"]),
        (0, True, []),
    ],
)
def test_verified_ones_count_first(lab: PruneLab, min_good: int, wanted: bool, kept: list[str]) -> None:
    """A record of another backup of its name, and one that says that it is not sound, do not count."""
    for number in range(5):
        lab.put(f"good-{number}", days=10 + number)
        metadata = BackupKeys(f"good-{number}").metadata
        backup = json.loads(lab.store.get(metadata))
        backup["metadata"]["uid"] = f"u{number}"
        lab.store.put(metadata, json.dumps(backup).encode())
    for number, uid, sound in ((1, "u1", False), (2, "u2", True), (3, "other", True), (4, "u4", True)):
        found = Verification(uid=uid, verified=lab.now, sound=sound, percentage=100, snapshots=True)
        lab.store.put(BackupKeys(f"good-{number}").verified, json.dumps(found.to_dict()).encode())
    outcome = lab.prune(check_mode=True, min_good=min_good, min_good_verified=wanted, allow_empty_group=True)
    assert [name for name, state in states(outcome).items() if state == "kept"] == kept


@pytest.mark.parametrize(
    ("uid", "sound", "kept"), [("u1", True, "good-1"), ("u1", False, "good-0"), ("other", False, "good-1")]
)
def test_a_database_that_is_not_whole_makes_a_verified_one_count_no_more(
    lab: PruneLab, uid: str, sound: bool, kept: str
) -> None:
    for number in range(2):
        lab.put(f"good-{number}", days=10 + number)
    keys = BackupKeys("good-1")
    backup = json.loads(lab.store.get(keys.metadata))
    backup["metadata"]["uid"] = "u1"
    lab.store.put(keys.metadata, json.dumps(backup).encode())
    found = Verification(uid="u1", verified=lab.now, sound=True, percentage=100, snapshots=True)
    lab.store.put(keys.verified, json.dumps(found.to_dict()).encode())
    lab.store.put(keys.proofs, json.dumps({"uid": uid, "proofs": {"shop/db-0": {"sound": sound}}}).encode())
    outcome = lab.prune(check_mode=True, min_good=1, min_good_verified=True, allow_empty_group=True)
    assert [name for name, state in states(outcome).items() if state == "kept"] == [kept]


def test_failed_ones_have_a_rule_of_their_own(lab: PruneLab) -> None:
    lab.put("shop-good", days=9, ttl_days=100)
    lab.put("shop-f1", days=9, phase="Failed", ttl_days=100)
    lab.put("shop-f2", days=1, phase="FailedValidation", ttl_days=0.1)
    assert lab.prune(check_mode=True).to_return()["deleted"] == ["shop-f2"]
    assert lab.prune(check_mode=True, failed_ttl=3 * 86400.0).to_return()["deleted"] == ["shop-f1"]
    assert lab.prune(check_mode=True, ttl="ignored", keep_last=1).to_return()["deleted"] == []
    assert lab.prune(check_mode=True, ttl="ignored", keep_last=1, failed_ttl=0.0).to_return()["deleted"] == [
        "shop-f1",
        "shop-f2",
    ]


def test_a_failed_one_stands_for_no_period(lab: PruneLab) -> None:
    lab.put("shop-good", days=3.2)
    lab.put("shop-partial", days=3.1, phase="PartiallyFailed")
    lab.put("shop-failed", days=3, phase="Failed")
    lab.put("shop-only-partial", days=5, phase="PartiallyFailed")
    lab.put("shop-only-failed", days=6, phase="Failed")
    outcome = lab.prune(check_mode=True, keep_daily=3)
    kept = [name for name, state in states(outcome).items() if state == "kept"]
    assert kept == ["shop-good", "shop-only-partial"]


def test_a_schedule_keeps_its_last_backup(lab: PruneLab) -> None:
    lab.put("shop-1", days=5)
    lab.put("bank-1", days=5, schedule="bank")
    lab.put("bank-2", days=0.5, schedule="bank")
    outcome = lab.prune(min_good=0)
    assert outcome.refused == ("shop",)
    assert lab.names() == ["bank-2", "shop-1"]
    assert lab.prune(min_good=0, allow_empty_group=True).refused == ()
    assert lab.names() == ["bank-2"]


def test_what_is_held_stays_and_can_be_released(lab: PruneLab) -> None:
    lab.put("shop-1", days=5, snapshots=["s"])
    lab.put("shop-2")
    held = hold_backup(lab.store, "shop-1", reason="case 4711", by="legal")
    assert held.changed
    assert not hold_backup(lab.store, "shop-1").changed
    assert hold_backup(lab.store, "shop-1", reason="case 4712").after.by == "legal"  # type: ignore[union-attr]
    (why,) = reasons(lab.prune())["shop-1"]
    assert why.startswith("held by legal since ")
    assert "case 4712" in why
    with pytest.raises(ValidationError, match=r"is held by legal since .*, and stays"):
        delete_backup("shop-1", store=lab.store, providers=[lab.snapshots], force=True)
    assert lab.snapshots.there == {"s"}
    assert release_backup(lab.store, "shop-1").changed
    assert not release_backup(lab.store, "shop-1").changed
    lab.prune()
    assert lab.names() == ["shop-2"]


def test_a_hold_that_nobody_can_read_holds(lab: PruneLab) -> None:
    lab.put("shop-1", days=5)
    lab.put("shop-2")
    lab.store.put("backups/shop-1/shop-1-arkive-hold.json", b"]")
    assert states(lab.prune())["shop-1"] == "kept"


def test_a_hold_that_comes_after_the_plan_is_seen(lab: PruneLab) -> None:
    lab.put("shop-1", days=5, snapshots=["s"])
    lab.put("shop-2")

    class HoldsInBetween(StoreWrapper):
        """Somebody holds the backup right before the lock of its name is taken."""

        def put_if_absent(self, key: str, data: bytes) -> bool:
            if key.endswith("shop-1-arkive-claim.json"):
                self.inner.put("backups/shop-1/shop-1-arkive-hold.json", b'{"reason": "now"}')
            return super().put_if_absent(key, data)

    lab.store = HoldsInBetween(lab.store)
    outcome = lab.prune()
    assert states(outcome)["shop-1"] == "failed"
    assert "is held (now), and stays" in outcome.backups[0].error
    assert lab.snapshots.there == {"s"}


def test_a_change_of_the_rules_takes_effect_in_the_next_run(lab: PruneLab) -> None:
    names = lab.put_days(6)
    lab.prune(keep_last=5, ttl="ignored")
    assert lab.names() == names[:5]
    outcome = lab.prune(keep_last=2, ttl="ignored")
    assert not outcome.changed
    assert "goes in the next run" in reasons(outcome)["shop-004"][0]
    lab.prune(keep_last=2, ttl="ignored")
    assert lab.names() == names[:2]
    lab.prune(keep_last=1, ttl="ignored", apply_changes=True)
    assert lab.names() == names[:1]


def test_what_is_not_finished_unreadable_or_in_use_stays(lab: PruneLab) -> None:
    lab.put("shop-0")
    lab.put("shop-1", days=9, phase="InProgress")
    lab.put("shop-2", days=9)
    lab.store.put("backups/shop-2/velero-backup.json", b"{")
    lab.put("shop-3", days=9)
    lab.put_restore("r", "shop-3")
    lab.store.delete_many(["restores/r/restore-r-results.gz"])
    outcome = lab.prune()
    assert set(states(outcome).values()) == {"kept"}
    assert reasons(outcome)["shop-1"] == ["it is not finished: its phase is InProgress"]
    assert reasons(outcome)["shop-2"][0].startswith("nobody can say what it is: ")
    # The clock of the files is the real one.
    assert reasons(outcome)["shop-3"] == ["restore r from it is not finished"]


def test_a_backup_that_another_run_works_on_is_tried_again(lab: PruneLab) -> None:
    lab.put("shop-0")
    lab.put("shop-1", days=9)
    lock = WriteLock.acquire(lab.store, "backups/shop-1/shop-1-arkive-claim.json", run_id="other")
    outcome = lab.prune()
    assert states(outcome)["shop-1"] == "failed"
    assert "is in progress" in outcome.backups[1].error
    lock.release()
    assert states(lab.prune())["shop-1"] == "deleted"


def test_two_runs_at_once(lab: PruneLab) -> None:
    lab.put_days(3)
    lock = WriteLock.acquire(lab.store, "metadata/arkive/prune.lock", run_id="other")
    outcome = lab.prune()
    lock.release()
    assert not outcome.changed
    assert "Another run prunes" in outcome.warnings[0]
    assert len(lab.names()) == 3


def test_what_cannot_go_stays_listed_and_is_tried_again(lab: PruneLab) -> None:
    lab.put("shop-0")
    lab.put("shop-1", days=8, snapshots=["s1"])
    lab.put("shop-2", days=9, snapshots=["s2"])
    lab.snapshots.refuses = {"s1"}
    outcome = lab.prune()
    assert states(outcome) == {"shop-0": "kept", "shop-1": "failed", "shop-2": "deleted"}
    assert "It is in use" in outcome.backups[1].error
    assert lab.names() == ["shop-0", "shop-1"]
    lab.snapshots.refuses = set()
    lab.prune()
    assert lab.names() == ["shop-0"]
    assert lab.snapshots.there == set()


def test_a_read_only_location_is_not_pruned(lab: PruneLab, tmp_path: Path) -> None:
    lab.put_days(3)
    before = lab.stored()
    lab.store = ReadOnlyStore(LocalStore(LocalLocation(path=str(tmp_path / "location"), read_only=True)))
    for check_mode in (False, True):
        with pytest.raises(StoreError, match="is read-only"):
            lab.prune(check_mode=check_mode)
    assert lab.stored() == before


def test_a_store_that_is_gone_ends_the_run(lab: PruneLab) -> None:
    names = lab.put_days(5)

    class Gone(StoreWrapper):
        """Nobody answers deletes any more."""

        def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
            if operation == "delete_many":
                raise StoreError("The store cannot be reached.", failure="unreachable")
            return super().around(operation, key, request)

    inner, lab.store = lab.store, Gone(lab.store)
    outcome = lab.prune(request={"leftovers": "found"})
    assert [backup.error.partition(":")[0] for backup in outcome.failed[1:]] == ["It was not tried"] * 3
    lab.store = inner
    lab.prune()
    assert lab.names() == names[:1]


class LockedBucket(StoreWrapper):
    """One with object lock: ``locked`` files do not go. ``asked``: what was asked of single backups, by operation."""

    def __init__(self, inner: Store, *locked: str) -> None:
        super().__init__(inner)
        self.asked: list[tuple[str, str]] = []
        self._locked = locked

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        if prefix.count("/") > 1:
            self.asked.append(("list", prefix))
        return self.inner.list(prefix, delimiter)

    def keeping(self) -> Keeping:
        return Keeping(versions=True, locks=True)

    def locked(self, key: str) -> str:
        self.asked.append(("locked", key))
        return "until tomorrow" if key.endswith(self._locked) else ""


@pytest.mark.parametrize("check_mode", [False, True])
def test_under_object_lock_nothing_is_asked_twice(lab: PruneLab, check_mode: bool) -> None:
    """What is to go is listed once, and each of its files is asked about once; what stays is not looked at."""
    names = lab.put_days(4)
    bucket = lab.store = LockedBucket(lab.store, "shop-002.tar.gz")
    outcome = lab.prune(check_mode=check_mode)
    assert states(outcome) == dict(zip(names, ["kept", "deleted", "kept", "deleted"], strict=True))
    assert reasons(outcome)["shop-002"] == ["it is locked in the storage: shop-002.tar.gz until tomorrow"]
    stays = [asked for asked in bucket.asked if "shop-002" in asked[1] or "shop-000" in asked[1]]
    files = [f"backups/shop-002/{file}" for file in ("shop-002.tar.gz", "velero-backup.json")]
    assert sorted(stays) == [("list", "backups/shop-002/"), *(("locked", file) for file in files)]
    assert max(count for asked, count in collections.Counter(bucket.asked).items() if asked[0] == "locked") == 1


def test_a_schedule_that_has_no_backup_is_told_of(lab: PruneLab) -> None:
    lab.put_days(3)
    said = lab.prune(schedules=("shopp",), keep_last=1).warnings
    assert [sentence.partition(" in ")[0] for sentence in said] == ["There is no backup of schedule 'shopp'"]
    assert lab.prune(schedules=("shop",), keep_last=1).warnings == ()


def test_a_location_without_backups_is_told_of(lab: PruneLab) -> None:
    assert "check its bucket, prefix or path" in lab.prune(keep_last=1).warnings[0]
    assert lab.stored() == []
