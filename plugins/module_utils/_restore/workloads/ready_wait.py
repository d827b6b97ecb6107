# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait until the workloads that a restore made are ready, each within the same time."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_trouble import pod_trouble, stated_reason
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.events import last_warning
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.workloads.readiness import (
    WORKLOADS,
    Readiness,
    has_controller,
    is_ready,
)

#: Limits are looked at this often when nothing happens; news are collected for a moment. In seconds.
_TICK_SECONDS = 0.5
_COLLECT_SECONDS = 0.05
_REMINDER_SECONDS = 15.0
#: How many pods of a workload are looked through for what is wrong with them.
_PODS_LOOKED_AT = 50


class WorkloadWait:
    """Waits for as long as the request says."""

    def __init__(self, run: RestoreRun) -> None:
        self._client = run.client
        self._timeout = run.request.wait_timeout or 0.0
        self._issues = run.issues
        self._progress = run.progress
        self._cancel = run.cancel
        self._workers = run.workers
        self._news = threading.Event()

    def run(self, items: t.Iterable[PlanItem]) -> dict[str, int]:
        """Wait for those of ``items`` that are workloads; how many became ready, and how many did not.

        What is not ready in time is an error of the object, with the reason. A run that is cancelled ends at once.
        """
        groups = self._begin(items)
        count = sum(len(group.waiting) for group in groups)
        if not count:
            return {"ready": 0, "not_ready": 0}
        self._progress(f"waiting for {counted(count, 'workload')} to be ready")
        begun = time.monotonic()
        try:
            self._await(groups, end=begun + self._timeout)
        finally:
            for group in groups:
                group.watch.close()
        late = [(group, name) for group in groups for name in group.late]
        ready = sum(group.ready for group in groups)
        if not self._cancel.is_cancelled:
            spent = time.monotonic() - begun
            others = count - ready - len(late)
            owned = f", {others} left to the workloads that made them" if others else ""
            self._progress(f"workloads: {ready} ready after {spent:.0f} s, {len(late)} not{owned}")
            self._report(late)
        return {"ready": ready, "not_ready": len(late)}

    def _begin(self, items: t.Iterable[PlanItem]) -> list[_Group]:
        groups: dict[tuple[GroupResource, str], _Group] = {}
        for item in items:
            if item.group_resource not in WORKLOADS or item.resource is None or not item.namespace:
                continue
            key = (item.group_resource, item.namespace)
            group = groups.get(key)
            if group is None:
                watch = NamespaceWatch(
                    self._client,
                    item.resource,
                    item.namespace,
                    keep=_keeper(item.resource.kind),
                    on_change=self._news.set,
                )
                group = groups[key] = _Group(item.resource, watch)
            group.waiting[item.name] = item
        for group in groups.values():
            group.watch.follow(group.waiting)
        return list(groups.values())

    def _await(self, groups: t.Sequence[_Group], *, end: float) -> None:
        reminder = time.monotonic() + _REMINDER_SECONDS
        while True:
            self._news.clear()
            for group in groups:
                group.look()
            waiting = [item for group in groups for item in group.waiting.values()]
            now = time.monotonic()
            if not waiting or now >= end or self._cancel.is_cancelled:
                break
            if now > reminder:
                why = next(group.said[waiting[0].name].why for group in groups if group.waiting)
                self._progress(
                    f"still waiting for {counted(len(waiting), 'workload')}, such as {waiting[0].title}: {why}"
                )
                reminder = now + _REMINDER_SECONDS
            self._news.wait(min(_TICK_SECONDS, end - now))
            self._cancel.wait(min(_COLLECT_SECONDS, max(0.0, end - time.monotonic())))
        for group in groups:
            group.give_up()

    def _report(self, late: t.Sequence[tuple[_Group, str]]) -> None:
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._workers) as pool:
            reasons = pool.map(lambda found: self._reason(*found), late)
            for (group, name), why in zip(late, reasons, strict=True):
                item, is_final = group.late[name], group.said[name].is_final
                when = "is not ready, and will not be" if is_final else f"was not ready within {self._timeout:g} s"
                self._issues.error(
                    f"{item.title} {when}: {why}",
                    resource=str(item.group_resource),
                    namespace=item.namespace or "",
                    name=name,
                )

    def _reason(self, group: _Group, name: str) -> str:
        """What is known of the object itself, and of one of its pods; else what was reported of them last."""
        why, live = group.said[name].why, group.watch.current(name)
        if live is None or group.watch.refused is not None:
            return why
        try:
            if live["kind"] == "Pod":
                return why if stated_reason(live) else why + self._last_warning(live)
            pods = self._pods_of(live)
            if not pods:
                return why + self._last_warning(live)
            for said in (stated_reason, pod_trouble):
                for pod in pods:
                    if trouble := said(pod):
                        event = self._last_warning(pod) if said is pod_trouble else ""
                        return f"{why}; pod {pod['metadata']['name']}: {trouble}{event}"
        except ArkiveError:
            return why  # only the explanation is missing
        return why

    def _pods_of(self, workload: Object) -> list[Object]:
        """Its pods by its selector, the newest first."""
        selector = workload["spec"].get("selector") or {}
        labels = selector if workload["kind"] == "ReplicationController" else selector.get("matchLabels") or {}
        if not labels:
            return []
        query = {
            "labelSelector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
            "limit": str(_PODS_LOOKED_AT),
        }
        path = f"/api/v1/namespaces/{workload['metadata']['namespace']}/pods"
        found: list[Object] = self._client.get(path, query=query).get("items") or []
        return sorted(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)

    def _last_warning(self, obj: Object) -> str:
        """`` (reason: message)``, where there is one."""
        said = last_warning(self._client, obj)
        return f" ({said})" if said else ""


