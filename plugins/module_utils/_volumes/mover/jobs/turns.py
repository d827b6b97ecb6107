# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may copy now: so many at once in all, and so many on one node, whoever asks."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import contextlib
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken

_LOOK_SECONDS = 0.2


class Turns:
    """Thread-safe. ``node`` empty is any node, of which so many may be used as there are turns."""

    def __init__(self, *, at_once: int, per_node: int, cancel: CancelToken) -> None:
        self._at_once = max(1, at_once)
        self._per_node = max(1, per_node)
        self._cancel = cancel
        self._changed = threading.Condition()
        self._nodes: collections.Counter[str] = collections.Counter()

    @contextlib.contextmanager
    def turn(self, node: str) -> t.Iterator[None]:
        """Wait for one. Raises ``Cancelled`` when the run is, before it has begun."""
        with self._changed:
            while not self._is_free(node):
                self._cancel.check()
                self._changed.wait(_LOOK_SECONDS)
            self._cancel.check()
            self._nodes[node] += 1
        try:
            yield
        finally:
            with self._changed:
                self._nodes[node] -= 1
                self._changed.notify_all()

    def _is_free(self, node: str) -> bool:
        if self._nodes.total() >= self._at_once:
            return False
        return not node or self._nodes[node] < self._per_node


__all__ = ("Turns",)
