# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same work for many pods, side by side, with a bounded number of threads."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import threading
import typing as t

T = t.TypeVar("T")


def run_side_by_side(
    work: t.Callable[[T], None], items: t.Iterable[T], *, spare: threading.Semaphore, stop_at_error: bool
) -> None:
    """``work`` for every item: in this thread, and in as many more as ``spare`` has room for now.

    Returns when all of it has ended, and raises the first error. ``stop_at_error``: what has not begun by then is left
    out; else every item gets its turn, whatever became of the others.
    """
    waiting = collections.deque(items)
    errors: list[BaseException] = []

    def take(item: T) -> None:
        if not _catch(errors, work, item) and stop_at_error:
            waiting.clear()

    def drain() -> None:
        while True:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            take(item)

    def drain_beside() -> None:
        try:
            drain()
        finally:
            spare.release()

    threads = []
    for _count in range(len(waiting) - 1):
        if not spare.acquire(blocking=False):
            break
        thread = threading.Thread(target=drain_beside, name="arkive-pods", daemon=True)
        if not _start(thread):
            spare.release()
            break
        threads.append(thread)
    if not _catch(errors, lambda run: run(), drain):
        waiting.clear()
    _join(threads, errors)


def run_at_once(work: t.Callable[[T], None], items: t.Iterable[T], *, meanwhile: t.Callable[[], None]) -> None:
    """``work`` for every item in a thread of its own: none waits for another. ``meanwhile`` runs in this one.

    Returns when all of it has ended, and raises the first error.
    """
    errors: list[BaseException] = []
    threads = []
    left = []
    for item in items:
        thread = threading.Thread(target=_catch, args=(errors, work, item), name="arkive-release", daemon=True)
        if _start(thread):
            threads.append(thread)
        else:
            left.append(item)
    for item in left:
        _catch(errors, work, item)
    _catch(errors, lambda run: run(), meanwhile)
    _join(threads, errors)


def run_in_order(work: t.Callable[[T], None], items: t.Iterable[T]) -> None:
    """``work`` for every item, one after the other, whatever became of those before it. Raises the first error."""
    errors: list[BaseException] = []
    for item in items:
        _catch(errors, work, item)
    _join((), errors)


def _catch(errors: list[BaseException], work: t.Callable[[T], None], item: T) -> bool:
    """True when it went well. The error is raised later, when nothing runs any more."""
    try:
        work(item)
    except BaseException as exc:
        errors.append(exc)
        return False
    return True


def _start(thread: threading.Thread) -> bool:
    """False when the system has no more threads: the work is then done in the caller's."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True


def _join(threads: t.Iterable[threading.Thread], errors: list[BaseException]) -> None:
    """Wait for all of them, also through an interrupt."""
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join()
            except BaseException as exc:
                errors.append(exc)
    if errors:
        raise errors[0]


__all__ = ("run_at_once", "run_in_order", "run_side_by_side")
