# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exec hooks of one restored pod, from its creation to the last result (Velero 1.18, docs/compatibility 6.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import (
    RestoreExecHook,
    container_names,
    group_by_container,
    is_container_up,
    wait_limit,
    why_never_up,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_owners import PodOwner, is_alive, owner_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_trouble import pod_trouble
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished, pod_identity

#: How long a controller may take to replace a pod that is gone, in seconds.
REPLACEMENT_SECONDS = 60.0
#: Before a container is tried again that was gone when its hook was to begin, in seconds.
_AGAIN_SECONDS = 1.0
_CANCELED = "context canceled"

Pod: t.TypeAlias = t.Mapping[str, t.Any]
Execute: t.TypeAlias = t.Callable[[Pod, Hook], HookResult]


class LivePods(t.Protocol):
    """The pods of the namespace as they are now."""

    def current(self, name: str) -> Pod | None:
        """What is known of the pod; None when it is not there."""

    def refresh(self, name: str) -> Pod | None:
        """The pod, read again."""

    def take_replacement(self, owner: PodOwner, *, since: str) -> Pod | None:
        """A new pod of ``owner`` that nobody has taken yet, for good."""


class HookStop:
    """Set by the first hook with ``on-error: Fail`` that fails; set as well while the run itself is cancelled."""

    def __init__(self, run: CancelToken) -> None:
        self._run = run
        self._own = CancelToken()

    def cancel(self, reason: str) -> None:
        """No further hook begins, in any pod. The first reason is kept."""
        self._own.cancel(reason)

    @property
    def is_cancelled(self) -> bool:
        return self._own.is_cancelled or self._run.is_cancelled

    @property
    def reason(self) -> str:
        return self._own.reason or self._run.reason


