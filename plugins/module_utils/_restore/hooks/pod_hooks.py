# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exec hooks of restored pods: side by side, while the restore goes on; one watch for each namespace."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import RestoreExecHook, exec_hooks_of_pod
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_owners import (
    PodOwner,
    find_replacement,
    owner_by_reference,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_run import HookStop, PodHookRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks.hook_records import (
    Entries,
    RecordedHooks,
    ResultSaver,
    record_result,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

#: How often to say that hooks are still waited for, in seconds.
_REMINDER_SECONDS = 15.0
_JOIN_SECONDS = 1.0
#: Limits are looked at this often when nothing happens; news are collected for a moment. In seconds.
_TICK_SECONDS = 0.5
_COLLECT_SECONDS = 0.05

#: The controller's reference in the backup: asked for only when the pod has hooks.
StoredOwner: t.TypeAlias = "t.Callable[[], t.Mapping[str, t.Any] | None]"


class RestoredPodHooks:
    """Waits for the containers of restored pods and runs their hooks; at most ``workers`` commands at the same time.

    Hooks with a result in ``recorded`` do not run. ``save`` is called now and then, from a thread, with all entries
    for the record so far.
    """

    def __init__(self, run: RestoreRun, recorded: RecordedHooks, save: t.Callable[[Entries], None]) -> None:
        self._client = run.client
        self._rules = run.request.spec.hooks
        self._recorded = recorded
        self._issues = run.issues
        #: Each command is in the log; what has failed is reported in the end, by what it does to the restore.
        self._commands = run.context.with_issues(run.issues.beside())
        self._progress = run.progress
        self._cancel = run.cancel
        self._stop = HookStop(run.cancel)
        self._longest_wait = run.request.hook_wait_limit
        self._workers = run.workers
        self._policy = HookPolicy(default_on_error="Continue", log_output=run.request.log_output)
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._ended = threading.Event()
        self._is_closing = False
        self._busy = 0
        self._crash: BaseException | None = None
        self._runs: list[PodHookRun] = []
        self._idle: list[PodHookRun] = []
        self._namespaces: dict[str, _NamespacePods] = {}
        self._saver = ResultSaver(self.records, save)

    def open_hooks(self, pod: Object) -> list[RestoreExecHook]:
        """The hooks of a pod (as it is or will be in the cluster) that have no result yet."""
        namespace, name = pod_identity(pod)
        return self._recorded.without_result(namespace, name, exec_hooks_of_pod(pod, self._rules)[0])

    def watch(self, resource: ApiResource, pod: Object, *, stored_owner: StoredOwner) -> None:
        """Begin to wait for the containers of a pod that this restore created, if it has hooks without a result."""
        namespace, name = pod_identity(pod)
        hooks, warnings = exec_hooks_of_pod(pod, self._rules)
        for warning in warnings:
            self._issues.warning(warning, resource="pods", namespace=namespace, name=name)
        hooks = self._recorded.without_result(namespace, name, hooks)
        if not hooks:
            return
        reference = stored_owner()
        run = PodHookRun(
            pod,
            hooks,
            stop=self._stop,
            longest_wait=self._longest_wait,
            owner=owner_by_reference(reference, pod["metadata"].get("labels")) if reference else None,
        )
        with self._lock:
            pods = self._namespaces.get(namespace)
            if pods is None:
                watch = NamespaceWatch(self._client, resource, namespace, keep=keep_pod, on_change=self._news.set)
                pods = self._namespaces[namespace] = _NamespacePods(watch)
        try:
            pods.track(pod)
        except KubeError as exc:
            run.give_up(exc.sentence)
        with self._lock:
            self._runs.append(run)
            self._idle.append(run)
            if len(self._runs) == 1:
                self._saver.begin()
                threading.Thread(target=self._coordinate, name="restore hooks", daemon=True).start()
        self._news.set()

    def finish(self) -> list[HookResult]:
        """Wait for all hooks; failures are errors, or warnings for hooks that do not stop others."""
        self._is_closing = True
        self._news.set()
        if self._runs:
            self._progress(f"waiting for the exec hooks of {counted(len(self._runs), 'restored pod')}")
            self._await_end()
        self._saver.close()
        if self._crash is not None:
            raise self._crash
        self._runs.sort(key=lambda run: (run.namespace, run.restored))
        results = [result for run in self._runs for result in run.results]
        for result in results:
            self._report(result)
        return results

    def records(self) -> Entries:
        """Entries of the restore's record, for the hooks that have a result."""
        with self._lock:
            found = [(result, run.restored) for run in self._runs for result in run.results]
        entries = [record_result(result, restored, with_output=self._policy.log_output) for result, restored in found]
        return [entry for entry in entries if entry is not None]

    def _await_end(self) -> None:
        reminder = time.monotonic() + _REMINDER_SECONDS
        while not self._ended.wait(_JOIN_SECONDS):
            if time.monotonic() > reminder:
                waiting = [run for run in self._runs if not run.is_done]
                if waiting:
                    first = waiting[0]
                    why = f": {first.trouble}" if first.trouble else ""
                    self._progress(
                        f"still waiting for the exec hooks of {counted(len(waiting), 'pod')}, such as "
                        f"{first.namespace}/{first.name}{why}"
                    )
                reminder = time.monotonic() + _REMINDER_SECONDS

    def _coordinate(self) -> None:
        """The only thread that decides; hooks run in threads of their own."""
        try:
            while not self._is_over():
                self._news.wait(_TICK_SECONDS)
                self._cancel.wait(_COLLECT_SECONDS)
                self._news.clear()
                with self._lock:
                    idle = list(self._idle)
                for run in idle:
                    self._look(run)
        except BaseException as exc:  # raised again by finish()
            self._crash = exc
        finally:
            for pods in list(self._namespaces.values()):
                pods.close()
            self._ended.set()

    def _is_over(self) -> bool:
        with self._lock:
            return self._crash is not None or (self._is_closing and not self._idle and not self._busy)

    def _look(self, run: PodHookRun) -> None:
        pods = self._namespaces[run.namespace]
        name = run.name
        container = None
        if pods.refused:
            run.give_up(pods.refused)
        elif not run.is_done:
            container = run.look(pods)
        if run.name != name:
            self._progress(f"the hooks of pod {run.namespace}/{name} go to {run.name}, which replaces it")
        if run.is_done:
            self._retire(run)
        elif container is not None:
            self._begin(run, container, pods)

    def _begin(self, run: PodHookRun, container: str, pods: _NamespacePods) -> None:
        with self._lock:
            if self._busy >= self._workers:
                run.queue()
                return
            self._busy += 1
            self._idle.remove(run)
        threading.Thread(
            target=self._work, args=(run, container, pods), name=f"{run.namespace}/{run.name}", daemon=True
        ).start()

    def _work(self, run: PodHookRun, container: str, pods: _NamespacePods) -> None:
        try:
            run.run_container(container, pods=pods, execute=self._execute)
        except BaseException as exc:  # raised again by finish()
            self._crash = exc
        finally:
            with self._lock:
                self._busy -= 1
                self._idle.append(run)
            self._saver.notify()
            self._news.set()

    def _execute(self, pod: t.Mapping[str, t.Any], hook: Hook) -> HookResult:
        self._saver.notify()  # of what ran before in this pod
        # A hook that runs is not cut off by the failure of another pod's hook, only by the end of the run.
        return run_hook(self._commands, pod, hook, self._policy)

    def _retire(self, run: PodHookRun) -> None:
        with self._lock:
            self._idle.remove(run)
        for result in run.results:
            self._progress(f"hook {result.hook.name} in {run.namespace}/{result.pod}: {result.state}")

    def _report(self, result: HookResult) -> None:
        if not result.failed:
            return
        record = self._issues.error if result.hook.on_error == "Fail" else self._issues.warning
        record(result.error, resource="pods", namespace=result.namespace, name=result.pod)


class _NamespacePods:
    """The live pods of one namespace, and which of them have hooks to get."""

    def __init__(self, watch: NamespaceWatch) -> None:
        self._watch = watch
        self._taken: set[str] = set()

    @property
    def refused(self) -> str:
        return self._watch.refused.sentence if self._watch.refused is not None else ""

    def track(self, pod: Object) -> None:
        self._taken.add(str(pod["metadata"].get("uid", "")))
        self._watch.track(pod)

    def current(self, name: str) -> Object | None:
        return self._watch.current(name)

    def refresh(self, name: str) -> Object | None:
        return self._watch.refresh(name)

    def take_replacement(self, owner: PodOwner, *, since: str) -> Object | None:
        found = find_replacement(self._watch.objects(), owner, since=since, taken=self._taken)
        if found is None:
            return None
        self._taken.add(str(found["metadata"].get("uid", "")))
        return t.cast("Object", found)

    def close(self) -> None:
        self._watch.close()


def keep_pod(pod: Object) -> Object:
    """What hooks need to know of a pod: a namespace may have thousands."""
    metadata, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    owners = [reference for reference in metadata.get("ownerReferences") or [] if reference.get("controller")]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "labels")
    return {
        "metadata": {name: metadata[name] for name in kept if name in metadata} | {"ownerReferences": owners},
        "spec": {
            "restartPolicy": spec.get("restartPolicy", "Always"),
            "containers": [{"name": entry["name"]} for entry in spec.get("containers") or []],
            "initContainers": [
                {"name": entry["name"], "restartPolicy": entry.get("restartPolicy", "")}
                for entry in spec.get("initContainers") or []
            ],
        },
        "status": {name: status[name] for name in _STATUS if name in status},
    }


_STATUS = ("phase", "containerStatuses", "initContainerStatuses")

__all__ = ("RestoredPodHooks", "StoredOwner", "keep_pod")
