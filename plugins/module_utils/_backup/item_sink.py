# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Where items go: checked one by one, written once, counted (Velero 1.18, per-item checks)."""

from __future__ import annotations

import collections
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.selection import Selection
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import is_excluded_by_label


class ItemSink:
    """Thread-safe. Keeps names, never objects."""

    def __init__(self, writer: TarballWriter, selection: Selection) -> None:
        self._writer = writer
        self._selection = selection
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str, str]] = set()
        self._listed: dict[str, list[str]] = collections.defaultdict(list)
        self.counts: collections.Counter[str] = collections.Counter()
        self.namespaces_with_items: set[str] = set()

    def store(self, resource: ApiResource, obj: dict[str, t.Any], payload: bytes | None = None) -> bool:
        """Write ``obj`` unless it is excluded, terminating or written already. True when it was written.

        ``payload``: its JSON text where that is at hand.
        """
        if not self._claim(resource, obj):
            return False
        annotations = obj["metadata"].get("annotations")
        if annotations and FROZEN_ANNOTATION in annotations:
            del annotations[FROZEN_ANNOTATION]
            payload = None
        self._writer.add_item(resource.group_resource, obj, preferred_version=resource.version, payload=payload)
        with self._lock:
            self.counts[str(resource.group_resource)] += 1
        return True

    def leave_out(self, resource: ApiResource, obj: t.Mapping[str, t.Any]) -> None:
        """Count ``obj`` without writing it: a pod whose pre hook failed stays in the resource list (Velero)."""
        self._claim(resource, obj)

    def accepts(self, obj: t.Mapping[str, t.Any]) -> bool:
        """The checks that do not depend on what was written before."""
        metadata = obj["metadata"]
        namespace = metadata.get("namespace", "")
        if is_excluded_by_label(obj) or metadata.get("deletionTimestamp"):
            return False
        return not namespace or self._selection.accepts_namespace(namespace)

    @property
    def total(self) -> int:
        with self._lock:
            return len(self._seen)

    def resource_list(self) -> dict[str, list[str]]:
        """``{"apps/v1/Deployment": ["ns/name"]}``, each list sorted."""
        with self._lock:
            return {kind: sorted(names) for kind, names in sorted(self._listed.items())}

    def _claim(self, resource: ApiResource, obj: t.Mapping[str, t.Any]) -> bool:
        if not self.accepts(obj):
            return False
        metadata = obj["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        key = (str(resource.group_resource), namespace, name)
        with self._lock:
            if key in self._seen:
                return False
            self._seen.add(key)
            self._listed[f"{obj['apiVersion']}/{obj['kind']}"].append(f"{namespace}/{name}" if namespace else name)
            if namespace:
                self.namespaces_with_items.add(namespace)
        return True


__all__ = ("ItemSink",)
