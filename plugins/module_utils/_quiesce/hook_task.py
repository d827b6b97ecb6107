# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Run hooks in pods by a task of their own, without a backup: a command, or what the pods declare.

A freeze outlives the task: it is handed to its lease, and a later task releases it by the lease's id or by the mark.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import parse_backup_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity, run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import (
    DEFAULT_TIMEOUT_SECONDS,
    Hook,
    HookResult,
    OnError,
    Phase,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import read_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marked_freezes import freezes_of
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.patience import THAW_SECONDS, Patience
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import is_freeze, plan_hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import select_pods
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import asked_for, recognise
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Releaser
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.section import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import sweep_namespaces
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

TASK_HOOK_NAME = "k8s_hook_exec"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookTaskRequest:
    """Which pods, and what to run there: ``argv``, or the pods' own hooks of ``phase``.

    ``log_output`` False keeps what commands print out of the errors.
    """

    namespace: str
    pod: str = ""
    label_selector: str = ""
    container: str = ""
    argv: tuple[str, ...] = ()
    phase: Phase | None = None
    on_error: OnError = "Fail"
    timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS
    freeze_policy: FreezePolicy = dataclasses.field(default_factory=FreezePolicy)
    run_id: str = ""
    log_output: bool = True


@dataclasses.dataclass(slots=True, kw_only=True)
class HookTaskOutcome:
    """What happened. ``lease_ids``: freezes that are held now. ``planned``: what check mode would run."""

    changed: bool = False
    hooks: list[HookResult] = dataclasses.field(default_factory=list)
    planned: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    freezes: list[FreezeRecord] = dataclasses.field(default_factory=list)
    lease_ids: list[str] = dataclasses.field(default_factory=list)
    swept: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)

    def to_return(self, *, default_on_error: OnError) -> dict[str, t.Any]:
        """The keys of the task result. Nobody has thawed yet what is held."""
        freezes = [record.to_return() for record in self.freezes]
        return {
            "changed": self.changed,
            "hooks": [*(hook.to_return(default_on_error=default_on_error) for hook in self.hooks), *self.planned],
            "freezes": [
                entry | {"thawed_by": None} if entry["lease_id"] in self.lease_ids else entry for entry in freezes
            ],
            "lease_ids": self.lease_ids,
            "lease_id": self.lease_ids[0] if len(self.lease_ids) == 1 else None,
            "swept": self.swept,
            "warnings_list": [{"message": message} for message in self.warnings],
            "errors_list": [{"message": message} for message in self.errors],
        }

    @contextlib.contextmanager
    def told(self, *, default_on_error: OnError) -> t.Iterator[HookTaskOutcome]:
        """Put what had happened into the ``details`` of an error that passes."""
        try:
            yield self
        except ArkiveError as exc:
            self.changed = self.changed or any(result.state != "skipped" for result in self.hooks)
            exc.details.update(self.to_return(default_on_error=default_on_error))
            raise


def run_hook_task(
    request: HookTaskRequest,
    *,
    client: KubeClient,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    check_mode: bool = False,
) -> HookTaskOutcome:
    """Run the hooks pod by pod. Failed hooks and refused freezes are in ``errors``, or in ``warnings`` with Continue.

    Every freeze is checked before the first command runs. Raises ``HookError`` when no pod is selected.
    """
    outcome = HookTaskOutcome()
    with outcome.told(default_on_error=request.on_error):
        _run(request, client, outcome, progress, cancel or CancelToken(), check_mode=check_mode)
    return outcome


def _run(
    request: HookTaskRequest,
    client: KubeClient,
    outcome: HookTaskOutcome,
    progress: ProgressSink,
    token: CancelToken,
    *,
    check_mode: bool,
) -> None:
    patience = Patience(THAW_SECONDS if _thaws(request) and not check_mode else 0.0, progress=progress)
    pods = select_pods(
        client, request.namespace, pod=request.pod, label_selector=request.label_selector, patience=patience
    )
    pairs = [(pod, hook) for pod in pods for hook in _hooks_of(pod, request, outcome)]
    if check_mode:
        _foresee(client, pairs, request, outcome)
        return
    settings = SectionSettings(
        run_id=request.run_id,
        policy=request.freeze_policy,
        default_on_error=request.on_error,
        log=RunLog(None, backup=TASK_HOOK_NAME),
        cancel=token,
        log_output=request.log_output,
    )
    _sweep_first(client, request, pods, outcome)
    preflight = Preflight(client, ApiObjectReader(client), policy=request.freeze_policy)
    plans = [(pod, preflight.examine(pod, hook)) for pod, hook in pairs]
    refusals = [plan.refusal for _pod, plan in plans if plan.refusal]
    if refusals:
        outcome.errors += refusals
        return
    freezing = [QuiescedPod(pod=pod, pre=[plan], post=[]) for pod, plan in plans if plan.targets]
    for pod, plan in plans:
        if plan.targets:
            continue
        token.check()
        progress(f"{'/'.join(pod_identity(pod))}: running {' '.join(plan.hook.argv)[:80]}")
        if _thaws(request) or recognise(plan.hook.argv).thaws:
            _thaw(client, pod, plan.hook, settings, outcome)
        else:
            result = run_hook(
                client,
                pod,
                plan.hook,
                log=settings.log,
                default_on_error=request.on_error,
                log_output=request.log_output,
                cancel=token,
            )
            outcome.hooks.append(result)
    if freezing:
        progress(f"freezing in {', '.join('/'.join(pod_identity(entry.pod)) for entry in freezing)}"[:200])
        _freeze(client, freezing, settings, outcome)
    _judge(outcome, request.on_error)


