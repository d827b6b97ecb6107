# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pods of a backup: those without hooks are stored as they come, the others when their block is done."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.blocks import HookedPod, find_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._backup.collect import Collector
from ansible_collections.arkive.k8s.plugins.module_utils._backup.deferred_pods import DeferredPods
from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import ResolvedRule
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_running, mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import PodWork


class PodStep:
    """``hooked``: the pods with hooks; ``marked``: those that carry the mark of a freeze. Thread-safe."""

    def __init__(
        self,
        resource: ApiResource,
        list_plan: ListPlan,
        sink: ItemSink,
        collector: Collector,
        deferred: DeferredPods,
        *,
        work: PodWork,
    ) -> None:
        self.resource = resource
        self._list_plan = list_plan
        self._sink = sink
        self._collector = collector
        self._deferred = deferred
        self._work = work
        self._lock = threading.Lock()
        self.hooked: list[HookedPod] = []
        self.marked: list[dict[str, t.Any]] = []
        #: Claims that selected running pods mount, by namespace.
        self._claims: dict[str, set[str]] = {}
        self._unused = list(work.rules)

    @property
    def with_databases(self) -> list[HookedPod]:
        """Those of ``hooked`` that hold one."""
        return [found for found in self.hooked if found.database is not None]

    @property
    def unused_rules(self) -> list[ResolvedRule]:
        """Those that fit none of the pods met so far."""
        return self._unused

    def collect(self) -> None:
        """List the pods; with label selectors also those that share a claim with one that was selected."""
        self._collector.run([self.resource], self._take)
        if self._list_plan.spec.selectors:
            for namespace in sorted(self._claims):
                self._collector.read(self.resource, namespace, self._take_siblings)

    def finish(self, pod: t.Mapping[str, t.Any], stored: bool) -> None:
        """Store a hooked pod, or leave it out when its pre hook failed."""
        item = self._deferred.take(pod)
        if stored:
            self._sink.store_all(self.resource, [item])
        else:
            self._sink.leave_out(self.resource, item.obj)

    def _take(self, resource: ApiResource, items: list[RawItem]) -> None:
        plain = [item for item in items if self._sink.accepts(item.obj) and not self._defer(item)]
        self._sink.store_all(resource, plain)

    def _take_siblings(self, resource: ApiResource, items: list[RawItem]) -> None:
        """Velero pulls every running pod that mounts the claim of a selected one into its block."""
        self._take(resource, [item for item in items if self._shares_claim(item.obj)])

    def _defer(self, item: RawItem) -> bool:
        """True for a pod that waits for its block."""
        pod = item.obj
        claims = mounted_claims(pod) if is_running(pod) else ()
        marked = FROZEN_ANNOTATION in (pod["metadata"].get("annotations") or {})
        hooked = find_hooks(pod, self._work.rules, self._work.databases) if self._work.quiesces else None
        used = [rule for rule in self._unused if rule.matches(pod)]
        with self._lock:
            if used:
                self._unused = [rule for rule in self._unused if rule not in used]
            if claims:
                self._claims.setdefault(pod["metadata"]["namespace"], set()).update(claims)
            if marked:
                self.marked.append(pod)
            if hooked is None:
                return False
            if not self._deferred.has(pod["metadata"]["namespace"], pod["metadata"]["name"]):
                self._deferred.add(item)
                self.hooked.append(hooked)
        return True

    def _shares_claim(self, pod: t.Mapping[str, t.Any]) -> bool:
        wanted = self._claims.get(pod["metadata"]["namespace"], set())
        return is_running(pod) and not wanted.isdisjoint(mounted_claims(pod))


__all__ = ("PodStep",)
