# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention of backups with moved data: one pod for many of them, and the right end whatever goes wrong.

The rules of the deletion of one backup hold for each of many (guide "Retention", "What goes with a backup"): a note
before anything goes, and what another backup records stays (docs/compatibility 19.4).
"""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_deletions import MOST_BEGUN, MOST_SNAPSHOTS
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Listing, Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys, RestoreKeys
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.forgetting import MOST_IDS
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.killed_prune import (
    KilledStore,
    Killer,
    is_killed,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.moved_prune_lab import MovedPruneLab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import reasons, states

_T = t.TypeVar("_T")
_CHANGES = frozenset({"put", "put_if_absent", "delete_many"})


@pytest.fixture
def make_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[], MovedPruneLab]:
    made: list[MovedPruneLab] = []

    def make() -> MovedPruneLab:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(MovedPruneLab(folder, monkeypatch))
        return made[-1]

    return make


@pytest.fixture
def lab(make_lab: t.Callable[[], MovedPruneLab]) -> MovedPruneLab:
    return make_lab()


def furnish(lab: MovedPruneLab) -> None:
    """One stays, and shares a snapshot with one that goes; two that go share one; one that goes has none."""
    lab.put_moved("shop-0", ("shop", "a0"), ("shop", "kept"), days=0)
    lab.put_moved("shop-1", ("shop", "a1"), ("shop", "kept"))
    lab.put_moved("shop-2", ("shop", "a2"), ("web", "w2"))
    lab.put_moved("shop-3", ("shop", "a3"), ("shop", "shared"))
    lab.put_moved("shop-4", ("shop", "shared"))
    lab.put_moved("shop-5")


def furnish_few(lab: MovedPruneLab) -> None:
    """Each relation that ``furnish`` has, among as few backups as can have them."""
    lab.put_moved("shop-0", ("shop", "a0"), ("shop", "kept"), days=0)
    lab.put_moved("shop-1", ("shop", "a1"), ("shop", "kept"), ("shop", "shared"))
    lab.put_moved("shop-2", ("shop", "shared"), ("web", "w2"))


def require_end(lab: MovedPruneLab) -> None:
    assert lab.names() == ["shop-0"]
    assert lab.repositories.there == {("shop", "a0"), ("shop", "kept")}


def require_no_claim(lab: MovedPruneLab) -> None:
    """And nobody renews one."""
    assert not [key for key in lab.stored() if key.endswith("-claim.json")]
    assert "arkive-write-lock" not in {thread.name for thread in threading.enumerate()}


def test_one_pod_for_each_repository(lab: MovedPruneLab) -> None:
    furnish(lab)
    outcome = lab.prune_moved()
    assert states(outcome) == {"shop-0": "kept"} | {f"shop-{number}": "deleted" for number in range(1, 6)}
    assert [backup.snapshots for backup in outcome.backups] == [0, 1, 2, 1, 1, 0]
    assert lab.repositories.pods == [("shop", ("a1", "a2", "a3", "shared")), ("web", ("w2",))]
    require_end(lab)
    assert not lab.prune_moved().changed


def test_check_mode_asks_no_pod_and_says_what_the_run_does(lab: MovedPruneLab) -> None:
    furnish(lab)
    stored = lab.stored()
    would = lab.prune_moved(check_mode=True)
    assert (lab.stored(), lab.repositories.pods) == (stored, [])
    done = lab.prune_moved()
    assert [backup.to_return() for backup in would.backups] == [backup.to_return() for backup in done.backups]


@pytest.mark.parametrize(
    ("backups", "snapshots", "pods"),
    [
        pytest.param(MOST_BEGUN, 1, [MOST_BEGUN], id="as many backups as may have begun"),
        pytest.param(MOST_BEGUN + 1, 1, [MOST_BEGUN, 1], id="one more backup"),
        pytest.param(5, MOST_SNAPSHOTS // 5, [MOST_SNAPSHOTS], id="as many snapshots as a pod takes"),
        pytest.param(3, 20, [40, 20], id="a backup whose snapshots are too much waits for the next pod"),
        pytest.param(2, MOST_SNAPSHOTS + 1, [MOST_SNAPSHOTS + 1] * 2, id="a backup with too many by itself"),
    ],
)
def test_a_pod_is_asked_for_no_more_than_it_can_answer(
    lab: MovedPruneLab, backups: int, snapshots: int, pods: list[int]
) -> None:
    lab.put_moved("shop-000", days=0)
    for number in range(1, backups + 1):
        lab.put_moved(f"shop-{number:03}", *(("shop", f"s{number}x{each}") for each in range(snapshots)))
    assert set(states(lab.prune_moved()).values()) == {"kept", "deleted"}
    assert [len(ids) for _namespace, ids in lab.repositories.pods] == pods
    assert (lab.names(), lab.repositories.there) == (["shop-000"], set())


def test_what_one_pod_is_asked_for_is_what_one_is_made_for() -> None:
    assert MOST_SNAPSHOTS == MOST_IDS


@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_is_said_to_stay_that_another_one_takes_along(lab: MovedPruneLab, *, check_mode: bool) -> None:
    furnish(lab)
    said = [warning for warning in lab.prune_moved(check_mode=check_mode).warnings if "stays" in warning]
    assert [warning.partition(": ")[2] for warning in said] == ["backup 'shop-0' records it as well."]


def test_what_stays_with_one_that_could_not_go_is_told(lab: MovedPruneLab) -> None:
    furnish(lab)
    lab.repositories.refusals["shared"] = "The pod could not."
    said = [warning for warning in lab.prune_moved().warnings if "stays" in warning]
    assert {warning.partition(": ")[2] for warning in said} == {
        "backup 'shop-0' records it as well.",
        "backup 'shop-4' records it as well.",
    }


def test_progress_says_what_is_waited_for(lab: MovedPruneLab) -> None:
    furnish(lab)
    said: list[str] = []
    lab.progress = said.append
    lab.prune_moved()
    assert "takes 5 snapshots of 4 backups out of repositories" in said


def test_one_that_cannot_be_forgotten_keeps_its_own_backup_alone(lab: MovedPruneLab) -> None:
    furnish(lab)
    lab.repositories.refusals["a2"] = "The pod could not."
    outcome = lab.prune_moved()
    assert states(outcome) == {"shop-0": "kept", "shop-2": "failed"} | dict.fromkeys(
        ["shop-1", "shop-3", "shop-4", "shop-5"], "deleted"
    )
    (failed,) = outcome.failed
    assert "The pod could not" in failed.error
    assert failed.snapshots == 1, "that in the other repository is gone"
    lab.require_consistent()
    assert len(lab.repositories.pods) == 2, "nothing is asked for twice"
    lab.repositories.refusals.clear()
    assert lab.prune_moved().to_return()["deleted"] == ["shop-2"]
    require_end(lab)


def test_one_that_shares_and_cannot_begin_keeps_what_is_shared(lab: MovedPruneLab) -> None:
    """Somebody holds it meanwhile: what the other would have taken along is named by it."""
    furnish(lab)
    lab.store = On(
        lab.store,
        lambda operation, key: operation == "put" and key == BackupKeys("shop-3").deletion,
        lambda inner: inner.put(BackupKeys("shop-4").hold, b"{}"),
    )
    outcome = lab.prune_moved()
    assert states(outcome)["shop-3"] == "deleted"
    assert states(outcome)["shop-4"] == "failed"
    assert ("shop", "shared") in lab.repositories.there
    lab.require_consistent()


def test_in_a_full_storage_one_goes_at_once_and_leaves_what_it_shares(lab: MovedPruneLab) -> None:
    """The other has begun, and stays after all."""
    furnish(lab)
    _begin_now(lab)

    def fill(inner: Store) -> t.NoReturn:
        _begin_restore(inner, "shop-3")
        raise StoreError("It is full.", failure="full")

    lab.store = On(lab.store, lambda operation, key: operation == "put" and key == BackupKeys("shop-4").deletion, fill)
    outcome = lab.prune_moved()
    assert (states(outcome)["shop-3"], states(outcome)["shop-4"]) == ("kept", "failed")
    assert {("shop", "a3"), ("shop", "shared")} <= lab.repositories.there
    lab.require_consistent()
    lab.store.delete_many([RestoreKeys("r").arkive_record])
    lab.prune_moved()
    require_end(lab)


def _begin_now(lab: MovedPruneLab) -> None:
    """Restores that may run have begun within a day: backups of before that, by this machine's clock."""
    lab.now = utc_now()
    for name in lab.names():
        lab.put_moved(name, *lab.recorded[name], days=0 if name == "shop-0" else 8)


