# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before and after of what a plan changes, for diff mode."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import apply_merge_patch
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import ObjectKey, PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.diff_text import diff_entry


class PlanDiffs:
    """Keeps YAML of up to ``limit`` objects; the others are only counted. Does nothing at a limit of 0."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: dict[ObjectKey, dict[str, str]] = {}
        self.left_out = 0

    def add(self, item: PlanItem, before: ObjectView | None, after: ObjectView | None) -> None:
        """Keep the texts of one object; a later call for the same object replaces them.

        Fields of ``item`` that the server drops are named: ``after`` has no place for them.
        """
        if not self._limit:
            return
        with self._lock:
            if item.key not in self._entries and len(self._entries) >= self._limit:
                self.left_out += 1
                return
        entry = diff_entry(item.group_resource, item.title, before, after)
        if item.dropped:
            entry["after"] += "".join(f"# dropped by the API server: {path}\n" for path in item.dropped)
        with self._lock:
            self._entries[item.key] = entry

    def add_update(self, item: PlanItem, live: ObjectView) -> None:
        """By our own comparison, where the server's answer is not known."""
        if self._limit:
            self.add(item, live, t.cast("ObjectView", apply_merge_patch(live, item.patch or {})))

    def drop(self, item: PlanItem) -> None:
        """Forget an object that will not change after all."""
        with self._lock:
            self._entries.pop(item.key, None)

    def to_return(self, order: t.Iterable[PlanItem]) -> list[dict[str, str]]:
        """The entries in the order of the plan."""
        return [self._entries[item.key] for item in order if item.key in self._entries]


__all__ = ("PlanDiffs",)
