# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes around stores, alone and around each other."""

from __future__ import annotations

import inspect
import io
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store import retrying
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.read_only import ReadOnlyStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.retrying import RetryingStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Keeping, Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import (
    StoreContract,
    WriteLockContract,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.wrappers import FailingStore, MeasuredStore

KEY = "backups/b1/velero-backup.json"
#: Each request of a store that holds ``KEY``, and what it is answered with.
READS: dict[str, tuple[t.Callable[[Store], t.Any], t.Any]] = {
    "check": (lambda store: store.check(write=False), None),
    "get": (lambda store: store.get(KEY), b"data"),
    "open": (lambda store: _all_of(store.open(KEY)), b"data"),
    "get_range": (lambda store: store.get_range(KEY, 1, 2), b"at"),
    "exists": (lambda store: store.exists(KEY), True),
    "size": (lambda store: store.size(KEY), 4),
    "list": (lambda store: [info.key for info in store.list("backups/").objects], [KEY]),
    "keeping": (lambda store: store.keeping(), Keeping()),
    "locked": (lambda store: store.locked(KEY), ""),
    "unfinished": (lambda store: store.unfinished(""), []),
}
WRITES: dict[str, tuple[t.Callable[[Store], t.Any], t.Any]] = {
    "put": (lambda store: store.put("k", b"new").size, 3),
    "put_file": (lambda store: store.put_file("k", io.BytesIO(b"new"), size=3).size, 3),
    "put_stream": (lambda store: store.put_stream("k", iter([b"n", b"ew"])).size, 3),
    "put_if_absent": (lambda store: store.put_if_absent("k", b"new"), True),
    "delete_many": (lambda store: store.delete_many(iter([KEY])), None),
    "drop_unfinished": (lambda store: store.drop_unfinished([]), None),
}
REQUESTS = {**READS, **WRITES}
ONLY_ONCE = ("put_file", "put_stream", "put_if_absent")


def _all_of(stream: t.BinaryIO) -> bytes:
    with stream:
        return stream.read()


@pytest.fixture
def inner(tmp_path: Path) -> LocalStore:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    store.put(KEY, b"data")
    return store


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "_FIRST_PAUSE", 0.001)


def wrapped(store: Store) -> MeasuredStore:
    """All of them around each other, each of which has nothing to do."""
    return MeasuredStore(RetryingStore(FailingStore(StoreWrapper(store)), attempts=3, cancel=CancelToken()))


class TestAllAroundEachOther(StoreContract):
    """A wrapped store is a store."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return wrapped(LocalStore(LocalLocation(path=str(tmp_path), prefix="team/a")))


class TestWriteLocksInAWrappedStore(WriteLockContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return wrapped(LocalStore(LocalLocation(path=str(tmp_path), prefix="team/a")))


def test_the_table_has_every_request_of_a_store() -> None:
    methods = {name for name, member in vars(Store).items() if inspect.isfunction(member) and name[0] != "_"}
    assert set(REQUESTS) == methods
    assert methods <= set(vars(StoreWrapper))


@pytest.mark.parametrize("operation", REQUESTS)
def test_nothing_is_lost_on_the_way(inner: LocalStore, operation: str) -> None:
    store = wrapped(inner)
    request, expected = REQUESTS[operation]
    assert request(store) == expected
    assert store.requests == {operation: 1}
    assert store.seconds[operation] > 0
    assert (store.location, store.conditional_writes, store.has_late_writes) == (inner.location, True, False)


@pytest.mark.parametrize("operation", READS)
def test_read_only_reads(inner: LocalStore, operation: str) -> None:
    request, expected = READS[operation]
    assert request(ReadOnlyStore(inner)) == expected


@pytest.mark.parametrize("operation", WRITES)
def test_read_only_sends_no_write(inner: LocalStore, operation: str) -> None:
    measured = MeasuredStore(inner)
    with pytest.raises(StoreError, match="is read-only") as caught:
        WRITES[operation][0](ReadOnlyStore(measured))
    assert (caught.value.failure, measured.requests) == ("read_only", {})


def test_read_only_is_checked_for_reading_first(tmp_path: Path) -> None:
    store = ReadOnlyStore(LocalStore(LocalLocation(path=str(tmp_path / "nowhere"))))
    with pytest.raises(StoreError, match="does not exist"):
        store.check(write=True)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_that_got_no_answer_is_made_again(inner: LocalStore, operation: str, *, arrives: bool) -> None:
    failing = FailingStore(inner, arrives=arrives)
    measured = MeasuredStore(failing)
    store = RetryingStore(measured, attempts=3, cancel=CancelToken())
    request, expected = REQUESTS[operation]
    failing.failures = 2
    if operation in ONLY_ONCE:
        with pytest.raises(StoreError, match="no answer"):
            request(store)
        assert measured.requests == {operation: 1}
    else:
        assert request(store) == expected
        assert measured.requests == {operation: 3}


@pytest.mark.usefixtures("quick")
def test_it_gives_up(inner: LocalStore) -> None:
    failing = FailingStore(inner)
    failing.failures = 3
    with pytest.raises(StoreError, match="no answer"):
        RetryingStore(failing, attempts=3, cancel=CancelToken()).get(KEY)
    assert failing.failures == 0


def test_an_answer_is_an_answer(inner: LocalStore) -> None:
    measured = MeasuredStore(inner)
    with pytest.raises(StoreError, match="does not exist"):
        RetryingStore(measured, attempts=3, cancel=CancelToken()).get("nowhere")
    assert measured.requests == {"get": 1}


def test_a_run_that_is_told_to_stop_is_not_waited_for(inner: LocalStore) -> None:
    failing, cancel = FailingStore(inner), CancelToken()
    failing.failures = 2
    cancel.cancel("enough")
    with pytest.raises(StoreError, match="no answer"):
        RetryingStore(failing, attempts=100, cancel=cancel).get(KEY)
    assert failing.failures == 1