def _begin_restore(store: Store, backup: str) -> None:
    record = {"restore": {"spec": {"backupName": backup}, "status": {"phase": "InProgress"}}}
    store.put(RestoreKeys("r").arkive_record, gzip_json(record))


def test_in_a_full_storage_a_restore_that_has_begun_meanwhile_keeps_its_backup(lab: MovedPruneLab) -> None:
    """There is no room for a claim of its name either."""
    furnish(lab)
    _begin_now(lab)

    def fill(inner: Store) -> t.NoReturn:
        _begin_restore(inner, "shop-4")
        raise StoreError("It is full.", failure="full")

    claim = BackupKeys("shop-4").write_lock
    lab.store = On(lab.store, lambda operation, key: operation == "put_if_absent" and key == claim, fill)
    outcome = lab.prune_moved()
    assert states(outcome)["shop-4"] == "kept"
    assert reasons(outcome)["shop-4"] == ["restore r from it is not finished"]
    assert ("shop", "shared") in lab.repositories.there
    lab.require_consistent()


def test_one_that_goes_at_once_and_does_not_leaves_no_claim(lab: MovedPruneLab) -> None:
    """Its note has no room, and who else records its snapshots cannot be asked."""
    furnish(lab)
    note = BackupKeys("shop-4").deletion

    def fill(_inner: Store) -> t.NoReturn:
        raise StoreError("It is full.", failure="full")

    full = On(lab.store, lambda operation, key: operation == "put" and key == note, fill)
    # Restores are listed first.
    restores = On(full, lambda operation, _key: operation == "list" and full.is_done, lambda _inner: None)
    failing = On(restores, lambda operation, _key: operation == "list" and restores.is_done, _fail)
    lab.store = failing
    outcome = lab.prune_moved()
    assert failing.is_done
    assert states(outcome)["shop-4"] == "failed"
    require_no_claim(lab)
    lab.require_consistent()
    lab.prune_moved()
    require_end(lab)