@dataclasses.dataclass(slots=True)
class _Group:
    """Workloads of one type in one namespace. ``said`` is the last word about each, ``late`` what gave up on."""

    resource: ApiResource
    watch: NamespaceWatch
    waiting: dict[str, PlanItem] = dataclasses.field(default_factory=dict)
    said: dict[str, Readiness] = dataclasses.field(default_factory=dict)
    late: dict[str, PlanItem] = dataclasses.field(default_factory=dict)
    ready: int = 0

    def look(self) -> None:
        """Strike off what is ready, what is another's business, and what is past hope."""
        for name, item in list(self.waiting.items()):
            judged = self._judge(name, item)
            if judged is None:
                del self.waiting[name]
                continue
            self.said[name] = judged
            if judged.ready:
                self.ready += 1
            elif judged.is_final:
                self.late[name] = item
            else:
                continue
            del self.waiting[name]
        if not self.waiting:
            self.watch.close()

    def _judge(self, name: str, item: PlanItem) -> Readiness | None:
        """None for an object that somebody else answers for."""
        if self.watch.refused is not None:
            return Readiness(False, self.watch.refused.sentence, is_final=True)
        live = self.watch.current(name)
        if live is not None:
            return None if has_controller(live) else is_ready(live)
        if not self.watch.is_gone(name):
            return Readiness(False, self.watch.trouble or "nothing is known of it yet")
        if self.resource.kind in ("Pod", "ReplicaSet") and item.facts.owner is not None:
            return None  # the controller that the stored one had will make others for it
        return Readiness(False, "somebody has deleted it", is_final=True)

    def give_up(self) -> None:
        self.late |= self.waiting
        self.waiting = {}


def _keeper(kind: str) -> t.Callable[[Object], Object]:
    return lambda obj: _keep(kind, obj)


def _keep(kind: str, obj: Object) -> Object:
    """What readiness depends on: a namespace may have thousands of pods."""
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    return {
        "kind": kind,
        "metadata": {name: metadata[name] for name in _METADATA if name in metadata},
        "spec": {name: spec[name] for name in _SPEC if name in spec},
        "status": obj.get("status") or {},
    }


_METADATA = ("name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp", "ownerReferences")
_SPEC = ("paused", "replicas", "selector", "updateStrategy")

__all__ = ("WorkloadWait",)
