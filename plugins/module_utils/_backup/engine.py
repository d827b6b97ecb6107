# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One backup from the first look at its location to the release of its name."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.early_look import sweep_early
from ansible_collections.arkive.k8s.plugins.module_utils._backup.existing import find_existing
from ansible_collections.arkive.k8s.plugins.module_utils._backup.failures import failures_with_outcome
from ansible_collections.arkive.k8s.plugins.module_utils._backup.making import BackupMaker
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import backup_job, volume_context
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.interrupted import end_interrupted
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.leftovers import clear_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import lock_name
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers


def run_backup(
    request: BackupRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> BackupOutcome:
    """Make the backup, or find that it is there. Raises ``ArkiveError``; its ``details`` then hold what had happened.

    Nothing is in the store after an error, and nothing is frozen; unless it is ``CommitUnknown``: then the backup may
    be stored, and all that it names is there. Once it is stored nothing is an error any more.
    """
    run = ClusterRun(client=client, progress=progress, cancel=cancel or CancelToken(), run_id=secrets.token_hex(8))
    engine = _Engine(run, request, Catalog(store))
    with failures_with_outcome(request, engine.outcome):
        engine.run()
    return engine.outcome()


class _Engine:
    """Knows how far the run has got: ``outcome`` has it, however the run ends."""

    def __init__(self, run: ClusterRun, request: BackupRequest, catalog: Catalog) -> None:
        self._run = run
        self._request = request
        self._catalog = catalog
        self._store = catalog.store
        self._location = catalog.store.location.describe
        self._timings = Timings()
        self._swept: list[dict[str, t.Any]] = []
        self._existing: BackupOutcome | None = None
        self._maker: BackupMaker | None = None

    def outcome(self) -> BackupOutcome:
        """What has become of the backup so far."""
        outcome = self._existing or BackupOutcome(location=self._location)
        outcome = dataclasses.replace(
            outcome, issues=self._run.issues, swept=self._swept, timings=self._timings.to_dict()
        )
        return self._maker.outcome(outcome) if self._maker is not None else outcome

    def run(self) -> None:
        request, run = self._request, self._run
        request.validate()
        with self._timings.measure("check_location"), self._sweeping_where_the_store_fails():
            self._store.check(write=False)
            refuse_write(self._store.location)
            self._catalog.validate()
        if self._find_existing():
            self._end_interrupted()
            return
        with self._sweeping_where_the_store_fails():
            # Not before: what is stored already needs no right to write.
            self._store.check(write=True)
            lock = lock_name(self._catalog, request.name, run_id=run.run_id, cancel=run.cancel, progress=run.progress)
        try:
            # Somebody may have finished this name while we waited for the lock.
            if not self._find_existing():
                self._make(lock)
        finally:
            lock.release()
            run.issues.add_warnings(filter(None, [lock.left_behind]))

    @contextlib.contextmanager
    def _sweeping_where_the_store_fails(self) -> t.Iterator[None]:
        """Where the store ends the block: thaw what dead runs left frozen, and name what is still held."""
        try:
            yield
        except StoreError:
            if not self._request.objects_only:
                self._swept += sweep_early(self._run, self._request)
            raise

    def _find_existing(self) -> bool:
        self._existing = find_existing(self._catalog, self._request, location=self._location)
        if self._existing is None:
            return False
        found = self._existing.issues
        self._run.issues.extend(warnings=found.warnings, errors=found.errors)
        return True

    def _make(self, lock: WriteLock) -> None:
        issues, name = self._run.issues, self._request.name
        issues.add_warnings(clear_leftovers(self._catalog, name))
        self._maker = maker = BackupMaker(self._run, self._request, self._catalog, self._timings)
        before = lock.took_over
        if before is not None and not self._catalog.exists(name):
            maker.clear_interrupted(before)
        with maker.ending_hooks():
            maker.make_and_publish(lock, ended_run=before.run if before is not None and before.is_gone else "")

    def _end_interrupted(self) -> None:
        """The backup is stored, but its run was not there to the end: what it had still to do is done now."""
        request, issues = self._request, self._run.issues
        holder, left = end_interrupted(self._catalog, request.name)
        if holder is None:
            return
        issues.add_warnings([*left, f"The backup was stored by {holder.who}, which did not end as it should."])
        volumes = self._existing.volumes if self._existing is not None else []
        namespaces = sorted({str(volume.get("pvcNamespace", "")) for volume in volumes} - {""})
        if not namespaces:
            return
        job = backup_job(request, run_id="", location=self._location)
        context = volume_context(self._run, request, self._store)
        try:
            for provider in make_providers(context):
                issues.add_warnings(provider.end_backup(job, namespaces))
        except ArkiveError as exc:
            issues.warning(f"Whether that run left VolumeSnapshot objects in the cluster is unknown: {exc.sentence}")


__all__ = ("run_backup",)