def _fail(_inner: Store) -> t.NoReturn:
    raise StoreError("It fails.", failure="other")


def test_a_copy_that_is_made_meanwhile_keeps_its_snapshot(lab: MovedPruneLab) -> None:
    """Somebody copies the files of a backup under another name while others begin."""
    furnish(lab)

    def copy(inner: Store) -> None:
        lab.store = inner
        lab.put_moved("copy-of-2", ("web", "w2"), days=0)

    lab.store = On(lab.store, lambda operation, key: operation == "put" and key == BackupKeys("shop-4").deletion, copy)
    outcome = lab.prune_moved()
    (failed,) = outcome.failed
    assert failed.name == "shop-2"
    assert "backup 'copy-of-2' records it as well" in failed.error
    assert ("web", "w2") in lab.repositories.there
    lab.require_consistent()
    assert lab.prune_moved().to_return()["deleted"] == ["shop-2"]
    assert lab.repositories.there == {("shop", "a0"), ("shop", "kept"), ("web", "w2")}


def test_a_restore_that_begins_meanwhile_keeps_its_backup(lab: MovedPruneLab) -> None:
    """And what it shares with another that goes, which goes with the next run."""
    furnish(lab)
    _begin_now(lab)
    lab.store = On(
        lab.store,
        lambda operation, key: operation == "put" and key == BackupKeys("shop-4").deletion,
        lambda inner: _begin_restore(inner, "shop-3"),
    )
    outcome = lab.prune_moved()
    assert states(outcome) == {"shop-0": "kept", "shop-3": "kept", "shop-4": "failed"} | dict.fromkeys(
        ["shop-1", "shop-2", "shop-5"], "deleted"
    )
    assert reasons(outcome)["shop-3"] == ["restore r from it is not finished"]
    assert "backup 'shop-3' records it as well" in outcome.failed[0].error
    assert {("shop", "a3"), ("shop", "shared")} <= lab.repositories.there
    lab.require_consistent()
    assert not Catalog(lab.store).entry("shop-3").deleting  # type: ignore[union-attr]
    lab.store.delete_many([RestoreKeys("r").arkive_record])
    lab.prune_moved()
    require_end(lab)


