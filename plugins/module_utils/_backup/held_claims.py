# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims whose volumes' data is still to be moved: they wait on disk until it is known whether it was."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact


class HeldClaims:
    """An ``ItemHolder``. Thread-safe. ``spool`` belongs to the caller, and is this one's alone."""

    def __init__(self, spool: Spool, waits: t.Callable[[dict[str, t.Any]], bool]) -> None:
        self._spool = spool
        self._waits = waits
        self._lock = threading.Lock()
        self._kept: list[tuple[int, int, str]] = []

    def waits(self, obj: dict[str, t.Any]) -> bool:
        return self._waits(obj)

    def add(self, obj: dict[str, t.Any], preferred_version: str) -> None:
        payload = encode_compact(obj)
        with self._lock:
            self._kept.append((self._spool.size, len(payload), preferred_version))
            self._spool.write(payload)

    def take(self) -> t.Iterator[tuple[dict[str, t.Any], str]]:
        """Once: what was taken is not kept any more."""
        with self._lock:
            kept, self._kept = self._kept, []
            self._spool.flush()
        for offset, length, preferred in kept:
            yield json.loads(self._spool.read_at(offset, length)), preferred


__all__ = ("HeldClaims",)
