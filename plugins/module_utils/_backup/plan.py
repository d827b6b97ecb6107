# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say what a backup would do: counts for each type, the hooks that would run. Nothing is executed or written."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_hooks import BackupHookRunner
from ansible_collections.arkive.k8s.plugins.module_utils._backup.existing import find_existing
from ansible_collections.arkive.k8s.plugins.module_utils._backup.failures import failures_with_outcome
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.resolve import resolve_request
from ansible_collections.arkive.k8s.plugins.module_utils._backup.run import BackupRun, Collected, RunSpools
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import backup_job, volume_context
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.interrupted import end_interrupted
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.leftovers import clear_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.around import AroundOperation
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLockHeld, read_write_lock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import backup_volumes, make_providers


def plan_backup(
    request: BackupRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> BackupOutcome:
    """What ``run_backup`` would do. ``items`` are counts of what would be stored, ``planned_hooks`` what would run.

    The steps are those of the run itself; only the tarball is none, and the hooks are not executed.
    """
    run = ClusterRun(client=client, progress=progress, cancel=cancel or CancelToken())
    planning = _Planning(run, request, Catalog(store))
    with failures_with_outcome(request, planning.outcome):
        planning.run()
    return planning.outcome()


class _Planning:
    """``outcome`` has what is known so far."""

    def __init__(self, run: ClusterRun, request: BackupRequest, catalog: Catalog) -> None:
        self._run = run
        self._request = request
        self._catalog = catalog
        self._location = catalog.store.location.describe
        self._timings = Timings()
        self._existing: BackupOutcome | None = None
        self._steps: BackupRun | None = None
        self._around = AroundOperation(request.execution_hooks, request.hook_settings, exports=True)
        self._is_whole = False

    def outcome(self) -> BackupOutcome:
        issues, timings = self._run.issues, self._timings.to_dict()
        if self._existing is not None:
            return dataclasses.replace(self._existing, issues=issues, timings=timings)
        collected = self._steps.collected if self._steps is not None else Collected()
        phase = "PartiallyFailed" if issues.errors else "New"
        return BackupOutcome(
            changed=self._is_whole,
            items=collected.items if self._is_whole else {},
            planned_hooks=collected.planned_hooks,
            quiesces=collected.quiesces,
            execution_hooks=self._around.ran,
            swept=collected.swept,
            volumes=collected.volumes,
            issues=issues,
            timings=timings,
            location=self._location,
            foreseen_phase=phase if self._is_whole else "",
        )

    def run(self) -> None:
        request, catalog, issues = self._request, self._catalog, self._run.issues
        request.validate()
        catalog.store.check(write=False)
        refuse_write(catalog.store.location)
        catalog.validate()
        self._existing = find_existing(catalog, request, location=self._location)
        if self._existing is not None:
            found = self._existing.issues
            issues.extend(warnings=found.warnings, errors=found.errors)
            holder, _warnings = end_interrupted(catalog, request.name, dry_run=True)
            if holder is not None:
                issues.warning(f"The backup was stored by {holder.who}, which did not end as it should.")
            return
        catalog.store.check(write=True, touch=False)
        self._foresee_lock()
        issues.add_warnings(clear_leftovers(catalog, request.name, dry_run=True))
        try:
            with Spool(f"the plan of backup '{request.name}'") as held_file:
                self._go_through(held_file)
        finally:
            self._timings.count("api_requests", self._run.client.requests_made)
        self._is_whole = True

    def _go_through(self, held_file: Spool) -> None:
        run, request = self._run, self._request
        own_hooks = BackupHookRunner(run, request.backup_hooks, request.hook_policy)
        providers = make_providers(volume_context(run, request, self._catalog.store))
        job = backup_job(request, run_id="", location=self._location)
        resolved = resolve_request(request, run)
        volumes = backup_volumes(providers, job, resolved.discovery)
        self._steps = BackupRun(
            request,
            resolved,
            run,
            writer=_NoTarball(),
            spools=RunSpools(held_file),
            snapshots=VolumeSnapshots(run, request, volumes),
        )
        self._around.plan(run, resolved.list_plan.namespaces.accepted)
        own_hooks.foresee()
        for _step, action in self._steps.steps(dry_run=True):
            action()
            run.cancel.check()

    def _foresee_lock(self) -> None:
        """Raise ``WriteLockHeld`` while another run makes a backup of that name; what it has left is only a warning."""
        name, issues = self._request.name, self._run.issues
        key = BackupKeys(name).write_lock
        holder = read_write_lock(self._catalog.store, key)
        if holder is None:
            return
        if not is_over(self._catalog, name, holder):
            if not holder.commits:
                raise WriteLockHeld(key, holder)
            issues.warning(
                f"{holder.who} was about to store this backup: the run would wait until it has, or has ended."
            )
        elif not self._catalog.exists(name):
            issues.warning(
                f"This backup was begun by {holder.who}, which had not finished it: its files would be removed."
            )


class _NoTarball:
    """Takes objects and keeps nothing: the sink counts them."""

    def add_items(
        self, gr: GroupResource, items: t.Iterable[tuple[dict[str, t.Any], bytes | None]], *, preferred_version: str
    ) -> None:
        """Nothing is stored by a plan."""


__all__ = ("plan_backup",)
