# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Commands that a restore runs in the pods it created: parsing, grouping, waiting (Velero 1.18)."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration, parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import (
    parse_command,
    parse_hook_timeout,
    parse_on_error,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import is_finished, pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import ANNOTATION_HOOK_NAME, Hook, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout

_PREFIX = "post.hook.restore.velero.io/"
_CANCELED = "context canceled"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")

Pod: t.TypeAlias = "t.Mapping[str, t.Any]"
#: Waits until the predicate accepts the pod (None: it is gone); ``KubeTimeout`` after so many seconds, ``Cancelled``.
WaitForPod: t.TypeAlias = "t.Callable[[t.Callable[[Pod | None], bool], float], Pod | None]"
Execute: t.TypeAlias = "t.Callable[[Pod, Hook], HookResult]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreExecHook:
    """A hook and how long its container may take to come up: ``wait_seconds`` None waits for ever."""

    hook: Hook
    wait_seconds: float | None = None
    wait_for_ready: bool = False

    @property
    def stops_all(self) -> bool:
        """Only ``Fail`` does; unset means Continue for restore hooks (Velero 1.18)."""
        return self.hook.on_error == "Fail"


class HookStop(CancelToken):
    """Set by the first hook with ``on-error: Fail`` that fails; set as well while the run itself is cancelled."""

    _SLICE_SECONDS = 0.2

    def __init__(self, run: CancelToken) -> None:
        super().__init__()
        self._run = run

    @property
    def is_cancelled(self) -> bool:
        return super().is_cancelled or self._run.is_cancelled

    @property
    def reason(self) -> str:
        return super().reason or self._run.reason

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.is_cancelled:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            super().wait(min(left, self._SLICE_SECONDS))
        return True

    def check(self) -> None:
        if self.is_cancelled:
            raise Cancelled(f"The run was cancelled: {self.reason}.")


def parse_restore_exec_hook(pod: Pod) -> tuple[RestoreExecHook | None, list[str]]:
    """The exec hook in the annotations of ``pod``, and warnings about values that were left out."""
    annotations: t.Mapping[str, str] = (pod.get("metadata") or {}).get("annotations") or {}
    command = annotations.get(_PREFIX + "command", "")
    if not command:
        return None, []
    where = "pod " + "/".join(pod_identity(pod))
    warnings: list[str] = []
    timeout_key, wait_key, ready_key = (_PREFIX + key for key in ("exec-timeout", "wait-timeout", "wait-for-ready"))
    hook = Hook(
        source="annotation",
        name=ANNOTATION_HOOK_NAME,
        phase="post",
        argv=parse_command(command),
        container=annotations.get(_PREFIX + "container", ""),
        on_error=parse_on_error(annotations.get(_PREFIX + "on-error", "")),
        timeout_seconds=parse_hook_timeout(
            annotations.get(timeout_key, ""), key=timeout_key, where=where, warnings=warnings
        ),
    )
    return (
        RestoreExecHook(
            hook=hook,
            wait_seconds=_parse_wait(annotations.get(wait_key, ""), key=wait_key, where=where, warnings=warnings),
            wait_for_ready=_parse_bool(annotations.get(ready_key, ""), key=ready_key, where=where, warnings=warnings),
        ),
        warnings,
    )


def was_canceled(result: HookResult) -> bool:
    """True for a hook that was not run because of a cancel: a resumed restore runs it."""
    return result.failed and _CANCELED in result.error


def group_by_container(pod: Pod, hooks: t.Sequence[RestoreExecHook]) -> dict[str, list[RestoreExecHook]]:
    """Hooks by the name of their container, in their order; a hook without one goes to the pod's first container."""
    containers = (pod.get("spec") or {}).get("containers") or []
    default = str(containers[0]["name"]) if containers else ""
    grouped: dict[str, list[RestoreExecHook]] = {}
    for entry in hooks:
        grouped.setdefault(entry.hook.container or default, []).append(entry)
    return grouped


def wait_limit(hooks: t.Iterable[RestoreExecHook]) -> float | None:
    """How long the pod may be waited for: the longest wait of its hooks, None when one of them has no limit."""
    waits = [entry.wait_seconds for entry in hooks]
    limits = [wait for wait in waits if wait is not None]
    return max(limits) if limits and len(limits) == len(waits) else None


def is_container_up(pod: Pod, container: str, hooks: t.Iterable[RestoreExecHook]) -> bool:
    """Running, or ready where any of the container's hooks wants to wait for that."""
    status = pod.get("status") or {}
    statuses = [*(status.get("containerStatuses") or []), *(status.get("initContainerStatuses") or [])]
    for entry in statuses:
        if entry.get("name") == container:
            if any(hook.wait_for_ready for hook in hooks):
                return bool(entry.get("ready"))
            return bool((entry.get("state") or {}).get("running"))
    return False


