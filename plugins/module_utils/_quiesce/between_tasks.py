# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Freeze in one task and thaw in another: the timer is the only thing in between."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freezes import MarkedFreezes, gather
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import try_list_marked_claims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import renew
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.helper_pod import HelperRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import (
    TASK_HOOK_NAME,
    HookTaskOutcome,
    HookTaskRequest,
    run_hook_task,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, is_lease_id, make_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marked_freezes import freeze_of_task, freezes_of
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marking import put_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.patience import THAW_SECONDS, Patience
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import select_pods, why_no_pods
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Releaser
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import Swept, judge_marks, sweep


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FreezeTaskRequest:
    """One path in one pod (or in each pod of a selector). ``lease_id``: the freeze that an earlier task returned."""

    task: HookTaskRequest
    path: str
    lease_id: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class _Scene:
    """The selected pods (``missing``: why there are none), and what is marked on them and on the claims."""

    pods: tuple[dict[str, t.Any], ...]
    found: MarkedFreezes
    notes: tuple[str, ...]
    missing: HookError | None = None


def freeze_path(
    request: FreezeTaskRequest,
    *,
    client: KubeClient,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    check_mode: bool = False,
) -> HookTaskOutcome:
    """Freeze, and return the timer's id. With the id of a freeze that still holds, renew it instead (not changed)."""
    task = request.task
    _check_lease_id(request)
    if request.lease_id:
        renewed = _renew(request, client, _read(request, client), check_mode=check_mode)
        if renewed is not None:
            return renewed
    freezing = dataclasses.replace(task, argv=("fsfreeze", "--freeze", request.path), phase=None)
    return run_hook_task(freezing, client=client, progress=progress, cancel=cancel, check_mode=check_mode)


def thaw_path(
    request: FreezeTaskRequest, *, client: KubeClient, check_mode: bool = False, progress: ProgressSink = no_progress
) -> HookTaskOutcome:
    """Release a freeze and prove it. Where the timer fired first, ``errors`` says since when nothing was protected.

    A path that nobody has frozen is fine and not changed, unless ``lease_id`` names a freeze. A pod that is gone does
    not end the thaw: the claim's mark says where it is. Nor does a client that is cancelled: only an API server that
    is away is not waited for then.
    """
    _check_lease_id(request)
    patience = Patience(0.0 if check_mode else THAW_SECONDS, progress=progress, cancel=client.cancel)
    client = client.with_cancel(CancelToken())
    task, scene, issues = request.task, _read(request, client, patience=patience), Issues()
    freezes = _freezes_to_end(request, scene, client)
    if not freezes and scene.missing is not None:
        raise _missing_error(request, scene)
    issues.add_warnings(scene.found.faults)
    if check_mode:
        return HookTaskOutcome(changed=bool(freezes), issues=issues)
    for freeze in freezes:
        progress(f"thawing {freeze.where}")
        warnings: list[str] = []
        releaser = Releaser(
            ClusterRun(client=client, progress=progress),
            task.hook_policy,
            helper=task.freeze_policy.helper_pod,
            warnings=warnings,
        )
        target = freeze.timer.target
        releaser.release({"metadata": {"namespace": target.namespace, "name": target.pod}}, [freeze], [])
        issues.add_warnings(warnings)
        issues.add_errors(releaser.errors)
        if request.lease_id:
            issues.add_errors(_unproven(freeze, request.lease_id))
    ended = {freeze.timer.lease_id for freeze in freezes}
    swept = _sweep_others(scene, ended, client, task.freeze_policy.helper_pod)
    issues.add_warnings(found.error for found in swept if found.error)
    return HookTaskOutcome(
        changed=bool(freezes or swept),
        freezes=[record for freeze in freezes for record in freeze.records],
        swept=[found.to_return() for found in swept],
        issues=issues,
    )


def sweep_namespace(
    request: HookTaskRequest, *, client: KubeClient, path: str = "", check_mode: bool = False
) -> HookTaskOutcome:
    """Thaw what dead runs left frozen in the namespace, or in the selected pods, or those that are gone (at ``path``).

    Live runs' freezes are listed and left alone.
    """
    scene = _read(FreezeTaskRequest(task=request, path=path), client, running=False)
    chosen = _selected_marks(request, scene, client, with_gone=True)
    found = dataclasses.replace(scene.found, marks=tuple(mark for mark in chosen if not path or mark.path == path))
    if scene.missing is not None and not found.marks:
        raise _missing_error(FreezeTaskRequest(task=request, path=path), scene)
    helper = request.freeze_policy.helper_pod
    notes = [*scene.notes, *found.faults]
    if not (scene.pods or found.marks):
        notes += why_no_pods(client, request.namespace, request.label_selector)
    if helper is not None and not check_mode:
        notes += HelperRun(client, helper).remove_leftovers([request.namespace])
    now = client.server_now()
    live = {mark for mark in found.marks if scene.found.is_live(mark, now)}
    past = dataclasses.replace(found, marks=tuple(mark for mark in found.marks if mark not in live))
    done = judge_marks(past, now=now) if check_mode else sweep(client, past, pods=scene.pods, helper=helper)
    done = [Swept(mark=mark, state="live") for mark in found.marks if mark in live] + done
    issues = Issues.of(warnings=[*notes, *(_left_alone(entry.mark) for entry in done if entry.state == "live")])
    if not check_mode:
        issues.add_errors(entry.error for entry in done if entry.state == "failed")
        issues.add_warnings(entry.error for entry in done if entry.error and entry.state != "failed")
    return HookTaskOutcome(
        changed=any(entry.state != "live" for entry in done),
        swept=[entry.to_return() for entry in done],
        issues=issues,
    )


def _left_alone(mark: Mark) -> str:
    """Nobody can tell a run that was killed a moment ago from one that is at work: its lease says when."""
    return (
        f"{mark.path} in pod {mark.namespace}/{mark.pod} may be frozen by a run that is at work, and was left alone: "
        f"its lease lasts until {rfc3339(mark.until)}, and its timer thaws it then, unless the run renews it. If that "
        f"run is dead, 'state: thawed' with 'pod: {mark.pod}' and 'freeze_path: {mark.path}' thaws it now."
    )


def _sweep_others(scene: _Scene, ended: t.Collection[str], client: KubeClient, helper: HelperPod | None) -> list[Swept]:
    """What dead runs have left beside the freezes that were asked for."""
    others = dataclasses.replace(
        scene.found, marks=tuple(mark for mark in scene.found.marks if mark.lease_id not in ended)
    )
    return [found for found in sweep(client, others, pods=scene.pods, helper=helper) if found.state != "live"]


def _check_lease_id(request: FreezeTaskRequest) -> None:
    if request.lease_id and not is_lease_id(request.lease_id):
        raise ValidationError(
            "lease_id is not the name of a lease, which has 16 hexadecimal digits.",
            hint="Give back the lease_id that the task which froze has returned.",
        )


def _read(
    request: FreezeTaskRequest, client: KubeClient, *, running: bool = True, patience: Patience | None = None
) -> _Scene:
    task = request.task
    missing: HookError | None = None
    pods: list[dict[str, t.Any]] = []
    try:
        pods = select_pods(
            client,
            task.namespace,
            pod=task.pod,
            label_selector=task.label_selector,
            running=running,
            patience=patience,
        )
    except HookError as exc:
        missing = exc
    notes: list[str] = []
    found = gather(pods, try_list_marked_claims(client, [task.namespace], pods, notes, patience=patience))
    return _Scene(tuple(pods), found, tuple(notes), missing)


def _selected_marks(task: HookTaskRequest, scene: _Scene, client: KubeClient, *, with_gone: bool) -> list[Mark]:
    """Of the selected pods and of their claims; ``with_gone``: and of pods that are gone, whose labels nobody knows."""
    if not (task.pod or task.label_selector):
        return list(scene.found.marks)
    names = {str(pod["metadata"]["name"]) for pod in scene.pods} | {task.pod}
    claims = {f"{task.namespace}/{claim}" for pod in scene.pods for claim in mounted_claims(pod)}
    chosen = [mark for mark in scene.found.marks if mark.pod in names or mark.claim in claims]
    if with_gone and not task.pod:
        chosen += [mark for mark in scene.found.marks if mark not in chosen and _is_gone(client, mark)]
    return chosen


def _is_gone(client: KubeClient, mark: Mark) -> bool:
    try:
        client.get(f"/api/v1/namespaces/{mark.namespace}/pods/{mark.pod}")
    except KubeError as exc:
        return exc.not_found
    return False


def _freezes_to_end(request: FreezeTaskRequest, scene: _Scene, client: KubeClient) -> list[ActiveFreeze]:
    """Raises ``HookError`` where the named freeze cannot be one of the selected pods'."""
    task, hook = request.task, _thaw_hook(request)
    if not request.lease_id:
        chosen = _selected_marks(task, scene, client, with_gone=not scene.pods)
        marks = [mark for mark in chosen if mark.path == request.path]
        lease_ids = {mark.lease_id for mark in marks}
        marks = [mark for mark in scene.found.marks if mark.lease_id in lease_ids]
        return freezes_of(marks, scene.pods, hook, now=client.server_now())
    marks = [mark for mark in scene.found.marks if mark.lease_id == request.lease_id]
    # Anybody may have written a mark with this id beside ours.
    marks = [mark for mark in marks if mark.path == request.path] or marks
    if marks:
        return freezes_of(marks, scene.pods, hook, now=client.server_now())
    if not scene.pods:
        return []
    pod = _only_pod(scene.pods, request.lease_id)
    container = resolve_container(pod, task.container)
    return [freeze_of_task(pod, hook, lease_id=request.lease_id, container=container, path=request.path)]


def _only_pod(pods: t.Sequence[dict[str, t.Any]], lease_id: str) -> dict[str, t.Any]:
    """A single pod is taken without a mark too. Raises ``HookError``."""
    if len(pods) > 1:
        names = ", ".join(pod["metadata"]["name"] for pod in pods[:5])
        raise HookError(
            f"None of the {len(pods)} selected pods ({names}) is frozen under lease {lease_id}.", hint="Name the pod."
        )
    return pods[0]


def _missing_error(request: FreezeTaskRequest, scene: _Scene) -> HookError:
    """No pod, and no mark on a claim either."""
    missing = scene.missing
    text = missing.message if missing is not None else ""
    what = f"lease {request.lease_id}" if request.lease_id else "a freeze"
    unread = f" {' '.join(scene.notes)}" if scene.notes else ""
    return HookError(
        f"{text} No claim in namespace {request.task.namespace} is marked with {what} there either.{unread}",
        hint=missing.hint if missing is not None else None,
    )


def _unproven(freeze: ActiveFreeze, lease_id: str) -> list[str]:
    """What the task that names a freeze must hear beside the errors of its release."""
    texts = []
    for record in freeze.records:
        if record.error or record.consistent:
            continue
        if record.thawed_by == "not frozen":
            texts.append(f"{record.target.where} was not frozen under lease {lease_id}: nothing was protected.")
        elif record.thawed_by == "release":
            texts.append(
                f"{record.target.where} was thawed, but nothing of lease {lease_id} is left there, because its pod was "
                "replaced: whether it was frozen all the time is not known."
            )
    return texts


def _renew(
    request: FreezeTaskRequest, client: KubeClient, scene: _Scene, *, check_mode: bool
) -> HookTaskOutcome | None:
    """Renew the timer on the pod that is marked with it; None when it does not hold any more."""
    if scene.missing is not None:
        raise scene.missing
    issues = Issues()
    now = client.server_now()
    marks = [mark for mark in scene.found.marks if mark.lease_id == request.lease_id and mark.until > now]
    live = freezes_of(marks, scene.pods, _thaw_hook(request), now=now)
    if not live:
        return None
    if check_mode:
        return HookTaskOutcome(lease_ids=[request.lease_id])
    seconds = request.task.freeze_policy.lease_seconds
    timer = dataclasses.replace(live[0].timer, seconds=seconds)
    found = renew(client, timer)
    if found not in ("renewed", "rearmed"):
        return None
    if found == "rearmed":
        issues.warning(
            f"The timer of the lease on {live[0].where} was dead, so that nothing but this task would have thawed "
            "it. A new one runs."
        )
    renewed = make_marks(timer, run_id=request.task.run_id, seconds=seconds, now=client.server_now())
    issues.add_warnings(put_marks(client, renewed))
    return HookTaskOutcome(lease_ids=[request.lease_id], freezes=live[0].records, issues=issues)


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
