# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Exec hooks of restored pods: one watcher for each pod, side by side, while the restore goes on."""

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import (
    HookStop,
    PodHookRun,
    RestoreExecHook,
    parse_restore_exec_hook,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.results import RestoreIssues
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

#: How often to say that hooks are still waited for.
_REMINDER_SECONDS = 15.0
_JOIN_SECONDS = 1.0

Pod: t.TypeAlias = "dict[str, t.Any]"


class RestoredPodHooks:
    """Collects what the hooks of all restored pods did. ``longest_wait`` bounds, in seconds, those without a limit."""

    def __init__(
        self,
        client: KubeClient,
        *,
        log: RunLog,
        issues: RestoreIssues,
        progress: ProgressSink,
        cancel: CancelToken,
        longest_wait: float,
    ) -> None:
        self._client = client
        self._log = log
        self._issues = issues
        self._progress = progress
        self._cancel = cancel
        self._stop = HookStop(cancel)
        self._longest_wait = longest_wait
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._results: list[HookResult] = []

    def watch(self, resource: ApiResource, pod: Pod) -> None:
        """Begin to wait for the containers of a pod that was just created, if it declares a hook."""
        entry, warnings = parse_restore_exec_hook(pod)
        metadata = pod["metadata"]
        for warning in warnings:
            self._issues.warning(warning, resource="pods", namespace=metadata["namespace"], name=metadata["name"])
        if entry is None:
            return
        thread = threading.Thread(
            target=self._run,
            args=(resource, pod, [entry]),
            name=f"{metadata['namespace']}/{metadata['name']}",
            daemon=True,
        )
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def finish(self) -> list[HookResult]:
        """Wait for all hooks; failures are errors, or warnings for hooks that do not stop others."""
        with self._lock:
            threads = list(self._threads)
        if threads:
            self._progress(f"waiting for the exec hooks of {len(threads)} restored pods")
        reminder = time.monotonic() + _REMINDER_SECONDS
        for thread in threads:
            while thread.is_alive():
                thread.join(_JOIN_SECONDS)
                if time.monotonic() > reminder:
                    waiting = sum(each.is_alive() for each in threads)
                    self._progress(f"still waiting for the exec hooks of {waiting} pods, such as {thread.name}")
                    reminder = time.monotonic() + _REMINDER_SECONDS
        for result in self._results:
            self._report(result)
        return self._results

    @property
    def pods(self) -> int:
        """Pods that were given a watcher."""
        return len(self._threads)

    def _run(self, resource: ApiResource, pod: Pod, hooks: list[RestoreExecHook]) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]

        def wait(predicate: t.Callable[[t.Mapping[str, t.Any] | None], bool], seconds: float) -> Pod | None:
            return wait_for_object(
                self._client, resource, name, namespace, predicate, timeout=seconds, cancel=self._stop
            )

        def execute(state: t.Mapping[str, t.Any], hook: Hook) -> HookResult:
            # A hook that runs is not cut off by the failure of another pod's hook, only by the end of the run.
            return run_hook(self._client, state, hook, log=self._log, default_on_error="Continue", cancel=self._cancel)

        run = PodHookRun(pod, hooks, wait=wait, execute=execute, stop=self._stop, longest_wait=self._longest_wait)
        results = run.run()
        with self._lock:
            self._results.extend(results)
        for result in results:
            self._progress(f"hook {result.hook.name} in {namespace}/{name}: {result.state}")

    def _report(self, result: HookResult) -> None:
        if not result.failed:
            return
        record = self._issues.error if result.hook.on_error == "Fail" else self._issues.warning
        record(result.error, resource="pods", namespace=result.namespace, name=result.pod)


__all__ = ("RestoredPodHooks",)
