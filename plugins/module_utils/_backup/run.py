# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""One backup, from the lists to the tarball. Nothing in here knows where the files go afterwards."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.collect import Collector
from ansible_collections.arkive.k8s.plugins.module_utils._backup.hooked_pods import HookedPod, find_hooked_pod, prepare
from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.selection import CLAIMS, PODS, VOLUMES, Selection
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volumes import bound_volume, describe_volume
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.section import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import sweep
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

#: Up to so many volumes are read one by one; more are read by one list.
_FEW_VOLUMES = 8


class BackupRun:
    """The steps of one run. What happened is in ``outcome``, also after an error."""

    def __init__(
        self,
        request: BackupRequest,
        *,
        client: KubeClient,
        discovery: Discovery,
        selection: Selection,
        writer: TarballWriter,
        log: RunLog,
        outcome: BackupOutcome,
        run_id: str,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self._request = request
        self._client = client
        self._discovery = discovery
        self._selection = selection
        self._log = log
        self._outcome = outcome
        self._progress = progress
        self._cancel = cancel
        self.sink = ItemSink(writer, selection)
        self.collector = Collector(client, selection, log=log, cancel=cancel, workers=request.workers)
        self._hooked: list[HookedPod] = []
        self._marked: list[dict[str, t.Any]] = []
        self._bound: dict[tuple[str, str], dict[str, t.Any]] = {}
        self._settings = SectionSettings(
            run_id=run_id,
            policy=request.freeze_policy,
            default_on_error=request.hook_on_error_default,
            log=log,
            cancel=cancel,
            log_output=request.log_output,
        )

    def steps(self) -> tuple[tuple[str, t.Callable[[], None]], ...]:
        """The steps, by the name under which their time is returned."""
        return (
            ("pods", self.collect_pods),
            ("hooks", self.run_blocks),
            ("items", self.collect_rest),
            ("volumes", self.collect_volumes),
            ("namespaces", self.collect_namespaces),
        )

    def collect_pods(self) -> None:
        """Store the pods without hooks; keep the others. Thaw what dead runs left frozen."""
        resource = self._selection.find(PODS)
        if resource is None:
            return
        self.collector.run([resource], self._take_pods)
        # Lists end in any order; hooks run in one that people can foresee.
        self._hooked.sort(key=lambda hooked: pod_identity(hooked.pod))
        self._progress(f"pods: {self.sink.total + len(self._hooked)} found, {len(self._hooked)} with hooks")
        for swept in sweep(self._client, self._marked):
            self._outcome.swept.append(swept.to_return())
            if swept.state == "failed" or swept.error:
                self._log.warning(
                    f"a freeze of an earlier run: {swept.error}",
                    name=swept.pod,
                    namespace=swept.namespace,
                    resource="pods",
                )

    def run_blocks(self) -> None:
        """Quiesce, release and store the pods with hooks, one block after the other."""
        resource = self._selection.find(PODS)
        if resource is None or not self._hooked:
            return
        preflight = Preflight(self._client, ApiObjectReader(self._client), policy=self._request.freeze_policy)
        # Every hook is seen through before the first one runs.
        blocks = [prepare(hooked, preflight, self._log) for hooked in self._hooked]
        for entry in blocks:
            self._cancel.check()
            self._run_block(entry)
            if entry.stored:
                self.sink.store(resource, t.cast("dict[str, t.Any]", entry.pod))
            else:
                self.sink.leave_out(resource, entry.pod)

    def collect_rest(self) -> None:
        """Everything else, from the pages straight into the tarball."""
        rest = [r for r in self._selection.types if r.group_resource not in (PODS, NAMESPACES)]
        self._progress(f"listing {len(rest)} more types")
        self.collector.run(rest, self._take_items)
        self._progress(f"{self.sink.total} items stored")

    def collect_volumes(self) -> None:
        """The volumes of the claims that were stored, and what the archive says about them."""
        names = {bound_volume(claim) for claim in self._bound.values()}
        volumes = self._read_volumes(names) if names else {}
        resource = self._discovery.find(VOLUMES)
        may_store = self._selection.filter.admits_related(VOLUMES, namespaced=False)
        for _key, claim in sorted(self._bound.items()):
            volume = volumes.get(bound_volume(claim))
            self._outcome.volumes.append(describe_volume(claim, volume))
            if volume is not None and resource is not None and may_store:
                self.sink.store(resource, volume)

    def collect_namespaces(self) -> None:
        """The Namespace objects that pass the filter, and those of which something was stored."""
        resource = self._discovery.find(NAMESPACES)
        if resource is None or not self._selection.filter.lists(NAMESPACES, namespaced=False):
            return
        selector = self._request.spec.label_selector
        for name, obj in sorted(self._selection.namespaces.items()):
            if not obj:
                continue
            labels = obj["metadata"].get("labels")
            active = (obj.get("status") or {}).get("phase") == "Active"
            if name in self.sink.namespaces_with_items or (active and (selector is None or selector.matches(labels))):
                self.sink.store(resource, {"apiVersion": "v1", "kind": "Namespace"} | obj)

    def _take_pods(self, resource: ApiResource, items: list[RawItem]) -> None:
        for item in items:
            pod = item.obj
            if not self.sink.accepts(pod):
                continue
            if FROZEN_ANNOTATION in (pod["metadata"].get("annotations") or {}):
                self._marked.append(pod)
            hooked = find_hooked_pod(pod)
            if hooked is None:
                self.sink.store(resource, pod, item.payload)
            else:
                self._hooked.append(hooked)

    def _take_items(self, resource: ApiResource, items: list[RawItem]) -> None:
        is_claim = resource.group_resource == CLAIMS
        for raw in items:
            item = raw.obj
            if self.sink.store(resource, item, raw.payload) and is_claim and bound_volume(item):
                key = (item["metadata"]["namespace"], item["metadata"]["name"])
                self._bound[key] = {name: item[name] for name in ("metadata", "spec", "status") if name in item}

    def _run_block(self, entry: QuiescedPod) -> None:
        namespace, name = pod_identity(entry.pod)
        freezing = any(plan.targets for plan in entry.pre)
        self._progress(f"{namespace}/{name}: {'freezing' if freezing else 'running hooks'}")
        section = CriticalSection(self._client, [entry], self._settings)
        try:
            with section:
                # Volume snapshots are cut here. Nothing in this window may wait for the store or for another block.
                pass
        finally:
            self._outcome.hooks += section.results
            self._outcome.freezes += section.freezes
        for record in section.freezes:
            seconds = "" if record.seconds is None else f" after {record.seconds:.2f} s"
            self._progress(f"{namespace}/{name}: {record.target.path} thawed by {record.thawed_by}{seconds}")

    def _read_volumes(self, names: set[str]) -> dict[str, dict[str, t.Any]]:
        resource = self._discovery.find(VOLUMES)
        if resource is None:
            return {}
        try:
            if len(names) <= _FEW_VOLUMES:
                found = {}
                for name in sorted(names):
                    found[name] = {"apiVersion": "v1", "kind": "PersistentVolume"} | self._client.get(
                        resource.path(name=name)
                    )
                return found
            listed = (item for page in list_pages(self._client, resource) for item in page.items)
            return {item["metadata"]["name"]: item for item in listed if item["metadata"]["name"] in names}
        except KubeError as exc:
            self._log.warning(
                f"The persistent volumes of the claims could not be read: {exc.sentence}", resource=str(VOLUMES)
            )
            return {}


__all__ = ("BackupRun",)
