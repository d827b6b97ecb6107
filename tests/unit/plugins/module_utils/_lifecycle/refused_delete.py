# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store that refuses one of the deletes."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper


class RefusedDelete(StoreWrapper):
    """The delete of that number is refused, for one of its keys, or for all."""

    def __init__(self, inner: Store, at: int, *, all_keys: bool) -> None:
        super().__init__(inner)
        self.deletes, self._at, self._all_keys = 0, at, all_keys

    def delete_many(self, keys: t.Iterable[str]) -> None:
        wanted = list(keys)
        self.deletes += 1
        if self.deletes != self._at:
            self.inner.delete_many(wanted)
            return
        self.inner.delete_many([] if self._all_keys else wanted[1:])
        raise StoreError(f"1 object could not be deleted ({wanted[0]}: Access Denied).", failure="denied")


__all__ = ("RefusedDelete",)
