# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run hooks in pods by a task of their own, without a backup: a command, or what the pods declare.

A freeze outlives the task: it is handed to its timer, and a later task releases it by the timer's id or by the mark.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import NO_DATABASES, DatabaseChoice
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import parse_backup_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import (
    DEFAULT_TIMEOUT_SECONDS,
    Hook,
    HookPolicy,
    HookResult,
    OnError,
    Phase,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import read_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marked_freezes import freezes_of
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.patience import THAW_SECONDS, Patience
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import is_freeze, plan_hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import select_pods
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import asked_for, recognise
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Releaser
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeping import sweep_namespaces

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan

TASK_HOOK_NAME = "k8s_hook_exec"
#: Of a database around a command without a limit.
_UNLIMITED_SECONDS = 3600.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookTaskRequest:
    """Which pods, and what to run there: ``argv``, or the pods' own hooks of ``phase``.

    ``log_output`` False keeps what commands print out of the errors. ``databases`` are held around all of it, by
    ``hold_policy``; a task that thaws holds none.
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
    databases: DatabaseChoice = NO_DATABASES

    @property
    def hold_policy(self) -> FreezePolicy:
        """For how long a database may be held: while the hooks may take, and the lease after that."""
        policy = self.freeze_policy
        longest = policy.lease_seconds + (self.timeout_seconds or _UNLIMITED_SECONDS)
        return dataclasses.replace(policy, freeze_max_seconds=max(policy.freeze_max_seconds, longest))

    @property
    def hook_policy(self) -> HookPolicy:
        return HookPolicy(default_on_error=self.on_error, log_output=self.log_output)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookTaskOutcome:
    """What happened. ``lease_ids``: freezes that are held now. ``planned``: what check mode would run."""

    changed: bool = False
    hooks: list[HookResult] = dataclasses.field(default_factory=list)
    planned: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    freezes: list[FreezeRecord] = dataclasses.field(default_factory=list)
    lease_ids: list[str] = dataclasses.field(default_factory=list)
    swept: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    quiesces: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    issues: Issues = dataclasses.field(default_factory=Issues)

    def to_return(self, *, default_on_error: OnError) -> dict[str, t.Any]:
        """The keys of the task result. Nobody has thawed yet what is held."""
        freezes = [record.to_return() for record in self.freezes]
        return {
            "changed": self.changed,
            "hooks": [*(hook.to_return(default_on_error=default_on_error) for hook in self.hooks), *self.planned],
            "freezes": [
                entry | {"thawed_by": None} if entry["lease_id"] in self.lease_ids else entry for entry in freezes
            ],
            "quiesces": self.quiesces,
            "lease_ids": self.lease_ids,
            "lease_id": self.lease_ids[0] if len(self.lease_ids) == 1 else None,
            "swept": self.swept,
            "warnings_list": to_return(self.issues.warnings),
            "errors_list": to_return(self.issues.errors),
        }

    @property
    def warnings(self) -> list[str]:
        return [issue.message for issue in self.issues.warnings]

    @property
    def errors(self) -> list[str]:
        return [issue.message for issue in self.issues.errors]


def run_hook_task(
    request: HookTaskRequest,
    *,
    client: KubeClient,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    check_mode: bool = False,
) -> HookTaskOutcome:
    """Run the hooks pod by pod. Failed hooks and refused freezes are in ``errors``, or in ``warnings`` with Continue.

    Every freeze is checked before the first command runs. A task that thaws does so although it is cancelled; only an
    API server that is away is not waited for then. Raises ``HookError`` when no pod is selected.
    """
    run = ClusterRun(client=client, progress=progress, cancel=cancel or CancelToken(), run_id=request.run_id)
    patience = Patience()
    if _thaws(request) and not check_mode:
        patience = Patience(THAW_SECONDS, progress=progress, cancel=run.cancel)
        run = run.uncancelled()
    task = _HookTask(run, request)
    try:
        task.run(patience, check_mode=check_mode)
    except ArkiveError as exc:
        exc.details.update(task.outcome.to_return(default_on_error=request.on_error))
        raise
    return task.outcome


class _HookTask:
    """One task; ``outcome`` has what has happened so far, however it ends."""

    def __init__(self, run: ClusterRun, request: HookTaskRequest) -> None:
        self._run = run
        self._request = request
        # What a section reports to its run is in the sentences of this task.
        self._settings = SectionSettings(
            run=run.with_issues(Issues()), policy=request.freeze_policy, hooks=request.hook_policy
        )
        self._would_change = False
        self._hooks: list[HookResult] = []
        self._planned: list[dict[str, t.Any]] = []
        self._freezes: list[FreezeRecord] = []
        self._lease_ids: list[str] = []
        self._swept: list[dict[str, t.Any]] = []
        self._planned_quiesces: list[dict[str, t.Any]] = []
        self._quiesces: list[QuiesceRecord] = []
        #: Claims that are left frozen.
        self._frozen: set[str] = set()

    @property
    def outcome(self) -> HookTaskOutcome:
        return HookTaskOutcome(
            changed=self._would_change or any(result.state != "skipped" for result in self._hooks),
            hooks=self._hooks,
            planned=self._planned,
            freezes=self._freezes,
            lease_ids=self._lease_ids,
            swept=self._swept,
            quiesces=self._planned_quiesces + [record.to_return() for record in self._quiesces],
            issues=self._run.issues,
        )

    def run(self, patience: Patience, *, check_mode: bool) -> None:
        run, request = self._run, self._request
        pods = select_pods(
            run.client, request.namespace, pod=request.pod, label_selector=request.label_selector, patience=patience
        )
        pairs = [(pod, hook) for pod in pods for hook in self._hooks_of(pod)]
        databases = self._find_databases(pods) if pairs else []
        if check_mode:
            self._foresee(pairs, databases)
            return
        self._sweep_first(pods)
        preflight = Preflight(run.client, ApiObjectReader(run.client), policy=request.freeze_policy)
        plans = [(pod, preflight.examine(pod, hook)) for pod, hook in pairs]
        refusals = [plan.refusal for _pod, plan in plans if plan.refusal]
        if refusals:
            run.issues.add_errors(refusals)
            return
        self._around_databases(databases, plans)

    def _run_plans(self, plans: t.Sequence[tuple[t.Mapping[str, t.Any], HookPlan]]) -> None:
        """What freezes comes last."""
        run, request = self._run, self._request
        freezing = [QuiescedPod(pod=pod, pre=[plan], post=[]) for pod, plan in plans if plan.targets]
        for pod, plan in plans:
            if plan.targets:
                continue
            run.cancel.check()
            run.progress(f"{'/'.join(pod_identity(pod))}: running {' '.join(plan.hook.argv)[:80]}")
            if _thaws(request) or recognise(plan.hook.argv).thaws:
                self._thaw(pod, plan.hook)
            else:
                self._hooks.append(run_hook(self._settings.run, pod, plan.hook, self._settings.hooks))
        if freezing:
            run.progress(f"freezing in {', '.join('/'.join(pod_identity(entry.pod)) for entry in freezing)}"[:200])
            self._freeze(freezing)
        self._judge()

    def _find_databases(self, pods: t.Sequence[t.Mapping[str, t.Any]]) -> list[HookedPod]:
        """The pods whose databases are held around all hooks. Nothing may keep a thaw waiting."""
        choice = self._request.databases
        if _thaws(self._request) or choice == NO_DATABASES:
            return []
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.held_databases import find_databases

        found = find_databases(self._run, pods, choice)
        issues = self._run.issues
        issues.add_warnings(f"pod {'/'.join(hooked.key)}: {text}" for hooked in found for text in hooked.warnings)
        issues.add_warnings(choice.unused(pods))
        return [hooked for hooked in found if hooked.database is not None]

    def _around_databases(
        self, databases: t.Sequence[HookedPod], plans: t.Sequence[tuple[t.Mapping[str, t.Any], HookPlan]]
    ) -> None:
        """Run the plans; databases are held from before the first until after the last, whatever happens."""
        if not databases:
            self._run_plans(plans)
            return
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.held_databases import prepare_databases

        held = prepare_databases(self._run, databases, plans, self._request.hold_policy)
        self._quiesces = held.records
        issues = self._run.issues
        try:
            held.hold(freezes=any(plan.targets for _pod, plan in plans))
            self._run.cancel.check()
            before = held.errors
            (issues.add_errors if self._request.on_error == "Fail" else issues.add_warnings)(before)
            held.errors = []
            if not before or self._request.on_error != "Fail":
                self._run_plans(plans)
        finally:
            held.release(self._frozen)
            issues.add_errors(held.errors)
            issues.add_warnings(held.warnings)

    def _foresee(self, pairs: t.Sequence[tuple[t.Mapping[str, t.Any], Hook]], databases: t.Sequence[HookedPod]) -> None:
        """What would run, and what is known to fail, in the run's words. A freeze that is refused stops all others."""
        client, policy = self._run.client, self._request.freeze_policy
        self._planned = [plan_hook(pod, hook, client=client, policy=policy) for pod, hook in pairs]
        failing = [(hook, entry) for (_pod, hook), entry in zip(pairs, self._planned, strict=True) if entry["refused"]]
        refused = [entry["refused"] for hook, entry in failing if is_freeze(hook)]
        if refused:
            self._run.issues.add_errors(refused)
            return
        if self._foresee_databases(databases, pairs):
            return
        self._would_change = bool(pairs)
        for hook, entry in failing:
            self._report_failure(hook, entry["namespace"], entry["pod"], entry["refused"])

    def _foresee_databases(
        self, databases: t.Sequence[HookedPod], pairs: t.Sequence[tuple[t.Mapping[str, t.Any], Hook]]
    ) -> bool:
        """Whether one of them stops everything."""
        if not databases:
            return False
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.held_databases import foresee_databases

        self._planned_quiesces, failed = foresee_databases(self._run, databases, pairs, self._request.hold_policy)
        fatal = self._request.on_error == "Fail"
        (self._run.issues.add_errors if fatal else self._run.issues.add_warnings)(failed)
        return bool(failed) and fatal

    def _sweep_first(self, pods: t.Sequence[dict[str, t.Any]]) -> None:
        """End what dead runs have left frozen in the namespace."""
        client, request = self._run.client, self._request
        sweeping = sweep_namespaces(client, pods, [request.namespace], helper=request.freeze_policy.helper_pod)
        self._swept += [swept.to_return() for swept in sweeping.ended]
        self._run.issues.add_warnings([swept.error for swept in sweeping.ended if swept.error] + list(sweeping.notes))

    def _hooks_of(self, pod: t.Mapping[str, t.Any]) -> list[Hook]:
        request = self._request
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
        self._run.issues.add_warnings(declared.warnings)
        hook = declared.phase(request.phase)
        return [hook] if hook else []

    def _freeze(self, pods: t.Sequence[QuiescedPod]) -> None:
        """Freeze all pods, and leave them to their timers; where one of them fails, release the others at once."""
        section = CriticalSection(pods, self._settings)
        try:
            section.quiesce()
            self._run.cancel.check()
        except BaseException:
            section.release()
            self._hooks += section.results
            self._freezes += section.freezes
            self._run.issues.add_warnings(section.warnings)
            self._run.issues.add_errors(section.errors)
            raise
        self._hooks += section.results
        self._run.issues.add_warnings(section.warnings)
        if any(result.failed for result in section.results):
            section.release()
            self._run.issues.add_errors(section.errors)
        else:
            left = section.hand_over()
            self._lease_ids += [freeze.timer.lease_id for freeze in left]
            self._frozen |= {record.target.claim for freeze in left for record in freeze.records}
        self._freezes += section.freezes

    def _thaw(self, pod: t.Mapping[str, t.Any], hook: Hook) -> None:
        """Run a command that thaws; where it ends a marked freeze, as the release of its timer.

        A pod's own post hook ends every freeze that is marked on the pod, whatever it does itself.
        """
        paths = {command.path for command in recognise(hook.argv).thaws}
        active = [
            freeze
            for freeze in freezes_of(read_pod(pod).marks, [pod], hook, now=self._run.client.server_now())
            if hook.phase == "post" or paths & {target.path for target in freeze.timer.targets}
        ]
        settings = self._settings
        warnings: list[str] = []
        releaser = Releaser(settings.run, settings.hooks, helper=settings.policy.helper_pod, warnings=warnings)
        try:
            self._hooks += releaser.release(pod, active, [hook])
        finally:
            self._run.issues.add_warnings(warnings)
        self._run.issues.add_errors(releaser.errors)
        self._freezes += [record for freeze in active for record in freeze.records]

    def _judge(self) -> None:
        for result in self._hooks:
            if result.failed:
                self._report_failure(result.hook, result.namespace, result.pod, result.error)

    def _report_failure(self, hook: Hook, namespace: str, pod: str, error: str) -> None:
        fatal = hook.resolved_on_error(self._request.on_error) == "Fail"
        add = self._run.issues.error if fatal else self._run.issues.warning
        add(f"The {asked_for(hook)} in {namespace}/{pod} failed: {error.rstrip('.')}.")


def _thaws(request: HookTaskRequest) -> bool:
    return request.phase == "post" or bool(recognise(request.argv).thaws)


__all__ = ("TASK_HOOK_NAME", "HookTaskOutcome", "HookTaskRequest", "run_hook_task")
