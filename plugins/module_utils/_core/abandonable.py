# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of libraries that may block forever and look at no cancel token, such as the resolution of names."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

_TICK = 0.1
T = t.TypeVar("T")


class Checked(t.Protocol):
    """What is asked, again and again, whether the caller still wants to wait (``CancelToken``)."""

    def check(self) -> None:
        """Raise when not."""


def call_abandonable(
    work: t.Callable[[], T],
    *,
    seconds: float,
    cancel: Checked,
    too_late: t.Callable[[T], object] = lambda _value: None,
) -> T:
    """What ``work`` returns or raises. It is left to a thread of its own, which is forgotten when the time is over.

    Raises ``TimeoutError`` after ``seconds``, and what ``cancel.check`` raises. ``too_late`` gets what a call
    returned that was abandoned.
    """
    call = _Call(work, too_late)
    thread = threading.Thread(target=call.run, name="arkive-abandonable", daemon=True)
    thread.start()
    waited = 0.0
    try:
        while not call.done.wait(_TICK):
            waited += _TICK
            cancel.check()
            if waited >= seconds:
                raise TimeoutError("timed out")
    except BaseException:
        call.abandon()
        raise
    return call.result()


class _Call(t.Generic[T]):
    def __init__(self, work: t.Callable[[], T], too_late: t.Callable[[T], object]) -> None:
        self._work = work
        self._too_late = too_late
        self._lock = threading.Lock()
        self._abandoned = False
        self._values: list[T] = []
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._values.append(self._work())
        except BaseException as exc:
            self._error = exc
        with self._lock:
            self.done.set()
            if self._abandoned:
                self._drop()

    def abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            if self.done.is_set():
                self._drop()

    def _drop(self) -> None:
        for value in self._values:
            self._too_late(value)

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._values[0]


__all__ = ("Checked", "call_abandonable")
