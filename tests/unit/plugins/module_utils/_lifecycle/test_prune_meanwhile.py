# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention and holds while something else happens, and what a location holds that nobody should have put there."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import (
    Hold,
    hold_backup,
    read_hold,
    release_backup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.verification import read_verification
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_record import PRUNE_LOCK
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    WriteLock,
    WriteLockHeld,
    read_write_lock,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.killed_prune import (
    Killer,
    finish,
    furnish,
    killed,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import (
    PruneLab,
    reasons,
    states,
)


@pytest.fixture
def lab(tmp_path: Path) -> PruneLab:
    return PruneLab(tmp_path)


class LostAnswer(StoreWrapper):
    """The delete of that number has its effect, and nobody hears of it."""

    def __init__(self, inner: Store, at: int) -> None:
        super().__init__(inner)
        self.deletes, self._at = 0, at

    def delete_many(self, keys: t.Iterable[str]) -> None:
        self.deletes += 1
        self.inner.delete_many(keys)
        if self.deletes == self._at:
            raise StoreError("The answer was lost.", failure="timeout")


@pytest.mark.parametrize("snapshots", [(), ("s1",)])
def test_a_delete_whose_answer_is_lost_is_gone_on_with(tmp_path: Path, snapshots: t.Sequence[str]) -> None:
    at, deletes = 0, 1
    while at < deletes:
        at += 1
        (tmp_path / str(at)).mkdir()
        lab = PruneLab(tmp_path / str(at))
        lab.put("shop-0")
        lab.put("shop-1", days=8, snapshots=snapshots)
        whole, lost = lab.store, LostAnswer(lab.store, at)
        lab.store = lost
        lab.prune()
        lab.store, deletes = whole, lost.deletes
        lab.prune(request={"leftovers": "removed"})
        assert lab.names() == ["shop-0"], at
        assert lab.snapshots.there == set(), at


def test_snapshots_of_which_nobody_has_heard_keep_the_note(lab: PruneLab) -> None:
    lab.put("shop-0")
    lab.put("shop-1", days=8, snapshots=["s1", "s2"])

    def refuse_the_second() -> None:
        if len(lab.snapshots.there) == 1:
            raise StoreError("The API server is gone.", failure="other")

    lab.snapshots.before_delete = refuse_the_second
    assert states(lab.prune())["shop-1"] == "failed"
    found = Catalog(lab.store).entry("shop-1")
    assert found is not None
    assert found.deleting


def test_check_mode_sees_that_another_run_prunes(lab: PruneLab) -> None:
    lab.put_days(3)
    with WriteLock.acquire(lab.store, PRUNE_LOCK, run_id="other"):
        would, done = lab.prune(check_mode=True), lab.prune()
    assert would == done
    assert not done.changed


def test_check_mode_of_a_hold_sees_that_another_run_works_on_it(lab: PruneLab) -> None:
    lab.put("shop-0")
    said = []
    with WriteLock.acquire(lab.store, BackupKeys("shop-0").write_lock, run_id="other"):
        for check_mode in (True, False):
            with pytest.raises(WriteLockHeld) as refused:
                hold_backup(lab.store, "shop-0", check_mode=check_mode)
            said.append(refused.value.message)
    assert said[0] == said[1]


def test_two_holds_at_once_lose_no_word(lab: PruneLab) -> None:
    lab.put("shop-0")

    class HeldMeanwhile(StoreWrapper):
        held = False

        def put_if_absent(self, key: str, data: bytes) -> bool:
            if not self.held:
                self.held = True
                hold_backup(self.inner, "shop-0", reason="case 4711", by="legal")
            return self.inner.put_if_absent(key, data)

    outcome = hold_backup(HeldMeanwhile(lab.store), "shop-0", by="audit")
    found = read_hold(lab.store, "shop-0")
    assert found is not None
    assert (found.reason, found.by) == ("case 4711", "audit")
    assert outcome.before is not None
    assert outcome.before.by == "legal"


def test_a_restore_that_begins_in_the_middle_keeps_its_backup(lab: PruneLab) -> None:
    lab.put_days(4)

    def begin_restore(backup: t.Mapping[str, t.Any]) -> list[str]:
        if backup["metadata"]["name"] == "shop-001":
            record = {"restore": {"spec": {"backupName": "shop-002"}, "status": {"phase": "InProgress"}}}
            lab.store.put("restores/r9/r9-arkive.json.gz", gzip_json(record))
        return []

    outcome = lab.prune(request={"remove_objects": begin_restore})
    assert states(outcome) == {"shop-000": "kept", "shop-001": "deleted", "shop-002": "kept", "shop-003": "deleted"}
    assert reasons(outcome)["shop-002"] == ["restore r9 from it is not finished"]
    found = Catalog(lab.store).entry("shop-002")
    assert found is not None
    assert not found.deleting


@pytest.mark.parametrize("name", ["BAD", "a_b", "a b", "a..b", "ü"])
@pytest.mark.parametrize("suffix", ["", "-arkive-hold.json", "-arkive-deletion.json", "-arkive-claim.json"])
@pytest.mark.parametrize("has_object", [True, False])
def test_a_name_that_no_backup_can_have_holds_up_nothing(
    lab: PruneLab, name: str, suffix: str, has_object: bool
) -> None:
    files = [*(["velero-backup.json"] if has_object else []), *([f"{name}{suffix}"] if suffix else ["else"])]
    for file in files:
        lab.store.put(f"backups/{name}/{file}", b"{}")
    lab.put_days(3)

    def states_of_others(outcome: PruneOutcome) -> dict[str, str]:
        return {backup: state for backup, state in states(outcome).items() if backup != name}

    would = lab.prune(check_mode=True, request={"leftovers": "removed"})
    done = lab.prune(request={"leftovers": "removed"}, min_good_verified=True)
    assert states_of_others(would) == states_of_others(done)
    assert states_of_others(done) == {"shop-000": "kept", "shop-001": "deleted", "shop-002": "deleted"}
    assert states(done).get(name, "kept") == "kept"
    assert not [leftover for leftover in done.leftovers if not leftover.name]
    assert not lab.prune().changed
    assert {f"backups/{name}/{file}" for file in files} <= set(lab.stored())
    list_backups(lab.store)
    delete_backup("shop-000", store=lab.store, providers=())


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize("started", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_at_the_end_of_the_calendar_holds_up_no_other(lab: PruneLab, zone: str, started: str) -> None:
    lab.put_days(4)
    lab.put("odd")
    key = BackupKeys("odd").metadata
    backup = json.loads(lab.store.get(key, max_bytes=1 << 20))
    backup["status"]["startTimestamp"] = started
    lab.store.put(key, json.dumps(backup).encode())
    outcome = lab.prune(keep_daily=3, keep_yearly=1, zone=zone)
    assert states(outcome)["shop-003"] == "deleted"
    assert "failed" not in states(outcome).values()


@pytest.mark.parametrize("percentage", ["1e999", "-1e999", "NaN", '"x"', "null", "[]"])
def test_a_record_of_a_verification_with_no_number(lab: PruneLab, percentage: str) -> None:
    record = f'{{"uid": "u", "verified": "2026-11-28T12:00:00Z", "sound": true, "percentage": {percentage}}}'
    lab.put("shop-0")
    lab.store.put(BackupKeys("shop-0").verified, record.encode())
    assert read_verification(lab.store, "shop-0") is None


def test_a_hold_of_wrong_types_holds_and_can_be_released(lab: PruneLab) -> None:
    lab.put_days(2)
    for record in ("[]", "null", "7", '{"reason": {"a": [1e999]}, "by": true, "since": []}', '"\\ud800"', ""):
        lab.store.put(BackupKeys("shop-001").hold, record.encode())
        assert isinstance(read_hold(lab.store, "shop-001"), Hold)
        assert states(lab.prune())["shop-001"] == "kept"
        assert release_backup(lab.store, "shop-001").changed


def let_tickets_end(store: Store) -> None:
    """What a run that died had sent last may still arrive, so that the next one waits as long as a lock lasts."""
    for info in store.list().objects:
        if "-takeover-" in info.key:
            record = read_write_lock(store, info.key)
            assert record is not None
            store.put(info.key, record.renewed(utc_now(), 0).encode())


@pytest.mark.parametrize("first", [4, 9])
def test_killed_again_while_it_makes_up_for_being_killed(tmp_path: Path, first: int) -> None:
    second, was_killed = 0, True
    while was_killed:
        second += 1
        (tmp_path / str(second)).mkdir()
        lab = PruneLab(tmp_path / str(second))
        furnish(lab)
        assert killed(lab, Killer(first, after=False))
        was_killed = killed(lab, Killer(second, after=False))
        let_tickets_end(lab.store)
        finish(lab)
    assert second > 5