def _thaws(request: HookTaskRequest) -> bool:
    return request.phase == "post" or bool(recognise(request.argv).thaws)


def _foresee(
    client: KubeClient,
    pairs: t.Sequence[tuple[t.Mapping[str, t.Any], Hook]],
    request: HookTaskRequest,
    outcome: HookTaskOutcome,
) -> None:
    """What would run, and what is known to fail, in the words of the run. A freeze that is refused stops all others."""
    reader = ApiObjectReader(client)
    outcome.planned = [plan_hook(pod, hook, reader=reader, policy=request.freeze_policy) for pod, hook in pairs]
    failing = [(hook, entry) for (_pod, hook), entry in zip(pairs, outcome.planned, strict=True) if entry["refused"]]
    outcome.errors = [entry["refused"] for hook, entry in failing if is_freeze(hook)]
    if outcome.errors:
        return
    outcome.changed = bool(pairs)
    for hook, entry in failing:
        text = _failure(hook, entry["namespace"], entry["pod"], entry["refused"])
        (outcome.errors if hook.resolved_on_error(request.on_error) == "Fail" else outcome.warnings).append(text)


def _failure(hook: Hook, namespace: str, pod: str, error: str) -> str:
    return f"The {asked_for(hook)} in {namespace}/{pod} failed: {error.rstrip('.')}."


def _sweep_first(
    client: KubeClient, request: HookTaskRequest, pods: t.Sequence[dict[str, t.Any]], outcome: HookTaskOutcome
) -> None:
    """End what dead runs have left frozen in the namespace."""
    sweeping = sweep_namespaces(client, pods, [request.namespace], helper=request.freeze_policy.helper_pod)
    outcome.swept += [swept.to_return() for swept in sweeping.ended]
    outcome.warnings += [swept.error for swept in sweeping.ended if swept.error] + list(sweeping.notes)


def _hooks_of(pod: t.Mapping[str, t.Any], request: HookTaskRequest, outcome: HookTaskOutcome) -> list[Hook]:
    if request.phase is None:
        return [
            Hook(
                source="task",
                name=TASK_HOOK_NAME,
                phase="pre",
                argv=request.argv,
                container=request.container,
                on_error=request.on_error,
                timeout_seconds=request.timeout_seconds,
            )
        ]
    declared = parse_backup_hooks(pod)
    outcome.warnings += declared.warnings
    hook = declared.phase(request.phase)
    return [hook] if hook else []


def _freeze(
    client: KubeClient, pods: t.Sequence[QuiescedPod], settings: SectionSettings, outcome: HookTaskOutcome
) -> None:
    """Freeze all pods, and leave them to their leases; where one of them fails, release the others at once."""
    section = CriticalSection(client, pods, settings)
    try:
        section.quiesce()
        settings.cancel.check()
    except BaseException:
        section.release()
        outcome.hooks += section.results
        outcome.freezes += section.freezes
        raise
    outcome.hooks += section.results
    outcome.warnings += section.warnings
    if any(result.failed for result in section.results):
        section.release()
        outcome.errors += section.errors
    else:
        outcome.lease_ids += [freeze.lease.lease_id for freeze in section.hand_over()]
    outcome.freezes += section.freezes


def _thaw(
    client: KubeClient, pod: t.Mapping[str, t.Any], hook: Hook, settings: SectionSettings, outcome: HookTaskOutcome
) -> None:
    """Run a command that thaws; where it ends a marked freeze, as the release of its lease.

    A pod's own post hook ends every freeze that is marked on the pod, whatever it does itself.
    """
    paths = {command.path for command in recognise(hook.argv).thaws}
    held = [
        freeze
        for freeze in freezes_of(read_pod(pod).marks, [pod], hook, now=client.server_now())
        if hook.phase == "post" or paths & {target.path for target in freeze.lease.targets}
    ]
    releaser = Releaser(
        client,
        log=settings.log,
        default_on_error=settings.default_on_error,
        log_output=settings.log_output,
        warnings=outcome.warnings,
        helper=settings.policy.helper_pod,
    )
    outcome.hooks += releaser.release(pod, held, [hook])
    outcome.errors += releaser.errors
    outcome.freezes += [record for freeze in held for record in freeze.records]


def _judge(outcome: HookTaskOutcome, default_on_error: OnError) -> None:
    outcome.changed = any(result.state != "skipped" for result in outcome.hooks)
    for result in outcome.hooks:
        if result.failed:
            text = _failure(result.hook, result.namespace, result.pod, result.error)
            fatal = result.hook.resolved_on_error(default_on_error) == "Fail"
            (outcome.errors if fatal else outcome.warnings).append(text)


__all__ = ("TASK_HOOK_NAME", "HookTaskOutcome", "HookTaskRequest", "run_hook_task")
