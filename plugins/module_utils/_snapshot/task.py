# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One set of snapshots: quiesce all pods, take all snapshots, release all pods; then wait until they can be used.

The set is there as a whole, or not at all: when anything goes wrong, what the run made is removed.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.around import AroundOperation
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import is_freeze, plan_pod_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import asked_for
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.claims import find_claims, read_volumes
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.pods import QuiescePlan, plan_quiescing
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import SnapshotRequest
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.window import SnapshotWindow
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import (
    PlannedSnapshot,
    SetMember,
    SetSnapshots,
    planned_entry,
    snapshot_entry,
)

_NAMED = 5
_KEPT = "The snapshots are good, and kept."


def remove_snapshots(
    request: SnapshotRequest,
    *,
    provider: SetSnapshots,
    progress: ProgressSink = no_progress,
    check_mode: bool = False,
) -> SnapshotOutcome:
    """Remove the set; one that is not there is fine. What could not be removed is in ``errors``."""
    provider.check(removing=True)
    members = provider.find()
    left: list[str] = []
    if members and not check_mode:
        progress(f"removing {counted(len(members), 'snapshot')}")
        left = provider.remove(members)
    return SnapshotOutcome(
        changed=bool(members),
        snapshots=[snapshot_entry(member.snapshot, set_name=request.name) for member in members],
        before=[member.snapshot.name for member in members],
        issues=Issues.of(warnings=provider.warnings, errors=left),
    )


def take_snapshots(
    request: SnapshotRequest,
    *,
    client: KubeClient,
    provider: SetSnapshots,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    check_mode: bool = False,
) -> SnapshotOutcome:
    """Take the snapshots unless they are there. What went wrong afterwards is in ``errors``.

    Raises ``SnapshotError`` before anything is begun, and ``Cancelled`` after everything was undone.
    """
    run = ClusterRun(client=client, progress=progress, cancel=cancel or CancelToken(), run_id=request.run_id)
    claims = find_claims(client, request.namespace, request.choice)
    provider.check()
    members = provider.find()
    task = _Task(run, request, provider, before=[member.snapshot.name for member in members])
    if members:
        _check_members(request, members, [claim["metadata"]["name"] for claim in claims])
        return task.keep(members, check_mode=check_mode)
    plans = provider.plan(read_volumes(client, claims))
    names = [claim["metadata"]["name"] for claim in claims]
    quiescing = _with_roles(run, plan_quiescing(client, request.namespace, names, request.quiescing))
    around = AroundOperation(request.execution_hooks, request.hook_settings)
    if check_mode:
        around.plan(run, [request.namespace])
        return dataclasses.replace(task.foresee(plans, quiescing), execution_hooks=around.ran)
    return _with_hooks(around, run, request, lambda: task.take(plans, quiescing))


def _with_roles(run: ClusterRun, quiescing: QuiescePlan) -> QuiescePlan:
    """The plan with the databases that are held, by the roles that their servers have now."""
    if all(hooked.database is None for hooked in quiescing.hooked):
        return quiescing
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_choice import choose_databases

    return dataclasses.replace(quiescing, hooked=choose_databases(run, quiescing.hooked))


def _with_hooks(
    around: AroundOperation, run: ClusterRun, request: SnapshotRequest, take: t.Callable[[], SnapshotOutcome]
) -> SnapshotOutcome:
    """``take``, with the blueprints around it. What fails of those after it is an error: the snapshots are kept."""
    try:
        around.before(run, [request.namespace])
        outcome = take()
    except BaseException as exc:
        # Whatever it was, a defect as well: what the pre_hook has done or frozen is undone.
        around.after(run, succeeded=False)
        if isinstance(exc, ArkiveError):
            exc.details |= {"execution_hooks": around.ran, "errors_list": to_return(run.issues.errors)}
        raise
    around.after(run, succeeded=not outcome.issues.errors)
    freezes = [*around.freezes, *outcome.freezes]
    return dataclasses.replace(outcome, execution_hooks=around.ran, freezes=freezes)