def test_one_whose_deletion_has_begun_waits_for_a_restore_too(lab: MovedPruneLab) -> None:
    """A run that died has left its note: what it has not lost yet is read all the same."""
    furnish(lab)
    _begin_now(lab)
    lab.store.put(BackupKeys("shop-1").deletion, b"{}")
    lab.store.put(BackupKeys("shop-2").deletion, b"{}")
    _begin_restore(lab.store, "shop-1")
    outcome = lab.prune_moved()
    assert (states(outcome)["shop-1"], states(outcome)["shop-2"]) == ("kept", "deleted")
    assert reasons(outcome)["shop-1"] == ["restore r from it is not finished"]
    assert lab.repositories.there == {("shop", "a0"), ("shop", "kept"), ("shop", "a1")}
    lab.store.delete_many([RestoreKeys("r").arkive_record])
    assert lab.prune_moved().to_return()["deleted"] == ["shop-1"]
    require_end(lab)


def test_a_run_that_is_cancelled_before_a_pod_leaves_all_as_it_was(lab: MovedPruneLab) -> None:
    furnish(lab)
    stored = lab.stored()

    def cancel(_inner: Store) -> t.NoReturn:
        raise Cancelled("The run was cancelled.")

    lab.store = On(
        lab.store, lambda operation, key: operation == "put" and key == BackupKeys("shop-3").deletion, cancel
    )
    with pytest.raises(Cancelled) as raised:
        lab.prune_moved()
    assert raised.value.details["changed"] is False
    assert (lab.stored(), lab.repositories.pods) == (stored, [])


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_run_that_is_cancelled_while_a_pod_works_leaves_notes(lab: MovedPruneLab, number: int) -> None:
    furnish(lab)
    asked: list[int] = []

    def cancel() -> None:
        asked.append(1)
        if len(asked) >= number:
            lab.cancel.cancel("by a test")
            lab.cancel.check()

    lab.repositories.before_each = cancel
    with pytest.raises(Cancelled) as raised:
        lab.prune_moved()
    assert raised.value.details["changed"] is True
    lab.require_consistent()
    require_no_claim(lab)
    lab.repositories.before_each, lab.cancel = (lambda: None), CancelToken()
    lab.prune_moved()
    require_end(lab)


