# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Make one backup: claim its name, collect into spools, publish, the commit point last."""

from __future__ import annotations

import contextlib
import gzip
import secrets
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import BackupFiles
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import CommitUnknown
from ansible_collections.arkive.k8s.plugins.module_utils._archive.item_digests import ItemDigests
from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_hooks import BackupHookRunner
from ansible_collections.arkive.k8s.plugins.module_utils._backup.early_look import freezes_told
from ansible_collections.arkive.k8s.plugins.module_utils._backup.existing import outcome_of_existing
from ansible_collections.arkive.k8s.plugins.module_utils._backup.failures import failures_told
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.resolve import Resolved, resolve_request
from ansible_collections.arkive.k8s.plugins.module_utils._backup.run import BackupRun
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import backup_job
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.interrupted import end_interrupted
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.leftovers import clear_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_claim import acquire_name
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.old_backup import remove_old
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import hook_status
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.claims import Claim, ClaimRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import BackupTally, build_backup
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.results_file import backup_results
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

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

    Nothing is in the store after an error, and nothing is frozen; unless it is ``CommitUnknown``: then the backup may
    be stored, and all that it names is there. Once it is stored nothing is an error any more.
    """
    outcome = BackupOutcome(location=store.location.describe)
    with failures_told(request, outcome):
        _run(request, client, store, outcome, progress, cancel or CancelToken())
    return outcome


def _run(
    request: BackupRequest,
    client: KubeClient,
    store: Store,
    outcome: BackupOutcome,
    progress: ProgressSink,
    cancel: CancelToken,
) -> None:
    request.validate()
    catalog = Catalog(store)
    with _timed(outcome, "check_location"), freezes_told(client, request, outcome):
        store.check(write=False)
        refuse_write(store.location)
        catalog.validate()
    if outcome_of_existing(catalog, request, outcome):
        _end_interrupted(catalog, request, client, outcome)
        return
    run_id = secrets.token_hex(8)
    with freezes_told(client, request, outcome):
        # Not before: what is stored already needs no right to write.
        store.check(write=True)
        claim = acquire_name(catalog, request.name, run_id=run_id, cancel=cancel, progress=progress)
    try:
        # Somebody may have finished this name while we waited for the claim.
        if outcome_of_existing(catalog, request, outcome):
            return
        outcome.warn(*clear_leftovers(catalog, request.name))
        maker = _Maker(request, client, catalog, outcome, progress, cancel, run_id)
        if claim.took_over is not None and claim.took_over.is_gone:
            maker.ended_run = claim.took_over.run
        if claim.took_over is not None and not catalog.exists(request.name):
            maker.clear_interrupted(claim.took_over)
        with maker.ending_hooks():
            maker.make_and_publish(claim)
    finally:
        claim.release()
        outcome.warn(*filter(None, [claim.left_behind]))


def _end_interrupted(catalog: Catalog, request: BackupRequest, client: KubeClient, outcome: BackupOutcome) -> None:
    """The backup is stored, but its run was not there to the end: what it had still to do is done now."""
    holder, left = end_interrupted(catalog, request.name)
    if holder is None:
        return
    outcome.warn(*left, f"The backup was stored by {holder.who}, which did not end as it should.")
    namespaces = sorted({str(volume.get("pvcNamespace", "")) for volume in outcome.volumes} - {""})
    if not namespaces:
        return
    job = backup_job(request, run_id="", location=outcome.location)
    try:
        for provider in make_providers(VolumeContext(connect=lambda: client, location=request.snapshot_location)):
            outcome.warn(*provider.end_backup(job, namespaces))
    except ArkiveError as exc:
        outcome.warn(f"Whether that run left VolumeSnapshot objects in the cluster is unknown: {exc.sentence}")


class _Spools:
    """Where the files of one backup grow."""

    def __init__(self, name: str, stack: contextlib.ExitStack) -> None:
        self.log = stack.enter_context(Spool(f"the log of backup '{name}'"))
        self.tarball = stack.enter_context(Spool(f"the tarball of backup '{name}'"))
        self.digests = stack.enter_context(Spool(f"the digests of backup '{name}'"))
        self.held = stack.enter_context(Spool(f"the pods of backup '{name}'"))


class _Maker:
    """Makes the files of one backup, and publishes them."""

    def __init__(
        self,
        request: BackupRequest,
        client: KubeClient,
        catalog: Catalog,
        outcome: BackupOutcome,
        progress: ProgressSink,
        cancel: CancelToken,
        run_id: str,
    ) -> None:
        self._request = request
        self._client = client
        self._catalog = catalog
        self._outcome = outcome
        self._progress = progress
        self._cancel = cancel
        self._run_id = run_id
        #: By the time these run the log is stored, so they have one of their own. Made now, to refuse bad ones early.
        self._ending_issues = Issues()
        self._ending_hooks = self._hook_runner(self._ending_issues)
        self._providers = make_providers(
            VolumeContext(connect=lambda: client, location=request.snapshot_location, cancel=cancel)
        )
        self._snapshots: VolumeSnapshots | None = None
        #: The run of this name before, if it is known to be gone.
        self.ended_run = ""

    @contextlib.contextmanager
    def ending_hooks(self) -> t.Iterator[None]:
        """Run the backup's own ``on_success`` or ``on_failure`` hooks when the block has ended."""
        try:
            yield
        finally:
            completed = self._outcome.is_stored and self._outcome.phase == "Completed"
            self._beside(lambda: self._run_ending("on_success" if completed else "on_failure"))

    def make_and_publish(self, claim: Claim) -> None:
        """Collect everything, then write it. What happened is in the outcome, also when this raises."""
        with contextlib.ExitStack() as stack:
            spools = _Spools(self._request.name, stack)
            writer = stack.enter_context(TarballWriter(spools.tarball, digests=ItemDigests(spools.digests)))
            try:
                self._publish(self._make(spools, writer), claim)
            except BaseException:
                if not self._outcome.may_be_stored:
                    self._with_snapshots(VolumeSnapshots.abandon)
                raise
            finally:
                if self._outcome.is_stored:
                    self._with_snapshots(VolumeSnapshots.release)
                self._with_snapshots(VolumeSnapshots.close)

    def _with_snapshots(self, act: t.Callable[[VolumeSnapshots], list[str] | None]) -> None:
        """An end of the snapshots: it hides no earlier error, and does not undo what is stored."""
        snapshots = self._snapshots
        if snapshots is not None:
            self._beside(lambda: self._outcome.warn(*(act(snapshots) or ())))

    def _beside(self, act: t.Callable[[], None]) -> None:
        """Do what changes nothing any more in how the run has ended: what goes wrong is a warning, whatever it is."""
        try:
            act()
        except Exception as exc:
            said = exc.sentence if isinstance(exc, ArkiveError) else f"{type(exc).__name__}: {exc}"
            self._outcome.warn(f"After the backup had ended, something was left undone: {said}")

    def _make(self, spools: _Spools, writer: TarballWriter) -> BackupFiles:
        request, outcome, client = self._request, self._outcome, self._client
        started = utc_now()
        compressed = gzip.GzipFile(fileobj=t.cast("t.Any", spools.log), mode="wb")
        log = RunLog(t.cast("t.Any", compressed), backup=f"{request.namespace}/{request.name}")
        issues = Issues(log.write)
        try:
            with _timed(outcome, "discovery"):
                resolved = resolve_request(request, client, issues)
            run = self._collect(resolved, spools, writer, issues)
            tarball = writer.close()
        finally:
            outcome.issues.extend(warnings=issues.warnings, errors=issues.errors)
            outcome.timings["api_requests"] = client.requests_made
        outcome.items = run.sink.item_counts()
        issues.info(f"Backed up a total of {run.sink.stored} items")
        compressed.close()
        tally = BackupTally(
            warnings=len(issues.warnings),
            errors=len(issues.errors),
            items=run.sink.total,
            hook_status=hook_status(outcome.hooks),
            snapshots=run.snapshots.counts(),
        )
        metadata = build_backup(
            request.name,
            request.spec,
            started=started,
            completed=utc_now(),
            tally=tally,
            cluster_version=resolved.version,
            namespace=request.namespace,
            labels=request.labels,
            annotations=request.annotations,
            excluded_by_label=resolved.selection.namespaces.excluded_by_label,
        )
        return BackupFiles(
            metadata=metadata,
            tarball=spools.tarball.rewind(),
            tarball_summary=tarball,
            logs=spools.log.rewind(),
            digests=spools.digests.rewind(),
            results=backup_results(issues),
            resource_list=run.sink.resource_list(),
            volumeinfo=outcome.volumes,
            volumesnapshots=run.snapshots.records(metadata["metadata"]["uid"]),
            record=self._record(run),
        )

    def _collect(self, resolved: Resolved, spools: _Spools, writer: TarballWriter, issues: Issues) -> BackupRun:
        """All steps, between the backup's own pre and post hooks."""
        job = backup_job(self._request, run_id=self._run_id, location=self._outcome.location)
        self._snapshots = snapshots = VolumeSnapshots(
            self._request,
            {provider.name: provider.for_backup(job, resolved.discovery) for provider in self._providers},
            issues=issues,
            progress=self._progress,
            sweeps=not self._catalog.store.exists(BackupKeys(self._request.name).metadata),
        )
        run = BackupRun(
            self._request,
            resolved,
            client=self._client,
            writer=writer,
            held_file=spools.held,
            issues=issues,
            outcome=self._outcome,
            run_id=self._run_id,
            ended_run=self.ended_run,
            progress=self._progress,
            cancel=self._cancel,
            snapshots=snapshots,
        )
        hooks = self._hook_runner(issues)
        try:
            hooks.run("pre")
            for step, action in run.steps():
                with _timed(self._outcome, step):
                    action()
                self._cancel.check()
        finally:
            try:
                hooks.run("post")
            finally:
                self._outcome.backup_hooks += hooks.results
        return run

    def _hook_runner(self, issues: Issues) -> BackupHookRunner:
        request = self._request
        return BackupHookRunner(
            self._client,
            request.backup_hooks,
            issues=issues,
            default_on_error=request.hook_on_error_default,
            cancel=self._cancel,
            log_output=request.log_output,
        )

    def clear_interrupted(self, holder: ClaimRecord) -> None:
        """What a run of this name has left that did not commit, and whose claim was taken over."""
        if self._remove_old("interrupted"):
            self._outcome.warn(f"This backup was begun by {holder.who}, which had not finished it: its files are gone.")

    def _replace_failed(self) -> None:
        """Not before the new one is ready: a failed backup is better than none."""
        name = self._request.name
        was_there = self._catalog.exists(name)
        try:
            self._remove_old("replaced")
        except StoreError:
            self._outcome.replaced = was_there and not self._is_surely_there(name)
            raise
        self._outcome.replaced = was_there

    def _is_surely_there(self, name: str) -> bool:
        with contextlib.suppress(StoreError):
            return self._catalog.exists(name)
        return False

    def _remove_old(self, what: t.Literal["replaced", "interrupted"]) -> bool:
        return remove_old(self._catalog, self._request.name, what, providers=self._providers, warn=self._outcome.warn)

    def _run_ending(self, when: t.Literal["on_success", "on_failure"]) -> None:
        """What these hooks meet is told by the outcome alone: it changes nothing in what is stored."""
        self._outcome.backup_hooks += self._ending_hooks.run(when)
        told = self._ending_issues
        self._outcome.issues.extend(warnings=[*told.warnings, *told.errors])

    def _record(self, run: BackupRun) -> ArkiveRecord:
        outcome, on_error = self._outcome, self._request.hook_on_error_default
        return ArkiveRecord(
            run_id=self._run_id,
            tool=TOOL,
            hooks=[hook.to_return(default_on_error=on_error, with_output=False) for hook in outcome.all_hooks],
            freezes=[freeze.to_return() for freeze in outcome.freezes],
            lists=run.collector.lists,
            items=outcome.items,
            timings=outcome.timings,
        )

    def _publish(self, files: BackupFiles, claim: Claim) -> None:
        """Write the files, the commit point last. A lost claim before it is an error, and leaves nothing to be seen."""
        outcome, name = self._outcome, self._request.name
        self._progress(f"writing {outcome.location}/{BackupKeys(name).directory}")
        with _timed(outcome, "publish"):
            self._cancel.check()
            if self._request.replace_failed:
                self._replace_failed()
            try:
                BackupWriter(self._catalog.store).publish(files, claim=claim, cancel=self._cancel, warn=outcome.warn)
            except CommitUnknown as exc:
                outcome.end_unknown(files.metadata, exc.details["commit_point"])
                # Nobody shall work on the name before that run's write can have come to nothing.
                claim.leave()
                raise
        outcome.end_stored(files.metadata)
        counts = files.metadata["status"]
        numbers = [
            counted(sum(outcome.items.values()), "item"),
            counted(counts.get("errors", 0), "error"),
            counted(counts.get("warnings", 0), "warning"),
        ]
        self._beside(lambda: self._progress(f"{counts['phase']}: {', '.join(numbers)}"))


@contextlib.contextmanager
def _timed(outcome: BackupOutcome, step: str) -> t.Iterator[None]:
    start = time.monotonic()
    try:
        yield
    finally:
        outcome.timings[step] = outcome.timings.get(step, 0.0) + time.monotonic() - start


__all__ = ("run_backup",)
