# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims that a section freezes: two pods that share one must not freeze it twice."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

ClaimKey: t.TypeAlias = "tuple[str, str]"


class FrozenClaims:
    """Who freezes which claim on which node. Decided before a command is sent; safe from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frozen: dict[ClaimKey, str] = {}
        self._pending: set[ClaimKey] = set()

    def take(self, keys: t.Collection[ClaimKey]) -> str:
        """Empty: the caller freezes them all, and calls ``decide``. Else: where one of them is frozen already.

        Waits while somebody else is about to freeze one of them: that may still fail.
        """
        with self._changed:
            while True:
                for key in keys:
                    if key in self._frozen:
                        return self._frozen[key]
                if self._pending.isdisjoint(keys):
                    self._pending.update(keys)
                    return ""
                self._changed.wait()

    def decide(self, keys: t.Collection[ClaimKey], where: str) -> None:
        """They are, or may be, frozen at ``where``; empty: nothing is frozen, others may try."""
        with self._changed:
            self._pending.difference_update(keys)
            if where:
                self._frozen.update(dict.fromkeys(keys, where))
            self._changed.notify_all()


__all__ = ("ClaimKey", "FrozenClaims")