def test_a_run_that_is_cancelled_after_the_pods_goes_no_further(lab: MovedPruneLab) -> None:
    """What they have taken out is gone: each backup has its note, and the run says so."""
    furnish(lab)
    metadata = BackupKeys("shop-1").metadata
    lab.store = On(
        lab.store,
        lambda operation, key: operation == "exists" and key == metadata and bool(lab.repositories.pods),
        lambda _inner: lab.cancel.cancel("by a test"),
    )
    with pytest.raises(Cancelled) as raised:
        lab.prune_moved()
    assert (raised.value.details["changed"], raised.value.details["deleted"]) == (True, ["shop-1", "shop-5"])
    assert "The deletion of shop-2, shop-3, shop-4 has begun" in (raised.value.hint or "")
    assert lab.names() == ["shop-0", "shop-2", "shop-3", "shop-4"]
    lab.require_consistent()
    require_no_claim(lab)
    lab.cancel = CancelToken()
    lab.prune_moved()
    require_end(lab)


def test_a_pod_that_dies_leaves_notes(lab: MovedPruneLab) -> None:
    """Nobody knows what it has done: each may have lost a snapshot, and says so until the next run."""
    furnish(lab)
    _die_at(lab, 3)
    outcome = lab.prune_moved()
    assert [backup.name for backup in outcome.failed] == ["shop-1", "shop-2", "shop-3", "shop-4"]
    assert all("The pod has died" in backup.error for backup in outcome.failed)
    entries = {entry.name: entry for entry in Catalog(lab.store).entries()}
    assert [entries[backup.name].deleting for backup in outcome.failed] == [True] * 4
    assert not [key for key in lab.stored() if key.endswith("-claim.json")]
    lab.repositories.before_each = lambda: None
    lab.prune_moved()
    require_end(lab)


