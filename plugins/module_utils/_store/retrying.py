# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking again, for kinds of stores whose own clients do not."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_T = t.TypeVar("_T")

#: The bytes of a stream are gone after the first attempt. What ``put_if_absent`` answers to the second one would be
#: wrong where the first has arrived: who makes that request finds out what is there.
_ONLY_ONCE = frozenset({"put_file", "put_stream", "put_if_absent"})
#: Before the second attempt, in seconds; twice as long before each other one.
_FIRST_PAUSE = 0.5


class RetryingStore(StoreWrapper):
    """Makes what may be asked twice up to ``attempts`` times, while nobody answers and ``cancel`` is not set."""

    def __init__(self, inner: Store, *, attempts: int, cancel: CancelToken) -> None:
        super().__init__(inner)
        self._attempts = attempts
        self._cancel = cancel

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        pause = _FIRST_PAUSE
        for _attempt in range(0 if operation in _ONLY_ONCE else self._attempts - 1):
            try:
                return super().around(operation, key, request)
            except StoreError as exc:
                if exc.failure != "unreachable" or self._cancel.wait(pause):
                    raise
                pause *= 2
        return super().around(operation, key, request)


__all__ = ("RetryingStore",)
