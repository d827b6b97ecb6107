# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An end to each request of urllib3, which itself only knows how long one read may last and looks at no cancel token.

The connections of a pool give the guard of the request that they serve the socket that they use. One thread looks at
all guards, and shuts the sockets of those whose time is over: whoever waits for them gets an error at once.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import socket
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.abandonable import call_abandonable
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken

_TICK = 0.2
#: A request that is under way when the run is cancelled may still be answered, so that its outcome is known.
GRACE_SECONDS = 3.0

_of_thread = threading.local()


class Guard:
    """Of one request. ``expired`` is set once its sockets were shut for its time or for the cancel token."""

    def __init__(self, seconds: float, cancel: CancelToken) -> None:
        self.cancel = cancel
        self.expired = False
        self._end = time.monotonic() + seconds
        self._cancelled_at: float | None = None
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None

    @property
    def remaining(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def serve(self, handle: socket.socket) -> None:
        """``handle`` is a duplicate of the socket that serves the request from now on."""
        with self._lock:
            self._handle = handle
            if self.expired:
                _shut(handle)

    def look(self, now: float) -> None:
        """Shut the socket when the time is over."""
        if self._cancelled_at is None and self.cancel.is_cancelled:
            self._cancelled_at = now
        cancelled = self._cancelled_at is not None and now - self._cancelled_at >= GRACE_SECONDS
        if self.expired or not (cancelled or now >= self._end):
            return
        with self._lock:
            self.expired = True
            if self._handle is not None:
                _shut(self._handle)


class Guards:
    """All requests that are under way. Thread-safe; its thread lives as long as there are any, and a little longer."""

    def __init__(self) -> None:
        self._guards: set[Guard] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def guard(self, seconds: float, cancel: CancelToken) -> _Guarded:
        """For one request of this thread, as a context manager."""
        return _Guarded(self, Guard(seconds, cancel))

    def add(self, guard: Guard) -> None:
        """Look at it from now on."""
        with self._lock:
            self._guards.add(guard)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="arkive-request-guard", daemon=True)
                self._thread.start()

    def discard(self, guard: Guard) -> None:
        """Its request is over."""
        with self._lock:
            self._guards.discard(guard)

    def _run(self) -> None:
        idle = 0
        while True:
            time.sleep(_TICK)
            now = time.monotonic()
            with self._lock:
                guards = list(self._guards)
                idle = 0 if guards else idle + 1
                if idle > 25:
                    self._thread = None
                    return
            for guard in guards:
                guard.look(now)


class _Guarded:
    """The time of one request. A class, because ``contextlib`` takes three times as long, and there are many."""

    __slots__ = ("_guard", "_guards")

    def __init__(self, guards: Guards, guard: Guard) -> None:
        self._guards = guards
        self._guard = guard

    def __enter__(self) -> Guard:
        self._guards.add(self._guard)
        _of_thread.guard = self._guard
        return self._guard

    def __exit__(self, *_exc: object) -> None:
        _of_thread.guard = None
        self._guards.discard(self._guard)


class GuardedConnection:
    """Mixed into the connection classes of urllib3."""

    _arkive_handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        """Resolve, connect: what urllib3 does, given up when the guard says so."""
        guard: Guard | None = getattr(_of_thread, "guard", None)
        connect: t.Callable[[], socket.socket] = super()._new_conn  # type: ignore[misc]
        if guard is None:
            return connect()
        sock = call_abandonable(
            connect, seconds=guard.remaining, cancel=guard.cancel, too_late=lambda late: late.close()
        )
        # A duplicate, because the object that TLS is put on takes the socket away from the first one.
        self._arkive_handle = sock.dup()
        guard.serve(self._arkive_handle)
        return sock

    def request(self, *args: t.Any, **options: t.Any) -> t.Any:
        guard: Guard | None = getattr(_of_thread, "guard", None)
        if guard is not None and self._arkive_handle is not None:
            guard.serve(self._arkive_handle)
        return super().request(*args, **options)  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        handle, self._arkive_handle = self._arkive_handle, None
        if handle is not None:
            handle.close()


def guard_connections(manager: t.Any) -> t.Any:
    """The pool manager of urllib3, whose connections will obey the guard of the thread that uses them."""
    classes = {}
    for scheme, pool in manager.pool_classes_by_scheme.items():
        connection = type(f"Guarded{pool.ConnectionCls.__name__}", (GuardedConnection, pool.ConnectionCls), {})
        classes[scheme] = type(f"Guarded{pool.__name__}", (pool,), {"ConnectionCls": connection})
    manager.pool_classes_by_scheme = classes
    return manager


def _shut(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


__all__ = ("GRACE_SECONDS", "Guard", "GuardedConnection", "Guards", "guard_connections")
