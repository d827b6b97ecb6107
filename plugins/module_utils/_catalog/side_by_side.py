# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many small reads of one location at the same time."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import MAX_CONNECTIONS

#: As many again wait as are read.
_UNDER_WAY = 2 * MAX_CONNECTIONS

_Asked = t.TypeVar("_Asked")
_Found = t.TypeVar("_Found")


def read_each(
    read: t.Callable[[_Asked], _Found], asked: t.Iterable[_Asked], *, cancel: CancelToken | None = None
) -> list[_Found]:
    """What ``read`` gives for each, in their order. After ``cancel`` nothing more is read: ``Cancelled`` is raised.

    Few are under way at a time, so that thousands take no more memory than what is made of them.
    """
    token = cancel or CancelToken()

    def read_one(one: _Asked) -> _Found:
        token.check()
        return read(one)

    with concurrent.futures.ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="arkive-catalog") as pool:
        found: list[_Found] = []
        under_way: collections.deque[concurrent.futures.Future[_Found]] = collections.deque()
        try:
            for one in asked:
                if len(under_way) >= _UNDER_WAY:
                    found.append(under_way.popleft().result())
                under_way.append(pool.submit(read_one, one))
            while under_way:
                found.append(under_way.popleft().result())
        finally:
            for left in under_way:
                left.cancel()
        return found


__all__ = ("read_each",)