def test_whoever_has_lost_the_claim_of_a_name_deletes_no_file(
    lab: MovedPruneLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that stood still while a pod worked: another run may have the name by now."""
    from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock

    furnish(lab)
    lost = property(lambda lock: "shop-2" in lock.key and bool(lab.repositories.pods))
    monkeypatch.setattr(WriteLock, "is_lost", lost)
    outcome = lab.prune_moved()
    (failed,) = outcome.failed
    assert "the claim of its name was lost" in failed.error
    assert (failed.name, failed.snapshots) == ("shop-2", 2)
    assert set(Catalog(lab.store).entry("shop-2").files) > {"velero-backup.json"}  # type: ignore[union-attr]


def test_one_that_a_velero_server_has_deleted_meanwhile_is_deleted(
    lab: MovedPruneLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It removes the whole directory, with the claim in it: its garbage collection takes the same backups."""
    from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock

    furnish(lab)
    directory = BackupKeys("shop-2").directory
    lost = property(lambda lock: "shop-2" in lock.key and bool(lab.repositories.pods))
    monkeypatch.setattr(WriteLock, "is_lost", lost)

    def delete_all() -> None:
        lab.store.delete_many([info.key for info in lab.store.list(directory).objects])

    lab.repositories.before_each = delete_all
    outcome = lab.prune_moved()
    assert states(outcome) == {"shop-0": "kept"} | {f"shop-{number}": "deleted" for number in range(1, 6)}
    assert "shop-2" not in lab.removed_objects, "they may be those of another one by now"
    require_end(lab)


class On(StoreWrapper):
    """``what`` is done to the store before the first request that ``meets`` names."""

    def __init__(self, inner: Store, meets: t.Callable[[str, str], bool], what: t.Callable[[Store], object]) -> None:
        super().__init__(inner)
        self._meets, self._what, self.is_done = meets, what, False

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        if not self.is_done and self._meets(operation, key):
            self.is_done = True
            self._what(self.inner)
        return super().around(operation, key, request)


class Failing(StoreWrapper):
    """The request of that number fails, of those after the first claim of a backup's name.

    ``after``: changes alone, which have had their effect. ``for_good``: all that follow, too.
    """

    def __init__(self, inner: Store, at: int, *, after: bool, for_good: bool) -> None:
        super().__init__(inner)
        self.requests, self.failures = 0, 0
        self._at, self._after, self._for_good = at, after, for_good
        self._counting = threading.Lock()

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        return self._request(key, lambda: super(Failing, self).around(operation, key, request), operation in _CHANGES)

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        return self._request("", lambda: self.inner.list(prefix, delimiter), False)

    def delete_many(self, keys: t.Iterable[str]) -> None:
        wanted = tuple(keys)
        self._request("", lambda: self.inner.delete_many(wanted), True)

    def _request(self, key: str, request: t.Callable[[], _T], is_change: bool) -> _T:
        with self._counting:
            counts = is_change or not self._after
            if counts and (self.requests or (key.startswith("backups/") and key.endswith("-claim.json"))):
                self.requests += 1
            is_reached = self.requests >= self._at if self._for_good else self.requests == self._at
            fails = counts and bool(self.requests) and is_reached
            self.failures += fails
        if fails and not self._after:
            raise StoreError("It fails.", failure="unreachable" if self._for_good else "other")
        found = request()
        if fails:
            raise StoreError("The answer is lost.", failure="other")
        return found


def _die_at(lab: MovedPruneLab, number: int) -> None:
    """The pods die at the snapshot of that number, and every later one."""
    asked: list[int] = []

    def die() -> None:
        asked.append(1)
        if len(asked) >= number:
            raise MoverError("The pod has died.")

    lab.repositories.before_each = die


@pytest.mark.parametrize(
    ("after", "for_good"),
    [
        pytest.param(False, False, id="one fails"),
        pytest.param(False, True, id="the storage is away from then on"),
        pytest.param(True, False, id="one change is made, and nobody hears of it"),
    ],
)
def test_each_request_in_turn_fails(make_lab: t.Callable[[], MovedPruneLab], *, after: bool, for_good: bool) -> None:
    """Nothing that is kept loses a snapshot, and the next run comes to the right end.

    A storage that is away is so from every third request on: those between are alike.
    """
    lab = make_lab()
    furnish_few(lab)
    counted = Failing(lab.store, 0, after=after, for_good=False)
    lab.store = counted
    lab.prune_moved(request={"leftovers": "ignored"})
    requests, met = counted.requests, 0
    require_end(lab)
    assert requests > 15
    for at in range(1, requests + 1, 3 if for_good else 1):
        lab = make_lab()
        furnish_few(lab)
        whole, failing = lab.store, Failing(lab.store, at, after=after, for_good=for_good)
        lab.store = failing
        outcome = lab.prune_moved(request={"leftovers": "ignored"})
        lab.store = whole
        met += bool(outcome.failed)
        assert failing.failures
        lab.require_consistent()
        if for_good or after:
            # A storage that does not answer keeps claims until they end, and so does a claim that nobody heard of.
            whole.delete_many([key for key in lab.stored() if key.endswith((".lock", "-claim.json"))])
        lab.prune_moved(request={"leftovers": "removed"})
        require_end(lab)
    assert met


@pytest.mark.parametrize("number", range(1, 6))
def test_a_pod_dies_at_each_snapshot(lab: MovedPruneLab, number: int) -> None:
    furnish(lab)
    _die_at(lab, number)
    assert lab.prune_moved().failed
    lab.require_consistent()
    lab.repositories.before_each = lambda: None
    lab.prune_moved()
    require_end(lab)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_step(make_lab: t.Callable[[], MovedPruneLab], *, after: bool) -> None:
    step, died = 0, True
    while died:
        step += 1
        lab = make_lab()
        furnish(lab)
        died = _killed(lab, Killer(step, after=after))
        lab.require_consistent()
        outcome = lab.prune_moved(request={"leftovers": "removed"})
        assert not outcome.failed
        require_end(lab)
    assert step > 40


def _killed(lab: MovedPruneLab, killer: Killer) -> bool:
    """Run in a process of its own; whether it was killed."""

    def run() -> None:
        lab.store = KilledStore(lab.store, killer)
        lab.repositories.before_each = killer.step
        lab.prune_moved()

    return is_killed(run)
