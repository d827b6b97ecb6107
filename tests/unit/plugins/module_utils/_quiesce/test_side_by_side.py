# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.side_by_side import (
    run_at_once,
    run_in_order,
    run_side_by_side,
)


def nothing() -> None:
    """The caller has nothing else to do."""


class NoThreads(threading.Thread):
    def start(self) -> None:
        raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("spare", [0, 1, 3, 50])
def test_every_item_gets_its_turn_with_bounded_threads(spare: int) -> None:
    room = threading.Semaphore(spare)
    done: list[int] = []
    threads: set[int] = set()

    def work(item: int) -> None:
        threads.add(threading.get_ident())
        done.append(item)

    run_side_by_side(work, range(100), spare=room, stop_at_error=True)
    assert sorted(done) == list(range(100))
    assert len(threads) <= spare + 1
    # What was taken is given back.
    assert sum(room.acquire(blocking=False) for _count in range(spare + 1)) == spare


def test_they_run_side_by_side() -> None:
    meet = threading.Barrier(3)
    run_side_by_side(
        lambda _item: t.cast("None", meet.wait(10)), "abc", spare=threading.Semaphore(2), stop_at_error=True
    )
    assert not meet.broken


@pytest.mark.parametrize(("stop", "done"), [(True, ["a"]), (False, ["a", "c"])])
def test_an_error(stop: bool, done: list[str]) -> None:
    seen: list[str] = []

    def work(item: str) -> None:
        if item == "b":
            raise ValueError(item)
        seen.append(item)

    with pytest.raises(ValueError, match="b"):
        run_side_by_side(work, "abc", spare=threading.Semaphore(0), stop_at_error=stop)
    assert seen == done


def test_at_once_none_waits_for_another() -> None:
    meet = threading.Barrier(21)
    run_at_once(lambda _item: t.cast("None", meet.wait(10)), range(20), meanwhile=lambda: t.cast("None", meet.wait(10)))
    assert not meet.broken


def test_at_once_an_error_keeps_nobody() -> None:
    seen: list[int] = []

    def work(item: int) -> None:
        if item == 0:
            raise ValueError("the first")
        seen.append(item)

    with pytest.raises(ValueError, match="the first"):
        run_at_once(work, range(3), meanwhile=lambda: seen.append(99))
    assert sorted(seen) == [1, 2, 99]


def test_without_threads_the_caller_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Thread", NoThreads)
    seen: list[int] = []
    room = threading.Semaphore(2)
    run_at_once(seen.append, range(3), meanwhile=nothing)
    run_side_by_side(seen.append, range(3, 6), spare=room, stop_at_error=True)
    assert seen == list(range(6))
    assert sum(room.acquire(blocking=False) for _count in range(3)) == 2


def test_in_order() -> None:
    seen: list[int] = []

    def work(item: int) -> None:
        seen.append(item)
        if item == 1:
            raise ValueError("one")

    with pytest.raises(ValueError, match="one"):
        run_in_order(work, range(3))
    assert seen == [0, 1, 2]
