# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore from the store to the cluster: a walk through the stages, none of which is asked again by a later one.

choose -> plan -> judge -> apply -> volumes -> hooks -> report
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import OpenBackup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.garbage import rare_collections
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import PLAN_PREFIX, ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen import choose_objects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import GO_ON
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.source import open_source, with_backup
from ansible_collections.arkive.k8s.plugins.module_utils._restore.execution import Execution
from ansible_collections.arkive.k8s.plugins.module_utils._restore.gate.plan_digests import digest_plan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.owners import find_owners
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import PlanDigest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.no_effect import find_without_effect
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.planner import Planner
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.transforms import find_out
from ansible_collections.arkive.k8s.plugins.module_utils._restore.ready import Ready
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.report import RestoreReport
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.planning import plan_roll_back
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import (
    lost_claims_error,
    with_told_reasons,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import default_restore_name
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving


def plan_restore(
    request: RestoreRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    records: Store | None = None,
) -> RestoreOutcome:
    """What ``run_restore`` would do, judged by the API server's dry run; writes nothing anywhere.

    Where that would raise because of what is planned, the outcome has the error as its ``refusal``.
    """
    with _opened(request, client, (store, records), progress, cancel) as opened:
        ready, refusal = _judge(_plan(opened))
        asked = _ask_server(ready, hold_back=refusal is None)
        digest = _digest(asked, opened.backup)
        return _foresee(asked, digest, _find_mismatch(asked, digest) or refusal)


def run_restore(
    request: RestoreRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    records: Store | None = None,
) -> RestoreOutcome:
    """Plan and apply. The restore is recorded in ``records``, else in ``store``.

    Raises ``ArkiveError`` while nothing was changed yet: wrong input, an archive that is corrupt or cannot be read, a
    cluster that does not answer, volumes without data. After the first write everything is in the outcome. Where the
    plan is not the expected one, the outcome is that of ``plan_restore``.
    """
    with _opened(request, client, (store, records), progress, cancel) as opened:
        ready, refusal = _judge(_plan(opened))
        digest = None
        if request.expected_plan is not None:
            asked = _ask_server(ready, hold_back=refusal is None)
            digest = _digest(asked, opened.backup)
            mismatch = _find_mismatch(asked, digest)
            if mismatch is not None:
                return _foresee(asked, digest, mismatch)
        if refusal is not None:
            raise refusal
        outcome = Execution(ready).run()
        progress(outcome.closing_line)
        for left in outcome.gitops.left_paused:
            for line in left.lines:
                progress(line)
        return dataclasses.replace(outcome, digest=digest)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ComparedBackup:
    """The objects of a backup beside those of a cluster: what a restore would do about each, and why.

    ``spec``: that of the Backup. ``diffs``: texts, for those that differ, in the order of ``items``.
    """

    backup: str
    spec: t.Mapping[str, t.Any]
    items: tuple[PlanItem, ...]
    diffs: list[dict[str, str]]
    diffs_left_out: int
    issues: Issues


def compare_backup(
    request: RestoreRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> ComparedBackup:
    """What ``plan_restore`` finds out of objects that exist. What is not there is not judged. Writes nothing anywhere.

    Raises ``ArkiveError`` when the backup or the cluster cannot be read.
    """
    with _opened(request, client, (store, None), progress, cancel) as opened:
        ready = _plan(opened)
        unreadable = ready.planned.unreadable
        if unreadable.count:
            raise unreadable.error(hint=GO_ON)
        plan = ready.judge.existing.judge_plan(ready.plan)
        items = tuple(plan.items)
        return ComparedBackup(
            backup=opened.run.request.spec.backup_name,
            spec=opened.backup.spec,
            items=items,
            diffs=ready.findings.diffs.to_return(items),
            diffs_left_out=ready.findings.diffs.left_out,
            issues=opened.run.issues,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Opened:
    """A restore as long as its archive is open."""

    run: RestoreRun
    report: RestoreReport
    backup: OpenBackup
    objects: PreparedObjects
    timings: Timings


@contextlib.contextmanager
def _opened(
    request: RestoreRequest,
    client: KubeClient,
    stores: tuple[Store, Store | None],
    progress: ProgressSink,
    cancel: CancelToken | None,
) -> t.Iterator[_Opened]:
    request.validate()
    store, records = stores
    request, warnings = with_backup(request, store)
    with (
        rare_collections(),
        open_source(store, request.spec.backup_name, cancel=cancel) as backup,
        PreparedObjects() as objects,
    ):
        started = utc_now()
        spec = request.spec
        name = request.name or default_restore_name(spec.schedule_name or spec.backup_name, started)
        report = RestoreReport(request, name, client=client, store=store, started=started, records=records)
        context = ClusterRun(
            client=client, issues=report.issues, progress=progress, cancel=cancel or client.cancel, run_id=name
        )
        moving = Moving(
            store=store,
            run=context,
            settings=dataclasses.replace(request.mover, timeout=spec.item_operation_timeout),
            password=request.repository_password,
            velero_namespace=request.velero_namespace,
        )
        run = RestoreRun(request=request, name=name, context=context, moving=moving)
        run.issues.add_warnings(warnings)
        yield _Opened(run, report, backup, objects, Timings())


def _plan(opened: _Opened) -> Ready:
    """Read the archive's index, the API and what is in the cluster; decide on every object."""
    run, report, backup = opened.run, opened.report, opened.backup
    with opened.timings.measure("plan"):
        run.issues.info(f"starting restore {run.name} from backup {run.request.spec.backup_name}")
        for warning in backup.warnings:
            run.issues.warning(warning)
        report.report_deletion()
        if not run.request.name:
            report.report_unfinished()
        chosen = choose_objects(run, backup)
        findings = find_out(run, chosen, opened.objects)
        planner = Planner(run, chosen, findings)
        run.issues.add_warnings(find_without_effect(run.request, chosen, modifiers=planner.modifiers))
        planned = planner.plan()
    counts = ", ".join(f"{count} {action}" for action, count in planned.plan.counts().items() if count)
    run.progress(f"{PLAN_PREFIX}{counts or 'nothing to restore'}")
    return Ready(
        run=run,
        report=report,
        timings=opened.timings,
        planner=planner,
        planned=planned,
    )


def _judge(ready: Ready) -> tuple[Ready, ArkiveError | None]:
    """Why the restore must not begin.

    ``ArchiveError`` if an object that would be restored cannot be read, ``RestoreError`` if claims would come back
    without their data and nobody said that they may, or if it could not be brought, ``GitOpsError`` if what owns the
    objects would undo it.
    """
    ready = ready.with_plan(ready.judge.existing.judge_plan(ready.plan))
    unreadable = ready.planned.unreadable
    if unreadable.count:
        why = [item for item in ready.plan.items if item.action == "conflict" and not item.kind]
        told = [item for item in why if item.reason == unreadable.sentences[0]]
        return _refuse(ready.with_volumes(), unreadable.error(hint=GO_ON), why, told)
    plan, roll_back = plan_roll_back(ready.run, ready.plan, ready.chosen.api, ready.findings.live.kept_claims)
    ready.run.issues.add_warnings(roll_back.warnings)
    plan, lost = ready.judge.find_lost(plan)
    stopped = [workload for group in roll_back.groups for workload in group.workloads]
    plan, gitops = find_owners(ready.run, plan, ready.findings, stopped)
    planned = dataclasses.replace(ready.planned, plan=plan, gitops=gitops, roll_back=roll_back)
    ready = dataclasses.replace(ready, planned=planned).with_volumes()
    if lost:
        error = lost_claims_error(lost, ready.run.request.spec.backup_name)
        return _refuse(ready, error, lost, with_told_reasons(lost))
    if gitops.refusal is not None:
        gitops.refusal.details["gitops"] = gitops.account.to_return()
        return _refuse(ready, gitops.refusal, ())
    unfilled = ready.filler.find_refusal(ready.plan, ready.volumes.volumes) or ready.pod_filler.find_refusal(
        ready.plan, ready.volumes.pods
    )
    return (ready, None) if unfilled is None else _refuse(ready, unfilled, ())


def _refuse(
    ready: Ready, error: ArkiveError, items: t.Sequence[PlanItem], told: t.Sequence[PlanItem] = ()
) -> tuple[Ready, ArkiveError]:
    """Because of ``items``; the sentence of ``error`` has the reasons of those that are ``told``."""
    ready.run.report_warnings()
    reported = {item.number: ready.report.report_conflict(item) for item in items}
    error.told = tuple(reported[item.number] for item in told)
    error.details |= ready.report.refused(ready.plan, ready.volumes)
    return ready, error


def _ask_server(ready: Ready, *, hold_back: bool) -> Ready:
    """Everything that would be written, as the server judges it; ``hold_back`` what would wait for claims."""
    with ready.timings.measure("dry_run"):
        plan = ready.judge.ask_server(ready.plan)
        if hold_back:
            plan = ready.judge.hold_back(plan, ready.volumes.find_lost(AppliedPlan(plan)))
        return ready.with_plan(plan)


def _digest(asked: Ready, backup: OpenBackup) -> PlanDigest:
    request = asked.run.request
    objects = asked.findings.objects
    return digest_plan(
        asked.plan,
        asked.volumes,
        request=request,
        backup=backup.backup,
        objects=objects,
        stopped=asked.roll_back.stopped,
    )


def _find_mismatch(asked: Ready, digest: PlanDigest) -> ArkiveError | None:
    """Why this is not the plan that was approved; None where none was asked for."""
    expected = asked.run.request.expected_plan
    mismatch = expected.find_mismatch(digest) if expected is not None else None
    if mismatch is not None:
        asked.run.issues.error(mismatch.message, hint=mismatch.hint or "")
    return mismatch


def _foresee(asked: Ready, digest: PlanDigest, refusal: ArkiveError | None) -> RestoreOutcome:
    asked.run.report_warnings()
    return dataclasses.replace(Execution(asked).foresee(refusal), digest=digest)


__all__ = ("ComparedBackup", "compare_backup", "plan_restore", "run_restore")