class PodHookRun:
    """The exec hooks of one pod, from its creation to the last result. Never two at once; one call of ``run``."""

    def __init__(
        self,
        pod: Pod,
        hooks: t.Sequence[RestoreExecHook],
        *,
        wait: WaitForPod,
        execute: Execute,
        stop: HookStop,
        longest_wait: float,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        """``pod`` as it was created. ``longest_wait`` bounds, in seconds, hooks that would wait for ever."""
        self._namespace, self._name = pod_identity(pod)
        self._pending = group_by_container(pod, hooks)
        self._limit = wait_limit(hooks)
        self._known = _container_names(pod)
        self._wait, self._execute, self._stop, self._clock = wait, execute, stop, clock
        self._longest_wait = longest_wait
        self._started = clock()
        self._results: list[HookResult] = []

    def run(self) -> list[HookResult]:
        """Every hook gets exactly one result; nothing is raised for what happens in the cluster."""
        self._drop_unknown_containers()
        while self._pending:
            pod = self._next_state()
            if pod is None:
                break
            for container in self._containers_up(pod):
                if not self._run_container(pod, container):
                    self._give_up("an earlier hook of this pod failed with on-error Fail")
                    return self._results
        return self._results

    def _next_state(self) -> Pod | None:
        """The pod with a container that is up, or None after giving up on all that is pending."""
        limit = min(self._longest_wait, self._limit if self._limit is not None else self._longest_wait)
        try:
            self._stop.check()
            pod = self._wait(self._is_worth_a_look, max(0.0, limit - (self._clock() - self._started)))
        except Cancelled:
            self._give_up(f"{_CANCELED} ({self._stop.reason})")
        except KubeTimeout:
            self._give_up(f"context deadline exceeded (its container did not come up within {format_duration(limit)})")
        except KubeError as exc:
            self._give_up(exc.sentence)
        else:
            if pod is not None and not is_finished(pod):
                return pod
            # The containers of a pod that is being deleted end, and with them the pod, before it is gone.
            ended = pod is not None and not pod["metadata"].get("deletionTimestamp")
            phase = (pod.get("status") or {}).get("phase") if pod is not None and ended else None
            self._give_up(f"the pod entered phase {phase} before its hooks ran" if phase else "the pod was deleted")
        return None

    def _is_worth_a_look(self, pod: Pod | None) -> bool:
        return pod is None or is_finished(pod) or bool(self._containers_up(pod))

    def _containers_up(self, pod: Pod) -> list[str]:
        return [name for name, hooks in self._pending.items() if is_container_up(pod, name, hooks)]

    def _run_container(self, pod: Pod, container: str) -> bool:
        """Run the container's hooks in order; False when the pod's remaining hooks must not run."""
        hooks = self._pending[container]
        while hooks:
            if self._stop.is_cancelled:
                return True
            entry = hooks[0]
            waited = self._clock() - self._started
            if entry.wait_seconds is not None and waited > entry.wait_seconds:
                result = self._unexecuted(
                    entry, container, f"hook {entry.hook.name} in container {container} expired before executing"
                )
            else:
                result = self._ran(
                    self._execute(pod, dataclasses.replace(entry.hook, container=container)), entry, container
                )
            hooks.pop(0)
            self._results.append(result)
            if result.failed and entry.stops_all:
                self._stop.cancel(f"a hook of pod {self._namespace}/{self._name} failed with on-error Fail")
                return False
        del self._pending[container]
        return True

    def _ran(self, result: HookResult, entry: RestoreExecHook, container: str) -> HookResult:
        error = result.error
        if result.failed:
            error = f"hook {entry.hook.name} in container {container} failed to execute, err: {error}"
        # The container as written is what identifies a hook.
        return dataclasses.replace(result, hook=entry.hook, error=error)

    def _drop_unknown_containers(self) -> None:
        for container in [name for name in self._pending if name not in self._known]:
            for entry in self._pending.pop(container):
                self._record_unexecuted(entry, container, f'no such container: "{container}"')

    def _give_up(self, why: str) -> None:
        """Nothing that is pending will run."""
        pending, self._pending = self._pending, {}
        for container, hooks in pending.items():
            for entry in hooks:
                self._record_unexecuted(entry, container, why)

    def _record_unexecuted(self, entry: RestoreExecHook, container: str, why: str) -> None:
        where = f"hook {entry.hook.name} in container {container} in pod {self._namespace}/{self._name}"
        self._results.append(self._unexecuted(entry, container, f"{where} not executed: {why}"))
        if entry.stops_all:
            self._stop.cancel(f"a hook of pod {self._namespace}/{self._name} with on-error Fail was not executed")

    def _unexecuted(self, entry: RestoreExecHook, container: str, error: str) -> HookResult:
        return HookResult(
            hook=entry.hook,
            namespace=self._namespace,
            pod=self._name,
            container=container,
            state="failed",
            started=utc_now(),
            error=error,
        )


def _container_names(pod: Pod) -> set[str]:
    """Containers a hook may name: the pod's own, and native sidecars."""
    spec = pod.get("spec") or {}
    names = {str(container["name"]) for container in spec.get("containers") or []}
    return names | {str(c["name"]) for c in spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"}


def _parse_wait(text: str, *, key: str, where: str, warnings: list[str]) -> float | None:
    """Seconds; None (wait for ever) for an absent, malformed, zero or negative value."""
    if not text:
        return None
    try:
        seconds = parse_duration(text)
    except ValidationError as exc:
        warnings.append(f"{where}: annotation {key}: {exc.sentence} The hook waits without a limit.")
        return None
    return seconds if seconds > 0 else None


def _parse_bool(text: str, *, key: str, where: str, warnings: list[str]) -> bool:
    if text and text not in _TRUE + _FALSE:
        warnings.append(
            f"{where}: annotation {key}: '{text}' is not true or false. The hook does not wait for readiness."
        )
    return text in _TRUE


__all__ = (
    "HookStop",
    "PodHookRun",
    "RestoreExecHook",
    "group_by_container",
    "is_container_up",
    "parse_restore_exec_hook",
    "wait_limit",
    "was_canceled",
)
