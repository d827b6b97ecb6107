# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where objects go: each one once, only those that may be stored, into the tarball and the resource list."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_rules import clean_item
from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import CountSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import is_excluded_by_label

#: Called with each object that was stored. Called from several threads, before the object is cleaned.
ItemObserver: t.TypeAlias = t.Callable[[dict[str, t.Any]], None]


#: Changes an object as it is to be stored. True when it did.
ItemChange: t.TypeAlias = t.Callable[[dict[str, t.Any]], bool]


class ItemHolder(t.Protocol):
    """Keeps objects of one type that are written later."""

    def waits(self, obj: dict[str, t.Any]) -> bool:
        """Whether this one does."""

    def add(self, obj: dict[str, t.Any], preferred_version: str) -> None:
        """Keep it, cleaned."""

    def take(self) -> t.Iterator[tuple[dict[str, t.Any], str]]:
        """All that was kept, with the preferred version of the type."""


class ItemWriter(t.Protocol):
    """The tarball, or what only counts (check mode)."""

    def add_items(
        self, gr: GroupResource, items: t.Iterable[tuple[dict[str, t.Any], bytes | None]], *, preferred_version: str
    ) -> None:
        """Take objects of one type, each with its JSON text where that is known."""


class ItemSink:
    """Thread-safe. Keeps names, never objects."""

    def __init__(
        self,
        writer: ItemWriter,
        list_plan: ListPlan,
        *,
        backup_name: str,
        preferred: t.Mapping[GroupResource, str],
        counted: CountSink,
    ) -> None:
        self._counted = counted
        self._writer = writer
        self._list_plan = list_plan
        self._backup_name = backup_name
        self._preferred = preferred
        self._lock = threading.Lock()
        #: ``{"apps/v1/Deployment": {"ns/name": None}}``: what was stored or left out, which is Velero's resource list.
        #: Half the memory of sets, which grow fourfold.
        self._names: dict[str, dict[str, None]] = collections.defaultdict(dict)
        self._accepted: dict[str, bool] = {}
        self._observers: dict[GroupResource, list[ItemObserver]] = collections.defaultdict(list)
        self._changes: dict[GroupResource, ItemChange] = {}
        self._holders: dict[GroupResource, ItemHolder] = {}
        self.counts: collections.Counter[str] = collections.Counter()
        self.namespaces_with_items: set[str] = set()

    def observe(self, gr: GroupResource, observer: ItemObserver) -> None:
        """Call ``observer`` for each stored object of one type."""
        self._observers[gr].append(observer)

    def change(self, gr: GroupResource, change: ItemChange) -> None:
        """Let ``change`` have the last word on each object of one type before it is written."""
        self._changes[gr] = change

    def hold(self, gr: GroupResource, holder: ItemHolder) -> None:
        """Let ``holder`` keep objects of one type, which count as stored, until ``write_held``."""
        self._holders[gr] = holder

    def write_held(self) -> None:
        """Write what was held, changed as it is now."""
        for gr, holder in self._holders.items():
            last = self._changes.get(gr)
            for obj, preferred in holder.take():
                if last is not None:
                    last(obj)
                self._writer.add_items(gr, [(obj, None)], preferred_version=preferred)

    def store_record(self, resource: ApiResource, obj: dict[str, t.Any]) -> None:
        """Write an object that is none of the cluster's: it is in no list, and not counted."""
        self._writer.add_items(resource.group_resource, [(obj, None)], preferred_version=resource.version)

    def store_all(self, resource: ApiResource, items: t.Iterable[RawItem]) -> int:
        """Write those of ``items`` that are not excluded, terminating or written already. How many were written."""
        gr = resource.group_resource
        fresh = self._claim(resource, [item for item in items if self.accepts(item.obj)])
        observers, last = self._observers.get(gr, ()), self._changes.get(gr)
        preferred = self._preferred.get(gr, resource.version)
        holder = self._holders.get(gr)
        prepared: list[tuple[dict[str, t.Any], bytes | None]] = []
        for item in fresh:
            for observer in observers:
                observer(item.obj)
            changed = clean_item(gr, item.obj, backup_name=self._backup_name)
            if holder is not None and holder.waits(item.obj):
                holder.add(item.obj, preferred)
                continue
            changed = (last(item.obj) if last is not None else False) or changed
            prepared.append((item.obj, None if changed else item.payload))
        if prepared:
            self._writer.add_items(gr, prepared, preferred_version=preferred)
        if fresh:
            self._counted(len(fresh))
        return len(fresh)

    def leave_out(self, resource: ApiResource, obj: dict[str, t.Any]) -> None:
        """Count ``obj`` without writing it: a pod whose pre hook failed stays in the resource list (Velero)."""
        if self.accepts(obj) and self._claim(resource, [RawItem(obj, b"")]):
            with self._lock:
                self.counts[str(resource.group_resource)] -= 1

    def accepts(self, obj: t.Mapping[str, t.Any]) -> bool:
        """The checks that do not depend on what was written before."""
        metadata = obj["metadata"]
        if metadata.get("deletionTimestamp") or ("labels" in metadata and is_excluded_by_label(obj)):
            return False
        namespace = metadata.get("namespace")
        return not namespace or self.accepts_namespace(namespace)

    def accepts_namespace(self, namespace: str) -> bool:
        known = self._accepted.get(namespace)
        if known is None:
            known = self._accepted[namespace] = self._list_plan.namespaces.accepts(namespace)
        return known

    def has(self, resource: ApiResource, namespace: str, name: str) -> bool:
        """True when this object was stored, or left out on purpose."""
        with self._lock:
            return _key(namespace, name) in self._names.get(_kind(resource), ())

    @property
    def total(self) -> int:
        """Objects that were stored or left out."""
        with self._lock:
            return sum(map(len, self._names.values()))

    @property
    def stored(self) -> int:
        """Objects that were stored."""
        with self._lock:
            return sum(self.counts.values())

    @property
    def stored_types(self) -> list[GroupResource]:
        """The types of which something was stored."""
        with self._lock:
            return [GroupResource.parse(name) for name, count in sorted(self.counts.items()) if count]

    def item_counts(self) -> dict[str, int]:
        """How many objects of each type were stored; types without any left out."""
        with self._lock:
            return {name: count for name, count in sorted(self.counts.items()) if count}

    def resource_list(self) -> dict[str, list[str]]:
        """``{"apps/v1/Deployment": ["ns/name"]}``, each list sorted."""
        with self._lock:
            return {kind: sorted(names) for kind, names in sorted(self._names.items()) if names}

    def _claim(self, resource: ApiResource, items: list[RawItem]) -> list[RawItem]:
        """Those that nobody has written yet; they are this caller's from now on."""
        fresh = []
        with self._lock:
            names = self._names[_kind(resource)]
            for item in items:
                metadata = item.obj["metadata"]
                namespace = metadata.get("namespace") or ""
                key = _key(namespace, metadata["name"])
                if key not in names:
                    names[key] = None
                    fresh.append(item)
                    if namespace:
                        self.namespaces_with_items.add(namespace)
            if fresh:
                self.counts[str(resource.group_resource)] += len(fresh)
        return fresh


def _kind(resource: ApiResource) -> str:
    return f"{resource.api_version}/{resource.kind}"


def _key(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


__all__ = ("ItemChange", "ItemHolder", "ItemObserver", "ItemSink", "ItemWriter")