class PodHookRun:
    """Never two hooks at once: either ``look`` is called, or one ``run_container`` is under way.

    Every hook gets exactly one result; nothing is raised for what happens in the cluster.
    """

    def __init__(
        self,
        pod: Pod,
        hooks: t.Sequence[RestoreExecHook],
        *,
        stop: HookStop,
        longest_wait: float,
        owner: PodOwner | None = None,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        """``pod`` as it was created, ``owner`` its controller in the backup.

        ``longest_wait`` bounds, in seconds, hooks that would wait forever.
        """
        self.namespace, self.restored = pod_identity(pod)
        #: The pod's name now: a replacement has another one.
        self.name = self.restored
        self.results: list[HookResult] = []
        metadata = pod["metadata"]
        self._uid = str(metadata.get("uid", ""))
        self._created = str(metadata.get("creationTimestamp") or "")
        self._owner = owner_of(pod) or owner
        self._pending = group_by_container(pod, hooks)
        self._limit = wait_limit(hooks, longest_wait)
        self._stop, self._clock = stop, clock
        self._started = clock()
        self._not_before = self._started
        self._queued_at: float | None = None
        self._gone_at: float | None = None
        #: Why the pod is not ready, when it was last looked at; empty where nothing is said.
        self.trouble = ""

    @property
    def is_done(self) -> bool:
        return not self._pending

    def look(self, pods: LivePods) -> str | None:
        """The container whose hooks are to be run now; None while there is nothing but to wait (or all is done)."""
        if self._stop.is_cancelled:
            self.give_up(f"{_CANCELED} ({self._stop.reason})")
            return None
        pod = pods.current(self.name)
        if pod is not None and self._is_ours(pod):
            self._owner = owner_of(pod) or self._owner
            if is_alive(pod):
                return self._look_at(pod)
            self._follow(pods, pod)
        else:
            self._follow(pods, None)
        return None

    def queue(self) -> None:
        """All workers are busy: the time until ``run_container`` is nobody's waiting time."""
        if self._queued_at is None:
            self._queued_at = self._clock()

    def run_container(self, container: str, *, pods: LivePods, execute: Execute) -> None:
        """Run the container's hooks in order, until one ends the matter or the pod is gone."""
        if self._queued_at is not None:
            self._started += self._clock() - self._queued_at
            self._queued_at = None
        hooks = self._pending[container]
        while hooks:
            pod = pods.current(self.name)
            if self._stop.is_cancelled or pod is None or not self._is_ours(pod) or not is_alive(pod):
                return
            entry = hooks[0]
            if entry.wait_seconds is not None and self._clock() - self._started > entry.wait_seconds:
                what = f"hook {entry.hook.name} in container {container}"
                result = self._unexecuted(entry, container, f"{what} expired before executing")
            else:
                result = execute(pod, dataclasses.replace(entry.hook, container=container))
                if result.never_started and self._may_come_again(pods, container, hooks):
                    self._not_before = self._clock() + _AGAIN_SECONDS
                    return
                result = self._as_written(result, entry, container)
            hooks.pop(0)
            self.results.append(result)
            if result.failed and entry.stops_all:
                self._stop.cancel(f"a hook of pod {self.namespace}/{self.name} failed with on-error Fail")
                self.give_up("an earlier hook of this pod failed with on-error Fail")
                return
        del self._pending[container]

    def give_up(self, why: str) -> None:
        """Nothing that is pending will run."""
        for container in list(self._pending):
            self._give_up_container(container, why)

    def _look_at(self, pod: Pod) -> str | None:
        self._gone_at = None
        self.trouble = pod_trouble(pod).rstrip(".")
        known = container_names(pod)
        for container in [name for name in self._pending if name not in known]:
            self._give_up_container(container, f'no such container: "{container}"')
        if self._clock() >= self._not_before:
            for container, hooks in self._pending.items():
                if is_container_up(pod, container, hooks):
                    return container
        for container in list(self._pending):
            if why := why_never_up(pod, container):
                self._give_up_container(container, why)
        self._give_up_when_late()
        return None

    def _follow(self, pods: LivePods, pod: Pod | None) -> None:
        """The pod is at its end: go on with the one that its controller makes instead."""
        ended = pod is not None and not pod["metadata"].get("deletionTimestamp")
        phase = (pod.get("status") or {}).get("phase") if pod is not None and ended else None
        why = f"the pod entered phase {phase} before its hooks ran" if phase else "the pod was deleted"
        if self._owner is None:
            self.give_up(why)
            return
        replacement = pods.take_replacement(self._owner, since=self._created)
        if replacement is not None:
            self._move(replacement)
            return
        if pod is None or is_finished(pod):
            self._gone_at = self._clock() if self._gone_at is None else self._gone_at
            if self._clock() - self._gone_at >= REPLACEMENT_SECONDS:
                within = format_duration(REPLACEMENT_SECONDS)
                self.give_up(f"{why}, and {self._owner} made no other within {within}")
                return
        self._give_up_when_late()

    def _move(self, pod: Pod) -> None:
        _namespace, self.name = pod_identity(pod)
        self._uid = str(pod["metadata"].get("uid", ""))
        self._gone_at = None
        self._not_before = self._clock()
        hooks = [entry for entries in self._pending.values() for entry in entries]
        self._pending = group_by_container(pod, hooks)

    def _give_up_when_late(self) -> None:
        if self._clock() - self._started >= self._limit:
            limit = format_duration(self._limit)
            why = f": {self.trouble}" if self.trouble else ""
            self.give_up(f"context deadline exceeded (its container did not come up within {limit}{why})")

    def _is_ours(self, pod: Pod) -> bool:
        return str(pod["metadata"].get("uid", "")) == self._uid

    def _may_come_again(self, pods: LivePods, container: str, hooks: t.Sequence[RestoreExecHook]) -> bool:
        """True when the hook did not begin because its pod or container had just gone."""
        try:
            pod = pods.refresh(self.name)
        except KubeError:
            return False
        if pod is None or not self._is_ours(pod) or not is_alive(pod):
            return True
        return not is_container_up(pod, container, hooks)

    def _as_written(self, result: HookResult, entry: RestoreExecHook, container: str) -> HookResult:
        error = result.error
        if result.failed:
            error = f"hook {entry.hook.name} in container {container} failed to execute, err: {error}"
        # The container as written is what identifies a hook.
        return dataclasses.replace(result, hook=entry.hook, error=error)

    def _give_up_container(self, container: str, why: str) -> None:
        for entry in self._pending.pop(container):
            where = f"hook {entry.hook.name} in container {container} in pod {self.namespace}/{self.name}"
            self.results.append(self._unexecuted(entry, container, f"{where} not executed: {why}"))
            if entry.stops_all:
                self._stop.cancel(f"a hook of pod {self.namespace}/{self.name} with on-error Fail was not executed")

    def _unexecuted(self, entry: RestoreExecHook, container: str, error: str) -> HookResult:
        return HookResult(
            hook=entry.hook,
            namespace=self.namespace,
            pod=self.name,
            container=container,
            state="failed",
            started=utc_now(),
            attempts=0,
            error=error,
        )


def was_canceled(result: HookResult) -> bool:
    """True for a hook that was not run because of a cancel: a resumed restore runs it."""
    return result.failed and result.attempts == 0 and f"not executed: {_CANCELED}" in result.error


__all__ = ("REPLACEMENT_SECONDS", "Execute", "HookStop", "LivePods", "PodHookRun", "was_canceled")