class _Task:
    """Takes, keeps or foresees one set, once."""

    def __init__(self, run: ClusterRun, request: SnapshotRequest, provider: SetSnapshots, *, before: list[str]) -> None:
        """``before``: the names of the snapshots that the set has."""
        self._run = run
        self._issues = run.issues
        self._request = request
        self._provider = provider
        self._before = before
        self._timings = Timings()
        self._window: SnapshotWindow | None = None
        self._changed = False
        self._late: t.Sequence[TakenSnapshot] = ()

    def foresee(self, plans: t.Sequence[PlannedSnapshot], quiescing: QuiescePlan) -> SnapshotOutcome:
        """What would be done; nothing is executed."""
        wanted, policy = self._request.quiescing, self._request.hook_policy
        planned: list[dict[str, t.Any]] = []
        refusals: list[str] = []
        failures: list[str] = []
        late: list[str] = []
        for hooked in quiescing.hooked:
            found = plan_pod_hooks(
                hooked.pod,
                hooked.pre,
                hooked.post,
                client=self._run.client,
                policy=wanted.policy,
                default_on_error=policy.default_on_error,
            )
            planned += [*found.pre, *found.post]
            for hook, why in found.failed:
                text = f"The {asked_for(hook)} in {'/'.join(hooked.key)} failed: {why.rstrip('.')}."
                if hook.resolved_on_error(policy.default_on_error) != "Fail":
                    self._issues.warning(text)
                elif is_freeze(hook) and hook.phase == "pre":
                    refusals.append(why)
                else:
                    (failures if hook.phase == "pre" else late).append(text)
        quiesces = self._foresee_databases(quiescing, refusals, _cuts(plans))
        self._issues.add_errors(refusals or failures or [f"{text} {_KEPT}" for text in late])
        self._issues.add_warnings([*quiescing.warnings, *self._provider.warnings])
        return SnapshotOutcome(
            changed=True,
            snapshots=[planned_entry(plan, set_name=self._request.name) for plan in plans],
            planned=planned,
            quiesces=quiesces,
            before=self._before,
            after=[plan.spec.name for plan in plans],
            issues=self._issues,
        )

    def _foresee_databases(
        self, quiescing: QuiescePlan, failures: list[str], cuts: VolumeCuts
    ) -> list[dict[str, t.Any]]:
        """What would be held; what is known to fail is in ``failures`` too."""
        declared = [(hooked, hooked.database) for hooked in quiescing.hooked if hooked.database is not None]
        if not declared:
            return []
        from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import (
            DatabaseSettings,
            foresee_database,
        )

        settings = DatabaseSettings(policy=self._request.quiescing.policy, cuts=cuts)
        planned = []
        for hooked, found in declared:
            database, statements = foresee_database(self._run, hooked.pod, found, hooked.pre, settings)
            self._issues.add_warnings(database.warnings)
            planned.append(database.record.to_return() | {"statements": statements})
            if database.record.error:
                failures.append(database.record.not_held(for_snapshots=True))
        return planned

    def keep(self, members: t.Sequence[SetMember], *, check_mode: bool) -> SnapshotOutcome:
        """The set is there already."""
        snapshots = [member.snapshot for member in members]
        if self._request.retain:
            if check_mode:
                self._changed = any(member.policy != "Retain" for member in members)
            else:
                self._changed = self._provider.retain(snapshots)
        if not check_mode:
            with self._provider:
                self._await_ready(snapshots)
        return self._end(snapshots)

    def take(self, plans: t.Sequence[PlannedSnapshot], quiescing: QuiescePlan) -> SnapshotOutcome:
        """All of it; whatever happens, nothing stays frozen, and nothing of a set that is not good is left."""
        provider, issues = self._provider, self._issues
        self._window = window = SnapshotWindow(self._run, self._request, quiescing)
        try:
            with provider:
                self._take(window, plans)
                taken = provider.taken
                issues.add_errors(window.errors_of(taken))
                if not issues.errors:
                    self._finish(taken)
        except BaseException as exc:
            issues.add_warnings(window.warnings)
            try:
                issues.add_errors(self._discard(provider.taken))
            except ArkiveError as left:
                # What went wrong first is what the user must hear of.
                issues.error(f"What was made of the set could not be removed: {left.sentence}")
            if isinstance(exc, ArkiveError):
                issues.add_warnings(provider.warnings)
                outcome = self._outcome(provider.taken, after=[])
                exc.details.update(outcome.to_return(default_on_error=self._request.quiescing.on_error))
            raise
        issues.add_warnings(window.warnings)
        if issues.errors:
            issues.add_errors([*window.post_errors, *self._discard(provider.taken)])
        else:
            issues.add_errors(f"{text} {_KEPT}" for text in window.post_errors)
        return self._end(provider.taken)

    def _take(self, window: SnapshotWindow, plans: t.Sequence[PlannedSnapshot]) -> None:
        with self._timings.measure("prepare"):
            window.prepare(_cuts(plans))
        if window.refusals:
            return
        started = time.monotonic()
        with window:
            self._timings.add("quiesce", time.monotonic() - started)
            if window.is_quiesced:
                self._changed = True
                began = time.monotonic()
                self._run.progress(f"cutting {counted(len(plans), 'snapshot')}")
                by_claim = {plan.claim.where: plan for plan in plans}
                for wave in window.waves(by_claim):
                    self._provider.take([by_claim[claim] for claim in wave], timeout=window.seconds_left)
                self._timings.add("cut", time.monotonic() - began)
        self._timings.add("window", time.monotonic() - started)
        self._run.cancel.check()

    def _finish(self, snapshots: t.Sequence[TakenSnapshot]) -> None:
        """They are good: say so to later runs, and wait until they can be used."""
        self._provider.seal(snapshots)
        if self._request.retain:
            self._provider.retain(snapshots)
        self._await_ready(snapshots)

    def _await_ready(self, snapshots: t.Sequence[TakenSnapshot]) -> None:
        timeout = self._request.ready_seconds
        if timeout is None or all(taken.ready for taken in snapshots):
            return
        self._run.progress("waiting until volumes can be made from the snapshots")
        with self._timings.measure("ready"):
            late = self._provider.wait_ready(snapshots, timeout=timeout, progress=self._run.progress)
        self._issues.add_errors(taken.error for taken in snapshots if taken.failed)
        if not self._issues.errors:
            self._late = late

    def _discard(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        if snapshots:
            self._run.progress("removing what was made of the set")
        left = self._provider.discard(snapshots)
        for taken in snapshots:
            if taken.name:
                taken.fail(taken.left or "It was removed, because the set is not good.")
        return left

    def _end(self, snapshots: t.Sequence[TakenSnapshot]) -> SnapshotOutcome:
        self._issues.add_errors(f"{taken.error} It is kept: run the task again to wait longer." for taken in self._late)
        self._issues.add_warnings(self._provider.warnings)
        return self._outcome(snapshots, after=[taken.name for taken in snapshots if taken.name and not taken.failed])

    def _outcome(self, snapshots: t.Sequence[TakenSnapshot], *, after: list[str]) -> SnapshotOutcome:
        window = self._window
        hooks = window.results if window is not None else []
        return SnapshotOutcome(
            changed=self._changed or any(result.state != "skipped" for result in hooks),
            snapshots=[snapshot_entry(taken, set_name=self._request.name) for taken in snapshots],
            hooks=hooks,
            freezes=window.freezes if window is not None else [],
            quiesces=window.quiesces if window is not None else [],
            swept=window.swept if window is not None else [],
            before=self._before,
            after=after,
            timings=self._timings.to_dict(),
            issues=self._issues,
        )


def _cuts(plans: t.Sequence[PlannedSnapshot]) -> VolumeCuts:
    groups = {plan.claim.where: plan.group for plan in plans if plan.group}
    return VolumeCuts(taken=frozenset(plan.claim.where for plan in plans), groups=groups)


def _check_members(request: SnapshotRequest, members: t.Sequence[SetMember], claims: t.Sequence[str]) -> None:
    """Raise ``SnapshotError`` unless the set that is there is what is asked for."""
    have = {member.snapshot.spec.claim for member in members}
    missing = sorted(set(claims) - have)
    leaving = [member.snapshot.name for member in members if member.leaving]
    unfinished = [member.snapshot.name for member in members if not member.complete]
    failed = [f"{member.snapshot.name} ({member.snapshot.error})" for member in members if member.snapshot.failed]
    other = [
        f"{member.snapshot.name} ({member.snapshot.spec.class_name})"
        for member in members
        if request.snapshot_class and member.snapshot.spec.class_name not in ("", request.snapshot_class)
    ]
    for names, what in (
        (leaving, "is being deleted"),
        (unfinished, "was begun by a run that did not end: nobody knows whether the freeze held until it was cut"),
        (failed, "has failed"),
        (missing, "of the claims that are asked for are not in it"),
        (other, "is of another class"),
    ):
        if names:
            raise SnapshotError(
                f"The snapshot set {request.where} is there, but not as it is asked for: {some_of(names, most=_NAMED)}"
                f" {what}.",
                hint="Remove the set with state: absent first, or take another name.",
            )


__all__ = ("remove_snapshots", "take_snapshots")
