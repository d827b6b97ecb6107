# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import os
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import identify_process
from ansible_collections.arkive.k8s.plugins.module_utils._store import write_lock
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    LockRecord,
    WriteLock,
    WriteLockHeld,
    WriteLockLost,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import (
    KEY,
    WriteLockContract,
    put_expired,
    wait_for,
)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


class TestLocalWriteLocks(WriteLockContract):
    """Claims in a directory against the table."""


class Clock:
    def __init__(self) -> None:
        self.moment = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += dt.timedelta(seconds=seconds)


def test_lost_once_it_was_not_renewed_in_time(store: LocalStore) -> None:
    clock = Clock()
    lock = WriteLock.acquire(store, KEY, run_id="r1", ttl_seconds=120, now=clock)
    clock.advance(119)
    assert not lock.is_lost
    lock.require_held()
    clock.advance(1)
    assert lock.is_lost
    with pytest.raises(WriteLockLost):
        lock.require_held()
    # Another run may have it by now: it is neither renewed nor deleted.
    with pytest.raises(WriteLockLost):
        lock.confirm()
    lock.release()
    assert store.exists(KEY)


def test_the_old_holder_notices_the_new_one(store: LocalStore) -> None:
    late, clock = Clock(), Clock()
    first = WriteLock.acquire(store, KEY, run_id="r1", ttl_seconds=120, now=clock)
    late.advance(121)
    second = WriteLock.acquire(store, KEY, run_id="r2", ttl_seconds=120, now=late)
    assert second.took_over is not None
    assert second.took_over.run == "r1"
    with pytest.raises(WriteLockLost):
        first.confirm()
    first.release()
    second.confirm()
    second.release()
    assert store.list().objects == []


class Flaky:
    """A store that fails for a while."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self.down = threading.Event()
        self.calls = 0

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._store, name)

    def put(self, key: str, data: bytes) -> t.Any:
        self.calls += 1
        if self.down.is_set():
            raise StoreError("The store is away.", failure="unreachable")
        return self._store.put(key, data)


def test_a_store_that_comes_back_in_time(store: LocalStore) -> None:
    flaky = Flaky(store)
    with WriteLock.acquire(flaky, KEY, run_id="r1", ttl_seconds=3) as lock:
        flaky.down.set()
        wait_for(lambda: flaky.calls >= 2, seconds=5)
        with pytest.raises(StoreError, match="away"):
            lock.confirm()
        flaky.down.clear()
        before = lock.record.expires
        wait_for(lambda: lock.record.expires > before, seconds=5)
        assert not lock.is_lost


def test_a_store_that_does_not_come_back(store: LocalStore) -> None:
    flaky = Flaky(store)
    lock = WriteLock.acquire(flaky, KEY, run_id="r1", ttl_seconds=0.5)
    flaky.down.set()
    wait_for(lambda: lock.is_lost, seconds=5)
    flaky.down.clear()
    with pytest.raises(WriteLockLost):
        lock.confirm()
    lock.release()


class WithoutConditions:
    """A store whose put-if-absent is a look and a put, with both racers between the two."""

    conditional_writes = False

    def __init__(self, store: LocalStore, barrier: threading.Barrier) -> None:
        self._store = store
        self._barrier = barrier

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._store, name)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        there = self._store.exists(key)
        self._barrier.wait()
        if not there:
            self._store.put(key, data)
        return not there


def test_without_conditional_writes_one_of_two_gives_way(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_lock, "_VISIBLE_SECONDS", 0.2)
    weak = WithoutConditions(store, threading.Barrier(2))
    results: list[t.Any] = []

    def run(name: str) -> None:
        try:
            results.append(WriteLock.acquire(weak, KEY, run_id=name))
        except WriteLockHeld as exc:
            results.append(exc)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("r1", "r2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [one for one in results if isinstance(one, WriteLock)]
    assert not won.atomic
    won.confirm()
    won.release()


class SlowPut:
    """Replaces the write lock only after the ticket has ended."""

    def __init__(self, store: LocalStore, clock: list[float]) -> None:
        self._store = store
        self._clock = clock

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._store, name)

    def put(self, key: str, data: bytes) -> t.Any:
        self._clock[0] += 200
        return self._store.put(key, data)


def test_a_takeover_that_took_too_long_counts_as_lost(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put_expired(store)
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with pytest.raises(WriteLockLost):
        WriteLock.acquire(SlowPut(store, clock), KEY, run_id="r2")


def test_leaving_by_an_error_shows_that_error(store: LocalStore) -> None:
    flaky = Flaky(store)

    def fail_inside() -> None:
        with WriteLock.acquire(flaky, KEY, run_id="r1"):
            flaky.down.set()
            raise KeyError("inside")

    with pytest.raises(KeyError):
        fail_inside()


def test_the_record_is_json_with_the_promised_members() -> None:
    moment = dt.datetime(2026, 6, 1, 2, 0, 0, 250_000, tzinfo=dt.UTC)
    record = LockRecord.make("r", "h", os.getpid(), moment, 120)
    assert record.to_dict() == {
        "run": "r",
        "host": "h",
        "pid": os.getpid(),
        "started": "2026-06-01T02:00:00.250Z",
        "expires": "2026-06-01T02:02:00.250Z",
        "nonce": record.nonce,
        "process": identify_process(),
    }
    assert LockRecord.parse(record.encode()) == record


_ENDLESS = (
    b'{"run":"r","host":"h","pid":1e400,"started":"2026-06-01T00:00:00Z","expires":"2026-06-01T00:00:00Z","nonce":""}'
)


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b'{"run":"r"}', b"\xff", _ENDLESS], ids=repr)
def test_a_damaged_record(data: bytes) -> None:
    assert LockRecord.parse(data) is None


class Stubborn:
    """Takes no deletes, or no puts."""

    def __init__(self, store: LocalStore, refused: str) -> None:
        self._store = store
        self.refused = refused
        self.refuses = False

    def __getattr__(self, name: str) -> t.Any:
        if self.refuses and name == self.refused:
            return self._refuse
        return getattr(self._store, name)

    @staticmethod
    def _refuse(*_given: t.Any) -> t.NoReturn:
        raise StoreError("Refused.")


def test_a_claim_that_cannot_be_deleted_is_ended(store: LocalStore) -> None:
    stubborn = Stubborn(store, "delete_many")
    with WriteLock.acquire(t.cast("t.Any", stubborn), KEY, run_id="r1") as lock:
        stubborn.refuses = True
    assert lock.left_behind == f"The claim {KEY} could not be removed: Refused. It was ended instead."
    with WriteLock.acquire(store, KEY, run_id="r2") as other:
        assert other.took_over is not None
        assert other.took_over.run == "r1"


def test_a_full_disk_takes_no_renewal_and_the_claim_is_deleted_without(store: LocalStore) -> None:
    stubborn = Stubborn(store, "put")
    with WriteLock.acquire(t.cast("t.Any", stubborn), KEY, run_id="r1") as lock:
        stubborn.refuses = True
    assert lock.left_behind == ""
    assert not store.exists(KEY)


def test_a_claim_that_is_over_before_it_expires(store: LocalStore) -> None:
    first = WriteLock.acquire(store, KEY, run_id="r1")
    first.confirm(commits="uid-1")
    first.leave()
    with pytest.raises(WriteLockHeld):
        WriteLock.acquire(store, KEY, run_id="r2", is_over=lambda holder: holder.commits == "uid-2")
    with WriteLock.acquire(store, KEY, run_id="r2", is_over=lambda holder: holder.commits == "uid-1") as lock:
        assert lock.took_over is not None
    first.release()
    assert not store.exists(KEY)
