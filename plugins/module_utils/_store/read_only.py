# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location that must not be written to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.store import read_only_error
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import READS, StoreWrapper

_T = t.TypeVar("_T")


class ReadOnlyStore(StoreWrapper):
    """Raises ``StoreError`` for every request that would change something, and sends nothing."""

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        if operation not in READS:
            raise read_only_error(self.location)
        return super().around(operation, key, request)

    def check(self, *, write: bool, touch: bool = True) -> None:
        super().check(write=False, touch=touch)
        if write:
            raise read_only_error(self.location)


__all__ = ("ReadOnlyStore",)
