# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Make a backup: claim its name, run it, publish its files with the commit point last."""

from __future__ import annotations

import contextlib
import gzip
import secrets
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import BackupFiles
from ansible_collections.arkive.k8s.plugins.module_utils._archive.item_digests import ItemDigests
from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.existing import outcome_of_existing
from ansible_collections.arkive.k8s.plugins.module_utils._backup.issues import list_issues
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.run import BackupRun
from ansible_collections.arkive.k8s.plugins.module_utils._backup.selection import select
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import hook_status
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._store.claims import Claim
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import (
    DEFAULT_NAMESPACE,
    BackupTally,
    build_backup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

#: Written into each backup: who made it.
TOOL = "arkive.k8s"


def run_backup(
    request: BackupRequest,
    *,
    client: KubeClient,
    store: Store,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> BackupOutcome:
    """Make the backup, or find that it is there. Raises ``ArkiveError``; its ``details`` then hold what had happened.

    Nothing is in the store after an error, and nothing is frozen.
    """
    token = cancel or CancelToken()
    outcome = BackupOutcome(location=store.location.describe)
    try:
        _run(request, client, store, outcome, progress, token)
    except ArkiveError as exc:
        exc.details.update(outcome.to_return(default_on_error=request.hook_on_error_default))
        raise
    return outcome


def _run(
    request: BackupRequest,
    client: KubeClient,
    store: Store,
    outcome: BackupOutcome,
    progress: ProgressSink,
    cancel: CancelToken,
) -> None:
    request.spec.validate(request.name)
    with _timed(outcome, "check_location"):
        store.check(write=True)
        repository = BackupRepository(store)
        repository.validate()
    if outcome_of_existing(repository, request, outcome):
        return
    run_id = secrets.token_hex(8)
    keys = BackupKeys(request.name)
    with Claim.acquire(store, keys.claim, run_id=run_id) as claim:
        # Somebody may have finished this name while we waited for the claim.
        if outcome_of_existing(repository, request, outcome):
            return
        with (
            Spool(f"the log of backup '{request.name}'") as log_file,
            Spool(f"the tarball of backup '{request.name}'") as tar_file,
            Spool(f"the digests of backup '{request.name}'") as digest_file,
            TarballWriter(tar_file, digests=ItemDigests(digest_file)) as writer,
        ):
            maker = _Maker(request, client, repository, outcome, progress, cancel, run_id)
            files = maker.make(log_file, tar_file, digest_file, writer)
            maker.publish(files, claim)


class _Maker:
    """Makes the files of one backup, and publishes them."""

    def __init__(
        self,
        request: BackupRequest,
        client: KubeClient,
        repository: BackupRepository,
        outcome: BackupOutcome,
        progress: ProgressSink,
        cancel: CancelToken,
        run_id: str,
    ) -> None:
        self._request = request
        self._client = client
        self._repository = repository
        self._outcome = outcome
        self._progress = progress
        self._cancel = cancel
        self._run_id = run_id

    def make(self, log_file: Spool, tar_file: Spool, digest_file: Spool, writer: TarballWriter) -> BackupFiles:
        """Run the backup into the spools. What happened is in the outcome, also when this raises."""
        request, outcome, client = self._request, self._outcome, self._client
        started = utc_now()
        compressed = gzip.GzipFile(fileobj=t.cast("t.Any", log_file), mode="wb")
        log = RunLog(compressed, backup=f"{DEFAULT_NAMESPACE}/{request.name}")
        try:
            with _timed(outcome, "discovery"):
                version = client.version()
                discovery = Discovery.read(client)
                selection = select(client, discovery, request.spec)
            for group in discovery.failed_groups:
                log.warning(f"Unable to discover API group {group}")
            for name in selection.missing_namespaces:
                log.error("An included namespace does not exist", name=name, namespace=name, resource="namespaces")
            run = BackupRun(
                request,
                client=client,
                discovery=discovery,
                selection=selection,
                writer=writer,
                log=log,
                outcome=outcome,
                run_id=self._run_id,
                progress=self._progress,
                cancel=self._cancel,
            )
            for step, action in run.steps():
                with _timed(outcome, step):
                    action()
                self._cancel.check()
            tarball = writer.close()
        finally:
            outcome.warnings_list, outcome.errors_list = list_issues(log, "warning"), list_issues(log, "error")
            outcome.timings["api_requests"] = client.requests_made
        outcome.items = dict(run.sink.counts)
        log.info(f"Backed up a total of {run.sink.total} items")
        compressed.close()
        tally = BackupTally(
            warnings=log.warnings, errors=log.errors, items=run.sink.total, hook_status=hook_status(outcome.hooks)
        )
        on_error = request.hook_on_error_default
        return BackupFiles(
            metadata=build_backup(
                request.name,
                request.spec,
                started=started,
                completed=utc_now(),
                tally=tally,
                cluster_version=version,
            ),
            tarball=tar_file.rewind(),
            tarball_summary=tarball,
            logs=log_file.rewind(),
            digests=digest_file.rewind(),
            results=log.results(),
            resource_list=run.sink.resource_list(),
            volumeinfo=outcome.volumes,
            record=ArkiveRecord(
                run_id=self._run_id,
                tool=TOOL,
                hooks=[hook.to_return(default_on_error=on_error, with_output=False) for hook in outcome.hooks],
                freezes=[freeze.to_return() for freeze in outcome.freezes],
                lists=run.collector.lists,
                items=outcome.items,
                timings=outcome.timings,
            ),
        )

    def publish(self, files: BackupFiles, claim: Claim) -> None:
        """Write the files, the commit point last. A lost claim is an error, and leaves nothing."""
        outcome, name = self._outcome, self._request.name
        self._progress(f"writing {outcome.location}/{BackupKeys(name).directory}")
        with _timed(outcome, "publish"):
            if self._request.replace_failed:
                # Not before the new one is ready: a failed backup is better than none.
                self._repository.delete(name, keep_claim=True)
            self._repository.publish(files, claim=claim)
        outcome.backup = dict(files.metadata)
        outcome.changed = True
        counts = outcome.backup["status"]
        self._progress(f"{counts['phase']}: {counts.get('errors', 0)} errors, {counts.get('warnings', 0)} warnings")


@contextlib.contextmanager
def _timed(outcome: BackupOutcome, step: str) -> t.Iterator[None]:
    start = time.monotonic()
    try:
        yield
    finally:
        outcome.timings[step] = outcome.timings.get(step, 0.0) + time.monotonic() - start


__all__ = ("run_backup",)
