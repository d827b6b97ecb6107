# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Say what a backup would do: counts for each type, the hooks that would run. Nothing is executed or written."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_hooks import BackupHookRunner
from ansible_collections.arkive.k8s.plugins.module_utils._backup.existing import outcome_of_existing
from ansible_collections.arkive.k8s.plugins.module_utils._backup.failures import failures_told
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.resolve import resolve_request
from ansible_collections.arkive.k8s.plugins.module_utils._backup.run import BackupRun
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import backup_job
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.interrupted import end_interrupted
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.leftovers import clear_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_claim import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.claims import ClaimHeld, read_claim
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers


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
    token = cancel or CancelToken()
    outcome = BackupOutcome(location=store.location.describe)
    with failures_told(request, outcome):
        request.validate()
        store.check(write=False)
        refuse_write(store.location)
        catalog = Catalog(store)
        catalog.validate()
        if outcome_of_existing(catalog, request, outcome):
            holder, _warnings = end_interrupted(catalog, request.name, dry_run=True)
            if holder is not None:
                outcome.warn(f"The backup was stored by {holder.who}, which did not end as it should.")
            return outcome
        store.check(write=True, touch=False)
        _foresee_claim(catalog, request.name, outcome)
        outcome.warn(*clear_leftovers(catalog, request.name, dry_run=True))
        issues = Issues()
        own_hooks = BackupHookRunner(
            client, request.backup_hooks, issues=issues, default_on_error=request.hook_on_error_default, cancel=token
        )
        providers = make_providers(
            VolumeContext(connect=lambda: client, location=request.snapshot_location, cancel=token)
        )
        job = backup_job(request, run_id="", location=outcome.location)
        try:
            with Spool(f"the plan of backup '{request.name}'") as held_file:
                resolved = resolve_request(request, client, issues)
                volumes = {provider.name: provider.for_backup(job, resolved.discovery) for provider in providers}
                run = BackupRun(
                    request,
                    resolved,
                    client=client,
                    writer=_NoTarball(),
                    held_file=held_file,
                    issues=issues,
                    outcome=outcome,
                    progress=progress,
                    cancel=token,
                    snapshots=VolumeSnapshots(request, volumes, issues=issues, progress=progress),
                )
                own_hooks.foresee()
                for _step, action in run.steps(dry_run=True):
                    action()
                    token.check()
        finally:
            outcome.issues.extend(warnings=issues.warnings, errors=issues.errors)
            outcome.timings["api_requests"] = client.requests_made
        outcome.items = run.sink.item_counts()
        outcome.changed = True
        outcome.foreseen_phase = "PartiallyFailed" if outcome.issues.errors else "New"
    return outcome


def _foresee_claim(catalog: Catalog, name: str, outcome: BackupOutcome) -> None:
    """Raise ``ClaimHeld`` while another run makes a backup of that name; what it has left is only told."""
    key = BackupKeys(name).claim
    holder = read_claim(catalog.store, key)
    if holder is None:
        return
    if not is_over(catalog, name, holder):
        if not holder.commits:
            raise ClaimHeld(key, holder)
        outcome.warn(f"{holder.who} was about to store this backup: the run would wait until it has, or has ended.")
    elif not catalog.exists(name):
        outcome.warn(f"This backup was begun by {holder.who}, which had not finished it: its files would be removed.")


class _NoTarball:
    """Takes objects and keeps nothing: the sink counts them."""

    def add_items(
        self, gr: GroupResource, items: t.Iterable[tuple[dict[str, t.Any], bytes | None]], *, preferred_version: str
    ) -> None:
        """Nothing is stored by a plan."""


__all__ = ("plan_backup",)
