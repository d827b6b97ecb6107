# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Say what a backup would do: counts for each type, the hooks that would run. Nothing is executed or written."""

from __future__ import annotations

import collections
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._backup.collect import Collector
from ansible_collections.arkive.k8s.plugins.module_utils._backup.existing import outcome_of_existing
from ansible_collections.arkive.k8s.plugins.module_utils._backup.hooked_pods import HookedPod, find_hooked_pod
from ansible_collections.arkive.k8s.plugins.module_utils._backup.issues import list_issues
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.selection import PODS, Selection, select
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import plan_hook
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import NAMESPACES, is_excluded_by_label
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog


def plan_backup(
    request: BackupRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> BackupOutcome:
    """What ``run_backup`` would do. ``items`` are counts of what would be stored, ``planned_hooks`` what would run."""
    request.spec.validate(request.name)
    outcome = BackupOutcome(location=store.location.describe)
    store.check(write=False)
    repository = BackupRepository(store)
    repository.validate()
    if outcome_of_existing(repository, request, outcome):
        return outcome
    log = RunLog(None, backup=f"velero/{request.name}")
    selection = select(client, Discovery.read(client), request.spec)
    for namespace in selection.missing_namespaces:
        log.error(f"Namespace {namespace} is included but does not exist", namespace=namespace, resource="namespaces")
    counter = _Counter(selection)
    types = [resource for resource in selection.types if resource.group_resource != NAMESPACES]
    progress(f"counting {len(types)} types")
    collector = Collector(client, selection, log=log, cancel=cancel or CancelToken(), workers=request.workers)
    collector.run(types, counter.take)
    reader = ApiObjectReader(client)
    for hooked in sorted(counter.hooked, key=lambda entry: pod_identity(entry.pod)):
        for warning in hooked.hooks.warnings:
            log.warning(warning)
        for hook in (hooked.hooks.pre, hooked.hooks.post):
            if hook is not None:
                entry = plan_hook(hooked.pod, hook, reader=reader, policy=request.freeze_policy)
                outcome.planned_hooks.append(
                    entry | {"on_error": hook.resolved_on_error(request.hook_on_error_default)}
                )
    outcome.items = dict(counter.counts)
    if selection.filter.lists(NAMESPACES, namespaced=False) and selection.namespaces:
        outcome.items[str(NAMESPACES)] = len(selection.namespaces)
    outcome.warnings_list, outcome.errors_list = list_issues(log, "warning"), list_issues(log, "error")
    outcome.timings["api_requests"] = client.requests_made
    outcome.changed = True
    return outcome


class _Counter:
    """Counts what would be stored; keeps the pods with hooks. Thread-safe."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._lock = threading.Lock()
        self.counts: collections.Counter[str] = collections.Counter()
        self.hooked: list[HookedPod] = []

    def take(self, resource: ApiResource, items: list[RawItem]) -> None:
        chosen = [item.obj for item in items if self._accepts(item.obj)]
        hooked = [found for found in map(find_hooked_pod, chosen) if found] if resource.group_resource == PODS else []
        with self._lock:
            if chosen:
                self.counts[str(resource.group_resource)] += len(chosen)
            self.hooked += hooked

    def _accepts(self, item: t.Mapping[str, t.Any]) -> bool:
        metadata = item["metadata"]
        if is_excluded_by_label(item) or metadata.get("deletionTimestamp"):
            return False
        return "namespace" not in metadata or self._selection.accepts_namespace(metadata["namespace"])


__all__ = ("plan_backup",)
