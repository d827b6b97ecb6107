# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a judged plan to what became of it: apply, volumes, hooks, report."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CRDS,
    LEASES,
    PODS,
    SERVICE_ACCOUNTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.around import AroundChange
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.around import AroundOperation
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.applier import Applier
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.ephemeral_claims import EphemeralClaims
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.lock_holder import RestoreProcess
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.namespace_locks import NamespaceLocks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.namespaces import NamespaceMaker
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.object_waits import ObjectWaits
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.object_writer import ObjectWriter
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks.hook_records import RecordedHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks.pod_hooks import RestoredPodHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.existing_judge import changed_definitions
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.claim_rules import ClaimRules
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.existing import ExistingObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.planner import drop_idle_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._restore.ready import Ready
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.report import RestoreWork
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.roll_back import RollBack
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.users import controller_of
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import (
    VOLUME_TYPES,
    RestoredVolume,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.volume_filler import (
    first_after,
    first_with_pods,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.volume_stage import VolumeStage
from ansible_collections.arkive.k8s.plugins.module_utils._restore.workloads.ready_wait import WorkloadWait


class Execution:
    """Carries one plan out, once; knows how far it got."""

    def __init__(self, ready: Ready) -> None:
        self._ready = ready
        self._run = ready.run
        self._report = ready.report
        self._findings = ready.findings
        self._api = ready.chosen.api
        self._applied = AppliedPlan(ready.plan)
        self._volumes = VolumeStage(ready.run, ready.findings, ready.volumes, ready.timings)
        self._workloads: dict[str, int] | None = None
        recorded = RecordedHooks(ready.report.previous.hooks)
        self._hooks = RestoredPodHooks(ready.run, recorded, ready.report.note_hooks)
        request = ready.run.request
        self._owners = AroundChange(ready.run.context, request.gitops, ready.planned.gitops)
        self._roll_back = RollBack(ready.run, ready.roll_back, ready.chosen.api)
        self._around = AroundOperation(request.execution_hooks, request.hook_settings, makes_namespaces=True)

    # -- before -------------------------------------------------------------------------------------------------------

    def foresee(self, refusal: ArkiveError | None) -> RestoreOutcome:
        """The outcome of the plan without carrying it out, with the errors and in the phase that ``run`` would have."""
        if refusal is None and self._has_work:
            refusal = self._make_locks().find_refusal(self._namespaces_to_change())
        if refusal is None and self._has_work:
            refusal = self._foresee_hooks()
        changed = self._ready.plan.changes or bool(self._open_pods) or self._is_open
        outcome = self._report.planned(self._work(), changed=changed, refusal=refusal)
        return dataclasses.replace(
            outcome,
            execution_hooks=self._around.ran,
            gitops=self._owners.account,
            rolled_back=self._roll_back.results(),
        )

    def _foresee_hooks(self) -> ArkiveError | None:
        try:
            self._around.plan(self._run.context, self._target_namespaces())
        except ArkiveError as exc:
            return exc
        return None

    @property
    def _has_work(self) -> bool:
        plan = self._ready.plan
        conflicts = any(item.action == "conflict" for item in plan.items)
        unfinished = self._report.previous.unfinished or self._is_open or self._ready.planned.gitops.to_pause
        return bool(plan.changes or self._open_pods or conflicts or unfinished)

    @property
    def _is_open(self) -> bool:
        """Whether an earlier run has left something to do for volumes."""
        return self._volumes.is_open or self._ready.roll_back.is_open

    @functools.cached_property
    def _open_pods(self) -> list[PlanItem]:
        """Pods that an earlier run of this restore made and whose hooks have no recorded result."""
        return [
            item
            for item in self._ready.plan.of_types(PODS)
            if item.made_before and item.body is not None
            if self._hooks.open_hooks(self._findings.objects.load(item.body))
        ]

    def _make_locks(self) -> NamespaceLocks:
        return NamespaceLocks(self._run, self._api.find(LEASES), RestoreProcess.current(self._run.name))

    def _namespaces_to_change(self) -> list[str]:
        """Those that are there; the others get their lease when they are made."""
        changed = {item.namespace for item in self._ready.plan.items if item.intent and item.namespace}
        changed.update(self._ready.roll_back.namespaces)
        return sorted(name for name in changed if self._findings.live.namespaces.get(name) in ("present", "unknown"))

    # -- the run ------------------------------------------------------------------------------------------------------

    def run(self) -> RestoreOutcome:
        """Apply the plan, run the hooks, write the records."""
        if not self._has_work:
            self._await_workloads()
            self._run.report_warnings()
            return dataclasses.replace(self._report.untouched(self._work()), gitops=self._owners.account)
        try:
            with self._make_locks() as locks:
                locks.acquire(self._namespaces_to_change())
                self._report.note_start()
                # Whoever kills it finds there what it goes on by.
                self._run.progress(f"starting restore {self._run.name}")
                with self._roll_back:
                    failure = self._reach_data() or self._pause_owners() or self._run_pre_hook() or self._apply(locks)
                    results = self._finish_pods(wait=not failure)
                    clean = not (failure or self._run.issues.errors or self._run.cancel.is_cancelled)
                    self._roll_back.settle(keeps=self._run.request.keep_old_volumes or not clean)
            if self._run.cancel.is_cancelled and not failure:
                failure = f"The run was cancelled: {self._run.cancel.reason}."
                self._run.issues.error(failure, hint=self._run.finish_hint)
            self._owners.end(succeeded=not failure and not self._run.issues.errors)
            self._run.report_warnings()
            outcome = self._report.finished(self._work(hooks=results, failure=failure))
        except BaseException:
            self._owners.end(succeeded=False)
            self._around.after(self._run.context, succeeded=False)
            raise
        self._around.after(self._run.context, succeeded=outcome.phase == "Completed")
        return dataclasses.replace(
            outcome,
            execution_hooks=self._around.ran,
            failed_afterwards=self._around.failed,
            issues=self._run.issues,
            gitops=self._owners.account,
            rolled_back=self._roll_back.results(),
        )

    def _reach_data(self) -> str:
        """Why nothing may be stopped: pods would not get at the data. Empty where they do, or something is stopped."""
        groups = self._ready.roll_back.groups
        if not groups or any(group.is_open for group in groups):
            return ""
        refusal = self._ready.filler.find_refusal(self._ready.plan, self._ready.volumes.volumes, with_pods=True)
        if refusal is None:
            return ""
        self._run.issues.error(refusal.message, hint=refusal.hint or "")
        return refusal.message

    def _pause_owners(self) -> str:
        """Why nothing may be restored; empty where nobody undoes it meanwhile."""
        try:
            with self._ready.timings.measure("gitops"):
                self._owners.begin(timeout=self._run.request.resource_timeout)
        except ArkiveError as exc:
            self._run.issues.error(exc.message, hint=exc.hint or "")
            return exc.message
        return ""

    def _finish_pods(self, *, wait: bool) -> t.Sequence[HookResult]:
        """The hooks of pods to their end, after the workloads where these are to be waited for."""
        if wait:
            self._await_workloads()
        clock = time.monotonic()
        results = self._hooks.finish()
        if results:
            self._ready.timings.add("hooks", time.monotonic() - clock)
        return results

    def _target_namespaces(self) -> list[str]:
        return sorted({item.namespace for item in self._ready.plan.items if item.intent and item.namespace})

    def _run_pre_hook(self) -> str:
        """Why nothing may be restored; empty where nothing is in the way."""
        try:
            with self._ready.timings.measure("execution_hooks"):
                self._around.before(self._run.context, self._target_namespaces())
        except ArkiveError as exc:
            self._run.issues.error(exc.message, hint=exc.hint or "")
            return exc.message
        return ""

    def _work(self, *, hooks: t.Sequence[HookResult] = (), failure: str = "") -> RestoreWork:
        return RestoreWork(
            applied=self._applied,
            volumes=self._volumes.volumes,
            diffs=self._findings.diffs,
            timings=self._ready.timings.to_dict(),
            changed_volumes=self._volumes.has_changed or self._roll_back.has_changed,
            workloads=self._workloads,
            hooks=hooks,
            hook_records=self._hooks.records(),
            failure=failure,
        )

    def _apply(self, locks: NamespaceLocks) -> str:
        """Why the run had to be broken off; empty when it went through (with or without errors)."""
        try:
            with self._ready.timings.measure("apply"):
                late = self._apply_waves(self._make_applier(locks))
        except Cancelled as exc:
            self._run.issues.error(exc.message, hint=self._run.finish_hint)
            return exc.message
        except ArkiveError as exc:
            self._run.issues.error(exc.message, hint=f"{exc.hint or ''} {self._run.finish_hint}".strip())
            return exc.message
        self._volumes.finish(self._api, self._applied, late)
        return ""

    def _apply_waves(self, applier: Applier) -> list[RestoredVolume]:
        """Volumes come before all that uses them. Returns those that are made once somebody does."""
        changing = changed_definitions(self._applied.plan)
        self._carry_out(applier, [wave for wave in self._applied.plan.waves if CRDS in wave.group_resources])
        if any(self._applied.is_written(item) for item in self._definitions()):
            self._plan_new_types()
        plan = self._ready.judge.existing.judge_types(self._applied.plan, changing)
        self._applied = self._applied.with_plan(plan)
        for item in self._open_pods:
            if not self._volumes.awaits_data(item):
                self._watch_again(item)
        self._make_room()
        with_volumes = [
            n for n, wave in enumerate(self._rest(), 1) if not VOLUME_TYPES.isdisjoint(wave.group_resources)
        ]
        last = max(with_volumes, default=0)
        self._carry_out(applier, self._rest()[:last])
        volumes = self._volumes
        late = volumes.await_at_once(self._api, self._applied, unfinished=self._report.previous.unfinished)
        late = volumes.report_vanished(self._api, late)
        if volumes.to_fill:
            # Accounts and Secrets, by which images are pulled, come first.
            begun, last = last, first_with_pods(self._rest(), last)
            self._carry_out(applier, self._rest()[begun:last])
            late = volumes.fill(self._api, self._applied, late)
        late = volumes.lose(self._roll_back.give_up(volumes.lost_claims(self._applied)), late)
        self._hold_back(volumes.find_lost(self._applied))
        begun, last = last, first_after(PODS, self._rest(), last)
        self._carry_out(applier, self._rest()[begun:last])
        if unmade := volumes.unmade_pods(self._applied):
            self._applied = self._applied.with_plan(self._ready.judge.hold_back_makers(self._applied.plan, unmade))
        self._carry_out(applier, self._rest()[last:])
        late = self._start_again(late)
        # The time of the hooks of these begins when they have their data.
        volumes.fill_pods(self._applied, filled=self._watch_again)
        return late

    def _hold_back(self, lost: t.Mapping[str, t.Mapping[str, str]]) -> None:
        """What is written already is not taken back."""
        plan = self._applied.plan
        held = self._ready.judge.hold_back(plan, lost)
        self._applied = self._applied.with_plan(
            held.replacing(item for item in plan.items if self._applied.is_written(item))
        )

    def _definitions(self) -> t.Iterator[PlanItem]:
        for wave in self._applied.plan.waves:
            if CRDS in wave.group_resources:
                yield from wave.items

    def _rest(self) -> list[Wave]:
        """The waves after that of the definitions."""
        return [wave for wave in self._applied.plan.waves if CRDS not in wave.group_resources]

    def _carry_out(self, applier: Applier, waves: t.Sequence[Wave]) -> None:
        """Raises ``Cancelled``, and ``KubeError`` once the API server cannot be reached any more."""
        result = applier.apply(waves)
        self._applied = self._applied.with_done(result.done)
        if result.stopped is not None:
            raise result.stopped

    def _plan_new_types(self) -> None:
        """What waited for a definition is planned now, from what was kept of it."""
        self._api = ApiTypes(Discovery.read(self._run.client))
        self._ready.chosen.contents.know_types(self._api)
        plan = self._ready.planner.plan_new_types(self._applied.plan, self._api)
        self._applied = self._applied.with_plan(plan)

    def _make_applier(self, locks: NamespaceLocks) -> Applier:
        run, findings = self._run, self._findings
        writer = ObjectWriter(
            run,
            findings,
            ExistingObjects(run, findings, ClaimRules(run, findings)),
            self._ready.judge.existing,
            ObjectWaits(run, self._api.find(SERVICE_ACCOUNTS), findings.volumes.objects),
            self._follow_pod,
        )
        return Applier(run, writer, NamespaceMaker(run, findings, locks))

    # -- claims that are rolled back in place --------------------------------------------------------------------------

    def _make_room(self) -> None:
        """The old claims give way; those that do not are not made anew, nor is what would be made for them."""
        if not self._ready.roll_back.groups:
            return
        with self._ready.timings.measure("roll_back"):
            failed = self._roll_back.make_room()
        if failed:
            items = [
                item.decided("conflict", failed[item.namespace or "", item.name])
                for item in self._applied.plan.of_types(CLAIMS)
                if (item.namespace or "", item.name) in failed
            ]
            plan = drop_idle_snapshots(self._applied.plan.replacing(items), self._findings)
            self._applied = self._applied.with_plan(plan)

    def _start_again(self, late: t.Sequence[RestoredVolume]) -> list[RestoredVolume]:
        """What was stopped mounts the new claims, and its restore hooks run. Returns ``late`` as they are now."""
        if not self._ready.roll_back.groups:
            return list(late)
        with self._ready.timings.measure("roll_back"):
            found = self._volumes.lose(self._roll_back.start(), late)
        pods = self._api.find(PODS)
        for pod in self._roll_back.new_pods():
            if pods is not None:
                self._hooks.watch(pods, pod, stored_owner=functools.partial(controller_of, pod))
        return found

    # -- pods and other workloads -------------------------------------------------------------------------------------

    def _await_workloads(self) -> None:
        """Those that this restore made, now or in an earlier run; hooks go on meanwhile."""
        if self._run.request.wait_timeout is not None:
            with self._ready.timings.measure("wait"):
                self._workloads = WorkloadWait(self._run).run([*self._applied.made(), *self._roll_back.started()])

    def _watch_again(self, item: PlanItem) -> None:
        pod = get_object(self._run.client, item.resource, item.name, item.namespace) if item.resource else None
        if pod is not None:
            self._watch_hooks(item, pod)

    def _follow_pod(self, item: PlanItem, live: dict[str, t.Any]) -> None:
        """``live`` as the server has made it."""
        if item.group_resource == PODS:
            EphemeralClaims(self._run, self._api.find(CLAIMS)).adopt(live)
            if not self._volumes.awaits_data(item):
                self._watch_hooks(item, live)

    def _watch_hooks(self, item: PlanItem, live: dict[str, t.Any]) -> None:
        """``live`` as the server returned it."""
        if item.resource is not None:
            self._hooks.watch(item.resource, live, stored_owner=lambda: item.facts.owner)


__all__ = ("Execution",)
