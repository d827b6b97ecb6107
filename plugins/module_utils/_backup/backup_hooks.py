# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that run once for the whole backup: before it, after it, when it went well, when it did not."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult, Phase
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_running
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import BackupHook, BackupHooks

Event: t.TypeAlias = t.Literal["pre", "post", "on_success", "on_failure"]
#: These run even when the run was cancelled: they put back what the ones before have changed.
_NEVER_CANCELLED = ("post", "on_failure")


class BackupHookRunner:
    """Runs each event's hooks in their order. ``results`` holds all that ran so far, also after an error."""

    def __init__(
        self,
        run: ClusterRun,
        hooks: BackupHooks,
        policy: HookPolicy,
    ) -> None:
        """Raises ``HookError`` for a command that would freeze something: nothing here would guard it."""
        self._run = run
        self._hooks: dict[Event, tuple[BackupHook, ...]] = {
            "pre": hooks.pre,
            "post": hooks.post,
            "on_success": hooks.on_success,
            "on_failure": hooks.on_failure,
        }
        self._issues = run.issues
        self._policy = policy
        self._began = False
        self.results: list[HookResult] = []
        for event, entries in self._hooks.items():
            for entry in entries:
                _refuse_freeze(event, entry)

    def run(self, event: Event) -> list[HookResult]:
        """The results of one event. ``post`` runs nothing unless ``pre`` has begun.

        After a hook that fails with Fail the others of the event are skipped. Raises ``HookError`` where that happens
        in ``pre``: nothing may be backed up then.
        """
        if event == "pre":
            self._began = True
            self._run.cancel.check()
        elif event == "post" and not self._began:
            return []
        results: list[HookResult] = []
        failed: HookResult | None = None
        for index, entry in enumerate(self._hooks[event]):
            hook = _to_hook(event, index, entry)
            if failed is not None:
                why = "not run, because an earlier hook failed with on-error Fail"
                result = HookResult.not_run(hook, (entry.namespace, entry.pod), "skipped", why)
            else:
                result = self._run_one(event, entry, hook)
                if self._policy.is_fatal(result):
                    failed = result
            results.append(result)
            self.results.append(result)
        if failed is not None:
            self._issues.error(f"Error running {event} hooks of the backup", error=failed.error)
            if event == "pre":
                raise self._pre_error(failed.hook, (failed.namespace, failed.pod), failed.error)
        return results

    def foresee(self) -> None:
        """Raise what ``run("pre")`` will raise for a hook whose pod or container is known not to be there."""
        from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container

        for index, entry in enumerate(self._hooks["pre"]):
            hook = _to_hook("pre", index, entry)
            try:
                resolve_container(self._find_pod(entry, self._run.client), hook.container)
            except (KubeError, HookError) as exc:
                self._log_unrun(entry, hook, exc.sentence)
                if hook.resolved_on_error(self._policy.default_on_error) == "Fail":
                    self._issues.error("Error running pre hooks of the backup", error=exc.sentence)
                    raise self._pre_error(hook, (entry.namespace, entry.pod), exc.sentence) from exc

    def _run_one(self, event: Event, entry: BackupHook, hook: Hook) -> HookResult:
        from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import run_hook

        run = self._run.uncancelled() if event in _NEVER_CANCELLED else self._run
        try:
            pod = self._find_pod(entry, run.client.with_cancel(run.cancel))
        except (KubeError, HookError) as exc:
            self._log_unrun(entry, hook, exc.sentence)
            return HookResult.not_run(hook, (entry.namespace, entry.pod), "failed", exc.sentence)
        except Cancelled as exc:
            if event == "pre":
                raise
            return HookResult.not_run(hook, (entry.namespace, entry.pod), "skipped", f"not run: {exc.sentence}")
        return run_hook(run, pod, hook, self._policy)

    def _pre_error(self, hook: Hook, pod: tuple[str, str], why: str) -> HookError:
        text = f"The pre hook '{hook.name}' of the backup failed in {'/'.join(pod)}"
        return HookError(
            f"{text}: {why.rstrip('.')}. Nothing was backed up.",
            hint="Set on_error: Continue for a hook that may fail.",
            told=self._issues.errors_by(why),
        )

    def _log_unrun(self, entry: BackupHook, hook: Hook, why: str) -> None:
        self._issues.error(
            "Error executing hook", error=why, hookName=hook.name, name=entry.pod, namespace=entry.namespace
        )

    @staticmethod
    def _find_pod(entry: BackupHook, client: KubeClient) -> dict[str, t.Any]:
        path = f"/api/v1/namespaces/{entry.namespace}/pods"
        if entry.label_selector is None:
            found: dict[str, t.Any] = client.get(f"{path}/{entry.pod}")
            return found
        selector = entry.label_selector.to_text()
        pods: list[dict[str, t.Any]] = client.get(path, query={"labelSelector": selector}).get("items") or []
        ready = [pod for pod in pods if _is_ready(pod)]
        if not ready:
            raise HookError(
                f"No pod with labels {selector} is running and ready in namespace {entry.namespace}.",
                hint="Check the namespace and the labels.",
            )
        return min(ready, key=lambda pod: str(pod["metadata"]["name"]))


def _refuse_freeze(event: Event, entry: BackupHook) -> None:
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise

    found = recognise(entry.command)
    if found.freezes or found.unclear or entry.freezes:
        raise HookError(
            f"The {event} hook '{entry.name}' of the backup would freeze a file system: it is refused, because a hook "
            "that runs once for the backup is not guarded by a lease.",
            hint="Write the freeze as a rule in hooks: it is released with its pod.",
        )


def _is_ready(pod: t.Mapping[str, t.Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return is_running(pod) and any(
        entry.get("type") == "Ready" and entry.get("status") == "True" for entry in conditions
    )


def _to_hook(event: Event, index: int, entry: BackupHook) -> Hook:
    phase: Phase = "pre" if event == "pre" else "post"
    return Hook.of(entry, source="backup", name=entry.name, phase=phase, index=index)


__all__ = ("BackupHookRunner", "Event")
