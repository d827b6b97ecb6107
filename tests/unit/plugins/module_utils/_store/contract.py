# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every store and for write locks in every store; run against a directory here and against S3 live."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
import io
import threading
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LONGEST_SECONDS
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    LockRecord,
    WriteLock,
    WriteLockHeld,
    WriteLockLost,
    read_write_lock,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

KEY = "backups/b1/b1-arkive-claim.json"
BAD_KEYS = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "a/",
    "./a",
    "a/.",
    "a\0b",
    "a\nb",
    "a/.arkive-tmp-1",
    "x/" * 512 + "x",
]


def stored_lock(store: Store) -> LockRecord:
    """The write lock that is there."""
    found = read_write_lock(store, KEY)
    assert found is not None
    return found


class Broken:
    """A source that fails after ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        if not self._left:
            raise OSError("the disk is gone")
        part = min(self._left, 1 << 20 if size < 0 else size)
        self._left -= part
        return b"x" * part


class Dribble(io.BytesIO):
    """Gives less than it is asked for, as raw files and sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(100_003, 100_003 if size is None or size < 0 else size))


def keys(store: Store, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix).objects]


class StoreContract:
    """Needs a fixture ``store``: a fresh, empty one."""

    @pytest.mark.parametrize("key", ["a", "backups/b1/b1.tar.gz", "x/system:node é", "a b+c&d=e%2f"])
    @pytest.mark.parametrize("data", [b"", b"hello"])
    def test_put_and_get(self, store: Store, key: str, data: bytes) -> None:
        stored = store.put(key, data)
        assert (stored.key, stored.size, stored.sha256) == (key, len(data), hashlib.sha256(data).hexdigest())
        assert store.get(key) == data
        assert store.size(key) == len(data)
        assert store.exists(key)
        assert keys(store) == [key]

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_bad_keys_are_refused(self, store: Store, key: str) -> None:
        for act in (
            lambda: store.put(key, b"x"),
            lambda: store.put_if_absent(key, b"x"),
            lambda: store.get(key),
            lambda: store.open(key),
            lambda: store.exists(key),
            lambda: store.delete_many([key]),
        ):
            with pytest.raises(StoreError, match="is not a plain relative path"):
                act()
        assert keys(store) == []

    def test_put_replaces(self, store: Store) -> None:
        store.put("a", b"one, which is longer")
        store.put("a", b"two")
        assert store.get("a") == b"two"

    @pytest.mark.parametrize("size", [(8 << 20) - 1, 8 << 20, (8 << 20) + 1, (25 << 20) + 7], ids=str)
    @pytest.mark.parametrize("known", [True, False], ids=["known-size", "stream"])
    def test_large_file(self, store: Store, size: int, *, known: bool) -> None:
        data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        stored = store.put_file("big", Dribble(data), size=size if known else None)
        assert (stored.size, stored.sha256) == (size, hashlib.sha256(data).hexdigest())
        with store.open("big") as stream:
            assert hashlib.sha256(stream.read()).hexdigest() == stored.sha256

    def test_put_stream(self, store: Store) -> None:
        stored = store.put_stream("s", (b"%d," % i for i in range(1000)))
        assert store.get("s") == b"".join(b"%d," % i for i in range(1000))
        assert stored.size == store.size("s")

    @pytest.mark.parametrize("size", [0, 100, 30 << 20], ids=["at-once", "small", "multipart"])
    def test_a_failed_write_leaves_what_was_there(self, store: Store, size: int) -> None:
        store.put("d/a", b"old")
        for key in ("d/a", "d/new"):
            with pytest.raises((OSError, StoreError)):
                store.put_file(key, Broken(size))
        assert store.get("d/a") == b"old"
        assert keys(store) == ["d/a"]

    def test_open_reads_in_pieces(self, store: Store) -> None:
        store.put("a", b"hello world")
        with store.open("a") as stream:
            assert stream.read(5) == b"hello"
            assert stream.read(100) == b" world"
            assert stream.read(1) == b""

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [(0, 4, b"0123"), (3, 2, b"34"), (8, 10, b"89"), (10, 5, b""), (99, 1, b""), (0, 0, b"")],
    )
    def test_get_range(self, store: Store, start: int, length: int, expected: bytes) -> None:
        store.put("a", b"0123456789")
        assert store.get_range("a", start, length) == expected

    def test_get_with_a_limit(self, store: Store) -> None:
        store.put("a", b"12345")
        assert store.get("a", max_bytes=5) == b"12345"
        with pytest.raises(StoreError, match="larger than 4 bytes"):
            store.get("a", max_bytes=4)

    def test_what_is_not_there(self, store: Store) -> None:
        store.put("d/a", b"x")
        for key in ("b", "d", "d/b", "d/a/b"):
            assert not store.exists(key)
            for act in (store.get, store.size, store.open, lambda key: store.get_range(key, 0, 1)):
                with pytest.raises(StoreError, match="exist") as caught:
                    act(key)
                assert caught.value.not_found

    @pytest.mark.parametrize(
        ("prefix", "delimiter", "objects", "prefixes"),
        [
            pytest.param("", None, ["a", "d/b", "d/c", "d/e/f", "dd/g"], [], id="all"),
            pytest.param("", "/", ["a"], ["d/", "dd/"], id="top"),
            pytest.param("d", None, ["d/b", "d/c", "d/e/f", "dd/g"], [], id="a prefix is no directory"),
            pytest.param("d/", None, ["d/b", "d/c", "d/e/f"], [], id="below"),
            pytest.param("d/", "/", ["d/b", "d/c"], ["d/e/"], id="one level"),
            pytest.param("d", "/", [], ["d/", "dd/"], id="names that begin so"),
            pytest.param("d/c", None, ["d/c"], [], id="a whole key"),
            pytest.param("nothing/", "/", [], [], id="nothing"),
        ],
    )
    def test_list(
        self, store: Store, prefix: str, delimiter: str | None, objects: list[str], prefixes: list[str]
    ) -> None:
        for key in ("d/e/f", "a", "dd/g", "d/c", "d/b"):
            store.put(key, key.encode())
        listing = store.list(prefix, delimiter)
        assert [info.key for info in listing.objects] == objects
        assert [info.size for info in listing.objects] == [len(key) for key in objects]
        assert listing.prefixes == prefixes
        age = [(dt.datetime.now(tz=dt.UTC) - info.modified).total_seconds() for info in listing.objects]
        assert all(-5 < seconds < 60 for seconds in age)

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        for listing in (store.list(), store.list("", "/"), store.list("backups/", "/")):
            assert not listing.objects
            assert not listing.prefixes

    def test_delete_many(self, store: Store) -> None:
        for key in ("d/e/a", "d/e/b", "d/c"):
            store.put(key, b"x")
        store.delete_many(["d/e/a", "d/e/b", "d/never/was", "d/e/a"])
        assert keys(store) == ["d/c"]
        store.delete_many([])
        store.delete_many(["d/c"])
        assert keys(store) == []

    def test_put_if_absent(self, store: Store) -> None:
        assert store.put_if_absent("d/a", b"first")
        assert not store.put_if_absent("d/a", b"second")
        assert store.get("d/a") == b"first"
        assert store.conditional_writes
        store.delete_many(["d/a"])
        assert store.put_if_absent("d/a", b"third")

    def test_put_if_absent_leaves_a_plain_put(self, store: Store) -> None:
        store.put("d/a", b"first")
        assert not store.put_if_absent("d/a", b"second")
        assert store.get("d/a") == b"first"

    def test_put_if_absent_has_one_winner(self, store: Store) -> None:
        for round_number in range(5):
            key = f"r{round_number}"
            wins = in_threads(8, functools.partial(_try_put, store, key))
            assert wins.count(True) == 1
            assert store.get(key) == b"%d" % wins.index(True)

    def test_check(self, store: Store) -> None:
        store.check(write=False)
        store.check(write=True)
        assert store.list() == store.list("", "/")

    def test_read_only(self, store: Store) -> None:
        store.put("a", b"x")
        locked = open_store(dataclasses.replace(store.location, read_only=True))
        locked.check(write=False)
        assert locked.get("a") == b"x"
        for act in (
            lambda: locked.check(write=True),
            lambda: locked.put("a", b"y"),
            lambda: locked.put_stream("a", [b"y"]),
            lambda: locked.put_if_absent("b", b"y"),
            lambda: locked.delete_many(["a"]),
        ):
            with pytest.raises(StoreError, match="is read-only"):
                act()
        assert store.get("a") == b"x"
        assert keys(store) == ["a"]

    def test_a_prefix_is_a_store_of_its_own(self, store: Store) -> None:
        inner = open_store(dataclasses.replace(store.location, prefix=f"{store.location.prefix}/inner"))
        inner.put("a", b"x")
        assert keys(inner) == ["a"]
        assert keys(store) == ["inner/a"]


