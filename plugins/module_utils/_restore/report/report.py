# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore says of itself: issues, log, records in the store, and the outcome for the task."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import io
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import find_unfinished
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult, hook_status
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.unmade_namespaces import namespace_error
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.plan_diffs import PlanDiffs
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.records import RestoreRecords
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import RestoredVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import (
    RestorePhase,
    build_restore,
    build_status,
    final_phase,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.results_file import restore_results
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

#: Entries of a task's result or of the record.
_Hooks: t.TypeAlias = "list[dict[str, t.Any]]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreWork:
    """What a restore came to, as far as it got. ``timings`` are seconds by step.

    ``workloads``: how many became ready, and how many did not; None where nobody waited. ``hooks`` are results,
    ``hook_records`` entries for the record. ``failure``: why the run was broken off.
    """

    applied: AppliedPlan
    volumes: RestoredVolumes
    diffs: PlanDiffs
    timings: t.Mapping[str, float]
    changed_volumes: bool = False
    workloads: dict[str, int] | None = None
    hooks: t.Sequence[HookResult] = ()
    hook_records: _Hooks = dataclasses.field(default_factory=list)
    failure: str = ""


class RestoreReport:
    """``issues`` take what is to be reported; ``previous`` is an earlier run.

    ``records``: where the restore is recorded, in the place of the store that has its backup.

    Raises ``RestoreError`` for the name of another backup's restore.
    """

    def __init__(
        self,
        request: RestoreRequest,
        name: str,
        *,
        client: KubeClient,
        store: Store,
        started: dt.datetime,
        records: Store | None = None,
    ) -> None:
        self._request = request
        self._name = name
        self._client = client
        self._store = store
        self._places = [store] if records is None else [records, store]
        self._started = started
        self._requests_before = client.requests_made
        self._says_deletion = False
        self._log_stream = io.BytesIO()
        log = RunLog(self._log_stream, restore=f"{request.velero_namespace}/{name}")
        self.issues = Issues(log.write)
        self._records = RestoreRecords(records or store, name, other=store)
        self.previous = self._records.read_previous(request.spec.backup_name)
        self._restore = build_restore(
            name, request.spec, namespace=request.velero_namespace, created=started, uid=request.uid
        )

    def report_unfinished(self) -> None:
        """A restore without a name is a new one: perhaps an old one was meant."""
        with contextlib.suppress(StoreError):
            backup = self._request.spec.backup_name
            found = [find_unfinished(place, backup) for place in self._places]
            passed_over = sum(each.passed_over for each in found)
            if passed_over:
                self.issues.info(
                    f"The location has many restores: whether {counted(passed_over, 'older one')} ended was not asked."
                )
            for name in dict.fromkeys(name for each in found for name in each.names):
                self.issues.warning(
                    f"Restore '{name}' of this backup was begun and has not ended: it runs still, or was broken off.",
                    hint=f"Run it again with name: {name} to finish it.",
                )

    def report_deletion(self) -> None:
        """A backup whose deletion has begun has lost snapshots, or loses them while they are read."""
        name = self._request.spec.backup_name
        with contextlib.suppress(StoreError):
            if not self._says_deletion and self._store.exists(BackupKeys(name).deletion):
                self._says_deletion = True
                self.issues.warning(
                    f"The deletion of backup '{name}' has begun: it may have lost snapshots, and may lose the others.",
                    hint="Restore another backup, where there is one.",
                )

    def note_start(self) -> None:
        """A record of what is begun, for whoever has to finish it; that it cannot be written is said in the end."""
        with contextlib.suppress(StoreError):
            self.note_hooks([])
        # Whoever deletes the backup looks for restores after it has said so: one of both sees the other.
        self.report_deletion()

    def note_hooks(self, hooks: _Hooks) -> None:
        """The hooks that have a result so far. Raises ``ArkiveError``."""
        if self._request.write_records:
            self._records.write_progress(self._restore, [*self.previous.hooks, *hooks])

    def planned(self, work: RestoreWork, *, changed: bool, refusal: ArkiveError | None) -> RestoreOutcome:
        """The outcome of a plan that was not applied: what will go wrong is reported as the run would report it.

        Of a run that would not begin, that is what ``refused`` has reported.
        """
        reported = {(issue.resource, issue.namespace, issue.name) for issue in self.issues.errors}
        for item in work.applied.plan.items if refusal is None else ():
            if (
                item.action == "conflict"
                and (str(item.group_resource), item.namespace or "", item.name) not in reported
            ):
                self.report_conflict(item)
        phase: RestorePhase = "New"
        if refusal is not None or self.issues.errors:
            phase = final_phase(errors=len(self.issues.errors), fatal=refusal is not None)
        outcome = self._outcome(work, phase, changed=changed and refusal is None)
        return dataclasses.replace(outcome, refusal=refusal)

    def report_conflict(self, item: PlanItem) -> Issue:
        """What cannot be written is an error; an update that is refused too, which Velero 1.18 only warns of."""
        if item.patch is not None and item.method != "recreate":
            return self.issues.error(f"{item.title} could not be updated: {item.reason}", **_where(item))
        if item.group_resource == NAMESPACES:
            return self.issues.error(namespace_error(item.name, item.reason), reason=item.cause, hint=item.hint)
        return self.issues.error(f"error restoring {item.title}: {item.why}", **_where(item))

    def refused(self, plan: RestorePlan, volumes: RestoredVolumes) -> dict[str, t.Any]:
        """What an error reports beside its sentence, of a restore that was not begun."""
        return {
            "phase": "Failed",
            "plan": [item.to_return() for item in plan.items if item.action == "conflict"],
            "plan_counts": plan.counts(),
            "volumes": volumes.to_return(),
            "warnings_list": to_return(self.issues.warnings),
            "errors_list": to_return(self.issues.errors),
        }

    def untouched(self, work: RestoreWork) -> RestoreOutcome:
        """The outcome of a restore that found nothing to do: no record is written."""
        phase = final_phase(errors=len(self.issues.errors))
        self._restore["status"] = self._status(work, phase)
        return self._outcome(work, phase, changed=False)

    def finished(self, work: RestoreWork) -> RestoreOutcome:
        """Write the records."""
        applied = work.applied
        phase = final_phase(errors=len(self.issues.errors), fatal=bool(work.failure))
        written = any(item.intent and applied.is_written(item) for item in applied.plan.items)
        changed = bool(work.hooks) or written or work.changed_volumes
        self._restore["status"] = self._status(work, phase)
        self._log_summary()
        recorded = False
        if self._request.write_records and (changed or phase != "Completed" or self.previous.unfinished):
            clock = time.monotonic()
            broken_off = bool(work.failure) and (changed or self.previous.unfinished)
            recorded = self._write_records(work, broken_off=broken_off)
            work = dataclasses.replace(work, timings={**work.timings, "records": time.monotonic() - clock})
        return self._outcome(work, phase, changed=changed, recorded=recorded)

    def _log_summary(self) -> None:
        """The closing lines of Velero's restore log."""
        for level, found in (("warning", self.issues.warnings), ("error", self.issues.errors)):
            for issue in found:
                if issue.namespace:
                    where = f"Namespace {issue.namespace}, resource restore"
                else:
                    where = "Cluster resource restore" if issue.resource else "Velero restore"
                self.issues.info(f"{where} {level}: {issue.message}")
        self.issues.info("restore completed")

    def _status(self, work: RestoreWork, phase: RestorePhase) -> dict[str, t.Any]:
        return build_status(
            phase=phase,
            started=self._started,
            completed=utc_now(),
            warnings=len(self.issues.warnings),
            errors=len(self.issues.errors),
            items=sum(work.applied.states().values()),
            failure_reason=work.failure,
            hook_status=hook_status(work.hooks),
        )

    def _write_records(self, work: RestoreWork, *, broken_off: bool) -> bool:
        """Records are proof, not purpose: where they cannot be written the restore still stands, with a warning."""
        try:
            return self._records.write(
                self._restore,
                applied=work.applied,
                results=restore_results(self.issues),
                hooks=[*self.previous.hooks, *work.hook_records],
                volumeinfo=work.volumes.to_velero(),
                log=self._log_stream.getvalue(),
                broken_off=broken_off,
            )
        except ArkiveError as exc:
            self.issues.warning(
                f"The records of restore '{self._name}' could not be written: {exc.message}", hint=exc.hint or ""
            )
            return False

    def _outcome(
        self, work: RestoreWork, phase: RestorePhase, *, changed: bool, recorded: bool = False
    ) -> RestoreOutcome:
        timings = {step: round(seconds, 3) for step, seconds in work.timings.items()}
        timings["api_requests"] = self._client.requests_made - self._requests_before
        return RestoreOutcome(
            restore=self._restore,
            phase=phase,
            changed=changed,
            applied=work.applied,
            diffs=work.diffs.to_return(work.applied.plan.items),
            diffs_left_out=work.diffs.left_out,
            hooks=[result.to_return(default_on_error="Continue") for result in work.hooks],
            issues=self.issues,
            timings=timings,
            recorded=recorded,
            workloads=work.workloads,
            volumes=work.volumes.to_return(),
        )


def _where(item: PlanItem) -> dict[str, str]:
    where = {"resource": str(item.group_resource), "namespace": item.namespace or "", "name": item.name}
    return where | {"reason": item.cause, "hint": item.hint}


__all__ = ("RestoreReport", "RestoreWork")
