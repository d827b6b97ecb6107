# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a judged plan to what became of it: apply, volumes, hooks, report."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import itertools
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
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
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
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen import Chosen
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks.hook_records import RecordedHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hooks.pod_hooks import RestoredPodHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.existing_judge import changed_definitions
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.judge import Judge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.claim_rules import ClaimRules
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.existing import ExistingObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings, Planned
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.planner import Planner
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.report import RestoreReport, RestoreWork
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import (
    VOLUME_TYPES,
    RestoredVolume,
    RestoredVolumes,
    plan_volumes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.vanished_claims import find_vanished
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.volume_filler import VolumeFiller
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.volume_finalizer import VolumeFinalizer
from ansible_collections.arkive.k8s.plugins.module_utils._restore.workloads.ready_wait import WorkloadWait
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import WITHOUT_PODS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A restore that is planned: what the stages up to here hand on. ``volumes`` are those of its claims."""

    run: RestoreRun
    report: RestoreReport
    timings: Timings
    planner: Planner
    planned: Planned
    volumes: RestoredVolumes = dataclasses.field(default_factory=RestoredVolumes)

    @property
    def chosen(self) -> Chosen:
        return self.planner.chosen

    @property
    def findings(self) -> Findings:
        return self.planner.findings

    @property
    def plan(self) -> RestorePlan:
        return self.planned.plan

    @property
    def filler(self) -> VolumeFiller:
        return VolumeFiller(self.run, self.findings, self.chosen.api)

    @property
    def judge(self) -> Judge:
        return Judge(self.run, self.findings, self.chosen.api)

    def with_plan(self, plan: RestorePlan) -> Ready:
        """As a later stage has judged it."""
        return dataclasses.replace(self, planned=dataclasses.replace(self.planned, plan=plan))

    def with_volumes(self) -> Ready:
        """With the volumes as they are planned now."""
        return dataclasses.replace(self, volumes=plan_volumes(self.plan, self.findings))


class Execution:
    """Carries one plan out, once; knows how far it got."""

    def __init__(self, ready: Ready) -> None:
        self._ready = ready
        self._run = ready.run
        self._report = ready.report
        self._findings = ready.findings
        self._api = ready.chosen.api
        self._applied = AppliedPlan(ready.plan)
        self._volumes = ready.volumes
        self._changed_volumes = False
        self._workloads: dict[str, int] | None = None
        recorded = RecordedHooks(ready.report.previous.hooks)
        self._hooks = RestoredPodHooks(ready.run, recorded, ready.report.note_hooks)
        request = ready.run.request
        self._owners = AroundChange(ready.run.context, request.gitops, ready.planned.gitops)
        self._around = AroundOperation(request.execution_hooks, request.hook_settings, makes_namespaces=True)

    # -- before -------------------------------------------------------------------------------------------------------

    def foresee(self, refusal: ArkiveError | None) -> RestoreOutcome:
        """The outcome of the plan without carrying it out, with the errors and in the phase that ``run`` would have."""
        if refusal is None and self._has_work:
            refusal = self._make_locks().find_refusal(self._namespaces_to_change())
        if refusal is None and self._has_work:
            refusal = self._foresee_hooks()
        changed = self._ready.plan.changes or bool(self._open_pods) or self._volumes.is_open
        outcome = self._report.planned(self._work(), changed=changed, refusal=refusal)
        return dataclasses.replace(outcome, execution_hooks=self._around.ran, gitops=self._owners.account)

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
        unfinished = self._report.previous.unfinished or self._volumes.is_open or self._ready.planned.gitops.to_pause
        return bool(plan.changes or self._open_pods or conflicts or unfinished)

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
                failure = self._pause_owners() or self._run_pre_hook() or self._apply(locks)
                results = self._finish_pods(wait=not failure)
            if self._run.cancel.is_cancelled and not failure:
                failure = f"The run was cancelled: {self._run.cancel.reason}."
                self._run.issues.error(failure)
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
        )

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
            volumes=self._volumes,
            diffs=self._findings.diffs,
            timings=self._ready.timings.to_dict(),
            changed_volumes=self._changed_volumes,
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
            self._run.issues.error(exc.message)
            return exc.message
        except ArkiveError as exc:
            self._run.issues.error(exc.message, hint=exc.hint or "")
            return exc.message
        self._finish_volumes(late)
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
            self._watch_again(item)
        with_volumes = [
            n for n, wave in enumerate(self._rest(), 1) if not VOLUME_TYPES.isdisjoint(wave.group_resources)
        ]
        last = max(with_volumes, default=0)
        self._carry_out(applier, self._rest()[:last])
        late = self._report_vanished(self._await_volumes())
        to_fill = [volume for volume in self._volumes.volumes if volume.is_to_fill]
        if to_fill:
            # Accounts and Secrets, by which images are pulled, come first.
            begun, last = last, self._first_with_pods(last)
            self._carry_out(applier, self._rest()[begun:last])
            late = self._fill_volumes(to_fill, late)
        self._hold_back(self._volumes.find_lost(self._applied))
        self._carry_out(applier, self._rest()[last:])
        return late

    def _first_with_pods(self, begin: int) -> int:
        """The place of the first wave, from ``begin`` on, that may have somebody make pods."""
        waves = self._rest()[begin:]
        quiet = itertools.takewhile(lambda wave: WITHOUT_PODS.issuperset(wave.group_resources), waves)
        return begin + len(list(quiet))

    def _fill_volumes(
        self, volumes: t.Sequence[RestoredVolume], late: t.Sequence[RestoredVolume]
    ) -> list[RestoredVolume]:
        """Bring the data of ``volumes``. Returns ``late`` as they are now."""
        with self._ready.timings.measure("data"):
            filled = VolumeFiller(self._run, self._findings, self._api).run(self._applied.plan, volumes)
        self._volumes = self._volumes.replacing(filled)
        self._changed_volumes = True
        now = {volume.item.number: volume for volume in filled}
        return [now.get(volume.item.number, volume) for volume in late]

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

    # -- volumes ------------------------------------------------------------------------------------------------------

    def _await_volumes(self) -> list[RestoredVolume]:
        """Volumes that need no pod: whether they come is known before anything is made that uses them.

        Returns the others.
        """
        self._volumes, left = self._volumes.after(self._applied, unfinished=self._report.previous.unfinished)
        unmade, classes, objects = self._volumes.unmade(self._applied), self._findings.classes, self._findings.objects
        at_once = [
            volume
            for volume in left
            if volume.source is not None
            if volume.source.helper in unmade or classes.binds_at_once(objects.load(volume.item.body))
        ]
        self._finish_volumes(at_once)
        return [volume for volume in left if not any(volume is each for each in at_once)]

    def _report_vanished(self, late: t.Sequence[RestoredVolume]) -> list[RestoredVolume]:
        """The plan may be old by now, and what is written next would make up for a claim that is gone.

        Returns ``late`` as they are now.
        """
        claims, volumes = self._api.find(CLAIMS), self._volumes.volumes
        lost: dict[int, RestoredVolume] = {}
        for volume, why in find_vanished(self._run.client, claims, volumes, self._findings.live):
            lost[volume.item.number] = dataclasses.replace(volume, state="failed", message=why)
            self._run.issues.error(
                f"PersistentVolumeClaim {volume.namespace}/{volume.claim} does not come back: {why}",
                resource=str(CLAIMS),
                namespace=volume.namespace,
                name=volume.claim,
                hint=self._run.resume_hint,
            )
        self._volumes = self._volumes.replacing(lost.values())
        return [lost.get(volume.item.number, volume) for volume in late]

    def _finish_volumes(self, volumes: t.Sequence[RestoredVolume]) -> None:
        """What is left to do for the volumes of claims."""
        if not volumes:
            return
        with self._ready.timings.measure("volumes"):
            finalizer = VolumeFinalizer(self._run, self._findings, self._api)
            finished = finalizer.run(volumes, unmade=self._volumes.unmade(self._applied))
        self._volumes = self._volumes.replacing(finished.volumes)
        self._changed_volumes = self._changed_volumes or finished.changed

    # -- pods and other workloads -------------------------------------------------------------------------------------

    def _await_workloads(self) -> None:
        """Those that this restore made, now or in an earlier run; hooks go on meanwhile."""
        if self._run.request.wait_timeout is not None:
            with self._ready.timings.measure("wait"):
                self._workloads = WorkloadWait(self._run).run(self._applied.made())

    def _watch_again(self, item: PlanItem) -> None:
        pod = get_object(self._run.client, item.resource, item.name, item.namespace) if item.resource else None
        if pod is not None:
            self._watch_hooks(item, pod)

    def _follow_pod(self, item: PlanItem, live: dict[str, t.Any]) -> None:
        """``live`` as the server has made it."""
        if item.group_resource == PODS:
            EphemeralClaims(self._run, self._api.find(CLAIMS)).adopt(live)
            self._watch_hooks(item, live)

    def _watch_hooks(self, item: PlanItem, live: dict[str, t.Any]) -> None:
        """``live`` as the server returned it."""
        if item.resource is not None:
            self._hooks.watch(item.resource, live, stored_owner=lambda: item.facts.owner)


__all__ = ("Execution", "Ready")