def _try_put(store: Store, key: str, number: int) -> bool:
    return store.put_if_absent(key, b"%d" % number)


def in_threads(count: int, act: t.Callable[[int], t.Any]) -> list[t.Any]:
    """Run ``act(0..count-1)`` at once; results (or exceptions) in order."""
    barrier = threading.Barrier(count)
    results: list[t.Any] = [None] * count

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = act(number)
        except StoreError as exc:
            results[number] = exc

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def put_expired(store: Store, *, age: float = 3600.0, key: str = KEY, commits: str = "") -> LockRecord:
    """A write lock that a dead run left."""
    past = dt.datetime.now(tz=dt.UTC) - dt.timedelta(seconds=age)
    record = dataclasses.replace(LockRecord.make("dead-run", "host-x", 4711, past, 120.0), commits=commits)
    store.put(key, record.encode())
    return record


class WriteLockContract:
    """Needs a fixture ``store`` as above."""

    def test_acquire_and_release(self, store: Store) -> None:
        with WriteLock.acquire(store, KEY, run_id="r1") as lock:
            stored = stored_lock(store)
            assert (stored.run, stored.host, stored.pid) == ("r1", lock.record.host, lock.record.pid)
            assert 110 < (stored.expires - dt.datetime.now(tz=dt.UTC)).total_seconds() <= 120
            assert lock.atomic
            assert lock.took_over is None
            assert not lock.is_lost
            lock.confirm()
        assert keys(store) == []
        lock.release()

    def test_a_held_claim_names_its_holder(self, store: Store) -> None:
        with WriteLock.acquire(store, KEY, run_id="r1") as lock:
            with pytest.raises(WriteLockHeld) as caught:
                WriteLock.acquire(store, KEY, run_id="r2")
            assert caught.value.holder == stored_lock(store)
            for word in ("r1", lock.record.host, str(lock.record.pid), "backups/b1"):
                assert word in caught.value.message
            assert lock.record.expires_text in caught.value.sentence
        with WriteLock.acquire(store, KEY, run_id="r2"):
            pass

    def test_an_expired_claim_is_taken_over(self, store: Store) -> None:
        record = put_expired(store)
        with WriteLock.acquire(store, KEY, run_id="r2") as lock:
            assert lock.took_over is not None
            assert lock.took_over.run == record.run
            assert keys(store) == [KEY]
        assert keys(store) == []

    @pytest.mark.parametrize("data", [b"", b"{}", b'{"run": "r1"'], ids=repr)
    def test_a_damaged_claim_is_over_after_the_longest_life(self, store: Store, data: bytes) -> None:
        store.put(KEY, data)
        with pytest.raises(WriteLockHeld, match="is damaged") as caught:
            WriteLock.acquire(store, KEY, run_id="r2")
        assert "run the task again after that" in (caught.value.hint or "")
        assert store.get(KEY) == data
        later = utc_now() + dt.timedelta(seconds=LONGEST_SECONDS + 30)
        with WriteLock.acquire(store, KEY, run_id="r2", now=lambda: later) as lock:
            assert lock.took_over is not None
            assert lock.took_over.is_damaged
            assert keys(store) == [KEY]
        assert keys(store) == []

    def test_a_claim_that_the_server_cuts_is_made_whole(self, store: Store) -> None:
        with WriteLock.acquire(store, KEY, run_id="r1") as lock:
            store.put(KEY, lock.record.encode()[:30])
            lock.confirm()
            assert stored_lock(store).run == "r1"
        assert keys(store) == []

    def test_one_of_many_gets_it(self, store: Store) -> None:
        self.race(store)

    def test_one_of_many_takes_an_expired_one_over(self, store: Store) -> None:
        for _round in range(5):
            put_expired(store)
            self.race(store)

    def test_a_run_that_died_while_taking_over(self, store: Store) -> None:
        put_expired(store)
        now = dt.datetime.now(tz=dt.UTC)
        with pytest.raises(Died):
            WriteLock.acquire(DiesAtPut(store), KEY, run_id="r2", now=lambda: now - dt.timedelta(seconds=600))
        assert len(keys(store)) == 2
        self.race(store)

    def test_a_run_that_is_taking_over_is_waited_for(self, store: Store) -> None:
        put_expired(store)
        with pytest.raises(Died):
            WriteLock.acquire(DiesAtPut(store), KEY, run_id="r2")
        with pytest.raises(WriteLockHeld, match="run r2"):
            WriteLock.acquire(store, KEY, run_id="r3")

    def race(self, store: Store, count: int = 8) -> None:
        results = in_threads(count, lambda number: WriteLock.acquire(store, KEY, run_id=f"r{number}"))
        locks = [result for result in results if isinstance(result, WriteLock)]
        assert len(locks) == 1
        assert sum(isinstance(result, WriteLockHeld) for result in results) == count - 1
        assert stored_lock(store).run == locks[0].record.run
        locks[0].confirm()
        locks[0].release()
        assert keys(store) == []

    def test_renewed_while_held(self, store: Store) -> None:
        with WriteLock.acquire(store, KEY, run_id="r1", ttl_seconds=1.5) as lock:
            first = lock.record.expires
            wait_for(lambda: (lock.record.expires - first).total_seconds() > 2, seconds=10)
            assert not lock.is_lost
            assert stored_lock(store).expires > first

    def test_lost_when_another_run_has_it(self, store: Store) -> None:
        lock = WriteLock.acquire(store, KEY, run_id="r1", ttl_seconds=60)
        other = put_expired(store, age=0)
        assert not lock.is_lost
        with pytest.raises(WriteLockLost):
            lock.confirm()
        assert lock.is_lost
        lock.release()
        assert stored_lock(store).nonce == other.nonce

    def test_lost_when_it_is_gone(self, store: Store) -> None:
        lock = WriteLock.acquire(store, KEY, run_id="r1", ttl_seconds=60)
        store.delete_many([KEY])
        with pytest.raises(WriteLockLost):
            lock.confirm()
        lock.release()
        assert keys(store) == []


class Died(BaseException):
    """Stands for a run that is killed."""


class DiesAtPut:
    """The store of a run that dies when it would replace the write lock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._store, name)

    def put(self, key: str, data: bytes) -> t.NoReturn:
        raise Died


def wait_for(condition: t.Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
