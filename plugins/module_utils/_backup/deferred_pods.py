# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods with hooks, kept aside until their block is done: their text in a file."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem


class DeferredPods:
    """Thread-safe. ``spool`` belongs to the caller."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._lock = threading.Lock()
        self._places: dict[tuple[str, str], tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def add(self, item: RawItem) -> None:
        """Keep a pod; a second one of that name is the same."""
        key = _key(item.obj)
        with self._lock:
            if key not in self._places:
                self._places[key] = (self._spool.size, len(item.payload))
                self._spool.write(item.payload)

    def has(self, namespace: str, name: str) -> bool:
        return (namespace, name) in self._places

    def take(self, pod: t.Mapping[str, t.Any]) -> RawItem:
        """The whole pod of a slim one."""
        with self._lock:
            self._spool.flush()
            payload = self._spool.read_at(*self._places[_key(pod)])
        return RawItem(json.loads(payload), payload)


def _key(pod: t.Mapping[str, t.Any]) -> tuple[str, str]:
    return pod["metadata"].get("namespace", ""), pod["metadata"]["name"]


__all__ = ("DeferredPods",)
