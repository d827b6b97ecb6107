# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrappers that tests put around stores."""

from __future__ import annotations

import collections
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper

_T = t.TypeVar("_T")


class MeasuredStore(StoreWrapper):
    """Counts requests, and notes them with their keys and how long they took, in seconds."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.requests: collections.Counter[str] = collections.Counter()
        self.seconds: collections.defaultdict[str, float] = collections.defaultdict(float)
        self.keys: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        begun = time.monotonic()
        try:
            return super().around(operation, key, request)
        finally:
            with self._lock:
                self.requests[operation] += 1
                self.seconds[operation] += time.monotonic() - begun
                self.keys.append((operation, key))


class FailingStore(StoreWrapper):
    """Nobody answers the next ``failures`` requests; ``arrives`` says whether they have had their effect."""

    def __init__(self, inner: Store, *, arrives: bool = False) -> None:
        super().__init__(inner)
        self.failures = 0
        self._arrives = arrives
        self._lock = threading.Lock()

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        with self._lock:
            fails = self.failures > 0
            self.failures -= fails
        if not fails:
            return super().around(operation, key, request)
        if self._arrives:
            super().around(operation, key, request)
        raise StoreError("The store cannot be reached: no answer in time.", failure="unreachable")


__all__ = ("FailingStore", "MeasuredStore")
