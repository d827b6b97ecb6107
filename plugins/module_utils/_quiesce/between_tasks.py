# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Freeze in one task and thaw in another: the lease is the only thing in between."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.held_marks import held_by_id, held_on_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import (
    TASK_HOOK_NAME,
    HookTaskOutcome,
    HookTaskRequest,
    run_hook_task,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.lease import renew
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import make_marks, put_marks, read_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import select_pods
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Held, Releaser
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import find_marks, sweep
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FreezeTaskRequest:
    """One path in one pod (or in each pod of a selector). ``lease_id``: the freeze that an earlier task returned."""

    task: HookTaskRequest
    path: str
    lease_id: str = ""


def freeze_path(
    request: FreezeTaskRequest,
    *,
    client: KubeClient,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    check_mode: bool = False,
) -> HookTaskOutcome:
    """Freeze, and return the lease's id. With the id of a freeze that still holds, renew it instead (not changed)."""
    task = request.task
    if request.lease_id:
        pods = select_pods(client, task.namespace, pod=task.pod, label_selector=task.label_selector)
        renewed = _renew(request, client, pods, check_mode=check_mode)
        if renewed is not None:
            return renewed
    freezing = dataclasses.replace(task, argv=("fsfreeze", "--freeze", request.path), phase=None)
    return run_hook_task(freezing, client=client, progress=progress, cancel=cancel, check_mode=check_mode)


def thaw_path(
    request: FreezeTaskRequest, *, client: KubeClient, check_mode: bool = False, progress: ProgressSink = no_progress
) -> HookTaskOutcome:
    """Release a freeze and prove it. Where the lease fired first, ``errors`` says since when nothing was protected.

    A path that nobody has frozen is fine and not changed, unless ``lease_id`` names a freeze.
    """
    task = request.task
    outcome = HookTaskOutcome()
    hook = _thaw_hook(request)
    held: list[tuple[dict[str, t.Any], Held]] = []
    pods = select_pods(client, task.namespace, pod=task.pod, label_selector=task.label_selector)
    if request.lease_id:
        pod = _pod_of_lease(pods, request.lease_id)
        container = resolve_container(pod, task.container)
        freeze = held_by_id(pod, hook, lease_id=request.lease_id, container=container, path=request.path)
        held.append((pod, freeze))
    else:
        for pod in pods:
            marked = held_on_pod(pod, hook)
            held += [(pod, f) for f in marked if request.path in {target.path for target in f.lease.targets}]
    outcome.changed = bool(held)
    if check_mode:
        return outcome
    for pod, freeze in held:
        progress(f"thawing {freeze.where}")
        releaser = Releaser(
            client,
            log=RunLog(None, backup=TASK_HOOK_NAME),
            default_on_error=task.on_error,
            warnings=outcome.warnings,
        )
        releaser.release(pod, [freeze], [])
        outcome.errors += releaser.errors
        outcome.freezes += freeze.records
        if request.lease_id:
            for record in freeze.records:
                if record.thawed_by == "not frozen" and not record.error:
                    outcome.errors.append(
                        f"{record.target.where} was not frozen under lease {request.lease_id}: nothing was protected."
                    )
    return outcome


def sweep_namespace(
    namespace: str,
    *,
    client: KubeClient,
    label_selector: str = "",
    pod: str = "",
    path: str = "",
    check_mode: bool = False,
) -> HookTaskOutcome:
    """Thaw what dead runs left frozen in ``namespace`` (at ``path``). Live runs' freezes are listed and left alone."""
    pods = select_pods(client, namespace, pod=pod, label_selector=label_selector, running=False)
    found = find_marks(pods, path=path) if check_mode else sweep(client, pods, path=path)
    outcome = HookTaskOutcome(swept=[entry.to_return() for entry in found])
    outcome.changed = any(entry.state != "live" for entry in found)
    if not check_mode:
        outcome.errors = [entry.error for entry in found if entry.state == "failed"]
        outcome.warnings = [entry.error for entry in found if entry.error and entry.state != "failed"]
    return outcome


def _pod_of_lease(pods: t.Sequence[dict[str, t.Any]], lease_id: str) -> dict[str, t.Any]:
    """The pod that is marked with the lease; a single pod also without a mark. Raises ``HookError``."""
    marked = [pod for pod in pods if any(mark.lease_id == lease_id for mark in read_marks(pod))]
    if not marked and len(pods) == 1:
        return pods[0]
    if not marked:
        names = ", ".join(pod["metadata"]["name"] for pod in pods[:5])
        raise HookError(
            f"None of the {len(pods)} selected pods ({names}) is frozen under lease {lease_id}.", hint="Name the pod."
        )
    return marked[0]


def _renew(
    request: FreezeTaskRequest, client: KubeClient, pods: t.Sequence[t.Mapping[str, t.Any]], *, check_mode: bool
) -> HookTaskOutcome | None:
    """Renew the lease on the pod that is marked with it; None when it does not hold any more."""
    outcome = HookTaskOutcome(lease_ids=[request.lease_id])
    live = [
        pod
        for pod in pods
        if any(mark.lease_id == request.lease_id and mark.until > utc_now() for mark in read_marks(pod))
    ]
    if not live:
        return None
    if not check_mode:
        seconds = request.task.freeze_policy.lease_seconds
        held = held_by_id(live[0], _thaw_hook(request), lease_id=request.lease_id, container="", path=request.path)
        lease = dataclasses.replace(held.lease, seconds=seconds)
        found = renew(client, lease)
        if found not in ("renewed", "rearmed"):
            return None
        if found == "rearmed":
            outcome.warnings.append(
                f"The timer of the lease on {held.where} was dead, so that nothing but this task would have thawed it. "
                "A new one runs."
            )
        marks = make_marks(lease, run_id=request.task.run_id, seconds=seconds)
        put_marks(client, lease.target.namespace, lease.target.pod, marks)
        outcome.freezes += held.records
    return outcome


def _thaw_hook(request: FreezeTaskRequest) -> Hook:
    return Hook(
        source="task",
        name=TASK_HOOK_NAME,
        phase="post",
        argv=("fsfreeze", "--unfreeze", request.path),
        container=request.task.container,
        timeout_seconds=request.task.timeout_seconds,
    )


__all__ = ("FreezeTaskRequest", "freeze_path", "sweep_namespace", "thaw_path")
