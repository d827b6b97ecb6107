# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""A restore from the store to the cluster: plan first, then apply the same plan."""

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.garbage import rare_collections
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import PLAN_PREFIX, ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.api_versions import choose_versions
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import Applier
from ansible_collections.arkive.k8s.plugins.module_utils._restore.bodies import EncodedBodies
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choice import ObjectChoice
from ansible_collections.arkive.k8s.plugins.module_utils._restore.claim_preflight import ClaimPreflight
from ansible_collections.arkive.k8s.plugins.module_utils._restore.contents import GO_ON
from ansible_collections.arkive.k8s.plugins.module_utils._restore.dry_run import DryRunJudge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.ephemeral_claims import EphemeralClaims
from ansible_collections.arkive.k8s.plugins.module_utils._restore.held_back import hold_back
from ansible_collections.arkive.k8s.plugins.module_utils._restore.hook_records import RecordedHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.lease_holder import RestoreProcess
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import ApiTypes, read_live_state
from ansible_collections.arkive.k8s.plugins.module_utils._restore.namespace_leases import LEASES, NamespaceLeases
from ansible_collections.arkive.k8s.plugins.module_utils._restore.namespaces import NamespaceMaker
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan_diffs import PlanDiffs
from ansible_collections.arkive.k8s.plugins.module_utils._restore.planner import Planner
from ansible_collections.arkive.k8s.plugins.module_utils._restore.pod_hooks import RestoredPodHooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.ready_wait import WorkloadWait
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report import RestoreReport
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.restored_volumes import (
    VOLUME_TYPES,
    RestoredVolume,
    RestoredVolumes,
    lost_claims_error,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.schedule import with_backup
from ansible_collections.arkive.k8s.plugins.module_utils._restore.selection import (
    CLAIMS,
    PODS,
    VOLUMES,
    leave_out_bad,
    select,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.source import BackupSource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.transforms import (
    make_preparer,
    read_version_priorities,
    resolve_order,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.unfit_names import check_names
from ansible_collections.arkive.k8s.plugins.module_utils._restore.vanished_claims import find_vanished
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volume_finalizer import VolumeFinalizer
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import VOLUME_SNAPSHOTS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import (
    default_restore_name,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import CRDS, NAMESPACES


def plan_restore(
    request: RestoreRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> RestoreOutcome:
    """What ``run_restore`` would do, judged by the API server's dry run; writes nothing anywhere.

    Where that would raise because of what is planned, the outcome has the error as its ``refusal``.
    """
    with _planned(request, client, store, progress, cancel) as run:
        refusal = run.find_refusal()
        run.judge(held_back=refusal is None)
        return run.plan_outcome(refusal)


def run_restore(
    request: RestoreRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> RestoreOutcome:
    """Plan and apply.

    Raises ``ArkiveError`` while nothing was changed yet: wrong input, an archive that is corrupt or cannot be read, a
    cluster that does not answer, volumes without data. After the first write everything is in the outcome.
    """
    with _planned(request, client, store, progress, cancel) as run:
        refusal = run.find_refusal()
        if refusal is not None:
            raise refusal
        outcome = run.execute()
        progress(outcome.closing_line)
        return outcome


@contextlib.contextmanager
def _planned(
    request: RestoreRequest, client: KubeClient, store: Store, progress: ProgressSink, cancel: CancelToken | None
) -> t.Iterator[_Run]:
    """A run whose plan is made, as long as its archive is open."""
    request.validate()
    request = with_backup(request, store)
    with (
        rare_collections(),
        BackupSource.open(store, request.spec.backup_name, cancel=cancel) as source,
        EncodedBodies() as bodies,
    ):
        run = _Run(
            request,
            source,
            bodies,
            client=client,
            store=store,
            progress=progress,
            cancel=cancel or client.cancel,
        )
        run.make_plan()
        yield run


class _Run:
    """One restore: everything that its steps share."""

    def __init__(
        self,
        request: RestoreRequest,
        source: BackupSource,
        bodies: EncodedBodies,
        *,
        client: KubeClient,
        store: Store,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self._request = request
        self._source = source
        self._bodies = bodies
        self._client = client
        self._progress = progress
        self._cancel = cancel
        started = utc_now()
        self._name = request.name or default_restore_name(
            request.spec.schedule_name or request.spec.backup_name, started
        )
        self._report = RestoreReport(request, self._name, client=client, store=store, started=started)
        self._issues, self._timings = self._report.issues, self._report.timings
        self._diffs = PlanDiffs(request.max_diffs if request.want_diff else 0)
        self._hooks = RestoredPodHooks(
            client,
            rules=request.spec.hooks,
            recorded=RecordedHooks(self._report.previous.hooks),
            log=self._report.log,
            issues=self._issues,
            progress=progress,
            cancel=cancel,
            longest_wait=request.hook_wait_limit,
            workers=request.workers,
            log_output=request.log_output,
            save=self._report.note_hooks,
        )
        self._plan = RestorePlan()
        self._late_volumes: list[RestoredVolume] = []

    # -- plan ---------------------------------------------------------------------------------------------------------

    def make_plan(self) -> None:
        """Read the archive's index, the API and what is in the cluster; decide on every object."""
        clock = time.monotonic()
        spec, contents = self._request.spec, self._source.contents
        self._report.log.info(f"starting restore {self._name} from backup {spec.backup_name}")
        for warning in self._source.warnings:
            self._issues.warning(warning)
        if not self._request.name:
            self._report.tell_unfinished()
        discovery = Discovery.read(self._client)
        for failed in discovery.failed_groups:
            self._issues.warning(f"The API group {failed}")
        self._api = ApiTypes(discovery)
        for unsupported in spec.unsupported_fields():
            self._issues.warning(unsupported)
        if self._request.all_api_versions and self._source.has_api_versions:
            choose_versions(contents, discovery, read_version_priorities(self._client, discovery, self._request))
        contents.know_types(self._api)
        if self._request.on_bad_member == "skip":
            self._tell_bad_members(leave_out_bad(contents, spec, discovery))
        choice = ObjectChoice(self._request.names, self._request.select)
        self._selection = select(contents, spec, discovery, choice)
        unfit = check_names(self._request, contents, discovery, unused=choice.unused)
        for warning in (*unfit, *self._selection.warnings):
            self._issues.warning(warning)
        if not self._selection.count and not self._selection.namespaces:
            self._issues.warning(f"Nothing in backup '{spec.backup_name}' fits the filters: zero items to be restored.")
        self._live = read_live_state(
            self._client,
            self._api,
            namespaces=self._selection.namespaces,
            with_volumes=bool(self._selection.refs.keys() & {CLAIMS, VOLUMES}),
            workers=self._request.workers,
        )
        self._preparer = make_preparer(
            self._request,
            self._source,
            client=self._client,
            discovery=discovery,
            selection=self._selection,
            live=self._live,
            restore_name=self._name,
        )
        self._planner = Planner(
            self._client,
            self._request,
            restore_name=self._name,
            selection=self._selection,
            preparer=self._preparer,
            live=self._live,
            bodies=self._bodies,
            issues=self._issues,
            diffs=self._diffs,
            cancel=self._cancel,
            order=resolve_order(discovery, self._request),
        )
        types: set[GroupResource] = {*self._selection.refs, NAMESPACES}
        self._plan.waves = self._planner.plan_waves(types, self._api)
        self._timings["plan"] = time.monotonic() - clock
        counts = ", ".join(f"{count} {action}" for action, count in self._plan.counts().items() if count)
        self._progress(f"{PLAN_PREFIX}{counts or 'nothing to restore'}")

    def _tell_bad_members(self, bad: BadMembers) -> None:
        for sentence in bad.sentences:
            self._issues.error(f"{sentence} It was left out.")
        rest = bad.count - len(bad.sentences)
        if rest:
            self._issues.error(f"{rest} more members of the archive are bad and were left out.")

    def find_refusal(self) -> ArkiveError | None:
        """Why the restore must not begin.

        ``ArchiveError`` if an object that would be restored cannot be read, ``RestoreError`` if claims would come back
        without their data and nobody said that they may.
        """
        preflight = self._make_preflight()
        if self._planner.unreadable.count:
            self._volumes = self._report.volumes = RestoredVolumes(self._plan, self._preparer, self._live)
            error: ArkiveError = self._planner.unreadable.error(hint=GO_ON)
            unread = [item for item in self._plan.items if item.action == "conflict" and not item.kind]
            error.details |= self._report.refused(self._plan, unread)
            return error
        preflight.run(self._plan, self._make_judge())
        self._planner.leave_out_snapshots(self._plan.waves)
        self._volumes = self._report.volumes = RestoredVolumes(self._plan, self._preparer, self._live)
        lost = self._planner.claims.lost
        if not lost:
            return None
        error = lost_claims_error(lost, self._request.spec.backup_name)
        error.details |= self._report.refused(self._plan, lost)
        return error

    def judge(self, *, held_back: bool) -> None:
        """Ask the API server about everything that would be written; ``held_back``: and what would wait for claims."""
        clock = time.monotonic()
        self._make_judge().judge(self._plan)
        self._make_preflight().look_at_quotas(self._plan)
        if held_back:
            self._hold_back()
        self._timings["dry_run"] = time.monotonic() - clock

    def _make_preflight(self) -> ClaimPreflight:
        return ClaimPreflight(
            self._client, preparer=self._preparer, live=self._live, api=self._api, rules=self._planner.claims
        )

    def _make_judge(self) -> DryRunJudge:
        return DryRunJudge(
            self._client,
            preparer=self._preparer,
            live=self._live,
            diffs=self._diffs,
            cancel=self._cancel,
            workers=self._request.workers,
            sources=self._selection.namespaces,
        )

    def _hold_back(self) -> None:
        """Keep workloads from mounting, or making, claims that did not come back."""
        lost: dict[str, dict[str, str]] = {}
        for volume in self._volumes.volumes:
            item = volume.item
            if volume.state == "failed" or item.action == "conflict" or item.state == "failed":
                why = item.failure or volume.message or item.why or "it could not be created"
                lost.setdefault(volume.namespace, {})[volume.claim] = why
        if lost:
            hold_back(self._plan, self._preparer, lost, hint=self._resume_hint)

    @property
    def _resume_hint(self) -> str:
        return f"Run the restore again with name: {self._name} to have this done."

    # -- apply --------------------------------------------------------------------------------------------------------

    def execute(self) -> RestoreOutcome:
        """Apply the plan, run the hooks, write the records."""
        waiting = self._pods_with_open_hooks()
        if not self._has_work(waiting):
            self._await_workloads()
            return self._report.untouched(self._plan, self._diffs)
        with self._make_leases() as leases:
            self._leases = leases
            leases.acquire(self._namespaces_to_change())
            self._report.note_start()
            failure = self._apply_plan(waiting)
            if not failure:
                self._finish(self._late_volumes)
                self._await_workloads()
            clock = time.monotonic()
            results = self._hooks.finish()
            if results:
                self._timings["hooks"] = time.monotonic() - clock
        if self._cancel.is_cancelled and not failure:
            failure = f"The run was cancelled: {self._cancel.reason}."
            self._issues.error(failure)
        return self._report.finished(
            self._plan, self._diffs, failure=failure, results=results, hooks=self._hooks.records()
        )

    def _has_work(self, waiting: t.Collection[PlanItem]) -> bool:
        conflicts = any(item.action == "conflict" for item in self._plan.items)
        unfinished = self._report.previous.unfinished or self._volumes.is_open
        return bool(self._plan.changes or waiting or conflicts or unfinished)

    def plan_outcome(self, refusal: ArkiveError | None) -> RestoreOutcome:
        """The outcome of a plan that was not applied, with the errors and in the phase that the run would have."""
        waiting = self._pods_with_open_hooks()
        if refusal is None and self._has_work(waiting):
            refusal = self._make_leases().find_refusal(self._namespaces_to_change())
        changed = self._plan.changes or bool(waiting) or self._volumes.is_open
        return self._report.planned(self._plan, self._diffs, changed=changed, refusal=refusal)

    def _make_leases(self) -> NamespaceLeases:
        return NamespaceLeases(
            self._client,
            resource=self._api.find(LEASES),
            holder=RestoreProcess.current(self._name),
            force=self._request.force,
            workers=self._request.workers,
            issues=self._issues,
            progress=self._progress,
            cancel=self._cancel,
        )

    def _namespaces_to_change(self) -> list[str]:
        """Those that are there; the others get their lease when they are made."""
        changed = {item.namespace for item in self._plan.items if item.intent and item.namespace}
        return sorted(name for name in changed if self._live.namespaces.get(name) in ("present", "unknown"))

    def _apply_plan(self, waiting: t.Sequence[PlanItem]) -> str:
        """Why the run had to be broken off; empty when it went through (with or without errors)."""
        clock = time.monotonic()
        applier = self._make_applier()
        waves = self._plan.waves
        try:
            definitions = [wave for wave in waves if CRDS in wave.group_resources]
            applier.apply(definitions)
            if any(item.state in ("created", "updated") for wave in definitions for item in wave.items):
                self._api = ApiTypes(Discovery.read(self._client))
                self._source.contents.know_types(self._api)
                self._planner.plan_new_types(waves, self._api)
            for item in waiting:
                self._watch_again(item)
            rest = [wave for wave in waves if not any(wave is known for known in definitions)]
            of_volumes = [n for n, wave in enumerate(rest, 1) if not VOLUME_TYPES.isdisjoint(wave.group_resources)]
            last = max(of_volumes, default=0)
            applier.apply(rest[:last])
            self._await_volumes_at_once()
            self._tell_vanished()
            self._hold_back()
            applier.apply(rest[last:])
        except Cancelled as exc:
            self._issues.error(exc.message)
            return exc.message
        except ArkiveError as exc:
            self._issues.error(exc.message, hint=exc.hint or "")
            return exc.message
        finally:
            self._timings["apply"] = time.monotonic() - clock
        return ""

    def _await_volumes_at_once(self) -> None:
        """Volumes that need no pod: whether they come is known before anything is made that uses them."""
        left = self._volumes.note_applied(unfinished=self._report.previous.unfinished)
        csi = self._preparer.volumes.csi
        at_once = [
            volume
            for volume in left
            if volume.source is not None and volume.item.ref is not None and csi is not None
            if volume.source.restored_name in self._volumes.unmade
            or csi.target.binds_at_once(self._preparer.prepare(volume.item.ref).body)
        ]
        self._late_volumes = [volume for volume in left if not any(volume is each for each in at_once)]
        self._finish(at_once)

    def _tell_vanished(self) -> None:
        """The plan may be old by now, and what is written next would make up for a claim that is gone."""
        for volume, why in find_vanished(self._client, self._api.find(CLAIMS), self._volumes.volumes, self._live):
            volume.state, volume.message = "failed", why
            self._issues.error(
                f"PersistentVolumeClaim {volume.namespace}/{volume.claim} does not come back: {why}",
                resource=str(CLAIMS),
                namespace=volume.namespace,
                name=volume.claim,
                hint=self._resume_hint,
            )

    def _finish(self, volumes: t.Sequence[RestoredVolume]) -> None:
        """What is left to do for the volumes of claims."""
        csi = self._preparer.volumes.csi
        if not volumes or csi is None:
            return
        clock = time.monotonic()
        finalizer = VolumeFinalizer(
            self._client,
            api=self._api,
            target=csi.target,
            timeout=self._request.resource_timeout,
            resume_hint=self._resume_hint,
            issues=self._issues,
            progress=self._progress,
            cancel=self._cancel,
        )
        changed = finalizer.run(volumes, unmade=self._volumes.unmade)
        self._report.changed_volumes = self._report.changed_volumes or changed
        self._timings["volumes"] = self._timings.get("volumes", 0.0) + time.monotonic() - clock

    def _await_workloads(self) -> None:
        """Those that this restore made, now or in an earlier run; hooks go on meanwhile."""
        if self._request.wait_timeout is None:
            return
        clock = time.monotonic()
        made = [item for item in self._plan.items if item.made_before or item.state in ("created", "updated")]
        wait = WorkloadWait(
            self._client,
            timeout=self._request.wait_timeout,
            had_controller=lambda item: item.ref is not None and self._preparer.prepare(item.ref).owner is not None,
            issues=self._issues,
            progress=self._progress,
            cancel=self._cancel,
            workers=self._request.workers,
        )
        self._report.workloads = wait.run(made)
        self._timings["wait"] = time.monotonic() - clock

    def _make_applier(self) -> Applier:
        namespaces = NamespaceMaker(
            self._client,
            preparer=self._preparer,
            live=self._live,
            leases=self._leases,
            sources=self._selection.namespaces,
            accounts=self._api.find(GroupResource("serviceaccounts")),
            snapshots=self._api.find(VOLUME_SNAPSHOTS),
            terminating_timeout=self._request.terminating_timeout,
            issues=self._issues,
            progress=self._progress,
            cancel=self._cancel,
        )
        return Applier(
            self._client,
            self._request,
            restore_name=self._name,
            preparer=self._preparer,
            bodies=self._bodies,
            planner=self._planner,
            namespaces=namespaces,
            issues=self._issues,
            progress=self._progress,
            cancel=self._cancel,
            on_created=self._follow_pod,
        )

    def _pods_with_open_hooks(self) -> list[PlanItem]:
        """Pods that an earlier run of this restore made and whose hooks have no recorded result."""
        return [
            item
            for item in self._plan.items
            if item.group_resource == PODS and item.made_before and item.ref is not None
            if self._hooks.open_hooks(self._preparer.prepare(item.ref).body)
        ]

    def _watch_again(self, item: PlanItem) -> None:
        pod = get_object(self._client, item.resource, item.name, item.namespace) if item.resource else None
        if pod is not None:
            self._watch_hooks(item, pod)

    def _follow_pod(self, item: PlanItem, live: dict[str, t.Any]) -> None:
        """``live`` as the server has made it."""
        if item.group_resource == PODS:
            claims = EphemeralClaims(self._client, self._api.find(CLAIMS), restore_name=self._name, issues=self._issues)
            claims.adopt(live)
        self._watch_hooks(item, live)

    def _watch_hooks(self, item: PlanItem, live: dict[str, t.Any]) -> None:
        """``live`` as the server returned it."""
        ref = item.ref
        if item.group_resource == PODS and item.resource is not None and ref is not None:
            self._hooks.watch(item.resource, live, stored_owner=lambda: self._preparer.prepare(ref).owner)


__all__ = ("plan_restore", "run_restore")
