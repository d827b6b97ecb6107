# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location of which somebody else may say that nothing is written there."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import READS, StoreWrapper

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_T = t.TypeVar("_T")


class AskingStore(StoreWrapper):
    """Calls ``permit`` once, before the first request that would change something; it raises when nothing may be."""

    def __init__(self, inner: Store, permit: t.Callable[[], None]) -> None:
        super().__init__(inner)
        self._permit = permit
        self._lock = threading.Lock()
        self._permitted = False

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        if operation not in READS:
            self._ask()
        return super().around(operation, key, request)

    def check(self, *, write: bool, touch: bool = True) -> None:
        if write:
            self._ask()
        super().check(write=write, touch=touch)

    def _ask(self) -> None:
        with self._lock:
            if not self._permitted:
                self._permit()
                self._permitted = True


__all__ = ("AskingStore",)
