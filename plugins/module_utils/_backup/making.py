# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the files of one backup in spools, and publish them, the commit point last."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import BackupFiles
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import CommitUnknown
from ansible_collections.arkive.k8s.plugins.module_utils._archive.item_digests import ItemDigests
from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_hooks import BackupHookRunner
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest, in_order
from ansible_collections.arkive.k8s.plugins.module_utils._backup.resolve import Resolved, resolve_request
from ansible_collections.arkive.k8s.plugins.module_utils._backup.run import BackupRun, Collected, RunSpools
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import backup_job, volume_context
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult, hook_status
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.around import AroundOperation
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord, WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import BackupTally, build_backup
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.results_file import backup_results
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import backup_volumes, make_providers

#: Written into each backup: who made it.
TOOL = "arkive.k8s"


class _Spools:
    """Where the files of one backup grow."""

    def __init__(self, name: str, stack: contextlib.ExitStack, *, moves: bool) -> None:
        self.log = stack.enter_context(Spool(f"the log of backup '{name}'"))
        self.tarball = stack.enter_context(Spool(f"the tarball of backup '{name}'"))
        self.digests = stack.enter_context(Spool(f"the digests of backup '{name}'"))
        self.deferred = stack.enter_context(Spool(f"the pods of backup '{name}'"))
        self.claims = stack.enter_context(Spool(f"the claims of backup '{name}'")) if moves else None


class BackupMaker:
    """Makes the files of one backup, and publishes them. What has happened is in ``outcome``, also after an error."""

    def __init__(self, run: ClusterRun, request: BackupRequest, catalog: Catalog, timings: Timings) -> None:
        self._run = run
        self._request = request
        self._catalog = catalog
        self._timings = timings
        self._location = catalog.store.location.describe
        #: By the time these run the log is stored, so they have one of their own. Made now, to refuse bad ones early.
        self._ending_issues = Issues()
        self._ending_hooks = self._hook_runner(run.with_issues(self._ending_issues))
        self._around = AroundOperation(request.execution_hooks, request.hook_settings, exports=True)
        #: Known before the object is made: records of volumes name it.
        self._uid = request.uid or str(uuid.uuid4())
        self._providers = make_providers(volume_context(run, request, catalog.store))
        self._snapshots: VolumeSnapshots | None = None
        self._steps: BackupRun | None = None
        self._own_hooks: list[HookResult] = []
        self._commit = _Commit()
        self._replaced = False
        self._is_collected = False

    def outcome(self, before: BackupOutcome) -> BackupOutcome:
        """``before``, with what has been made since."""
        collected = self._steps.collected if self._steps is not None else Collected()
        commit = self._commit
        return dataclasses.replace(
            before,
            changed=commit.backup is not None,
            backup=commit.backup,
            commit_unknown=bool(commit.unknown),
            commit_point=commit.unknown,
            replaced=self._replaced,
            items=collected.items if self._is_collected else {},
            hooks=collected.hooks,
            backup_hooks=self._own_hooks,
            execution_hooks=self._around.ran,
            failed_afterwards=self._around.failed,
            freezes=[*self._around.freezes, *collected.freezes],
            planned_hooks=collected.planned_hooks,
            quiesces=collected.quiesces,
            swept=[*before.swept, *collected.swept],
            volumes=collected.volumes,
        )

    @contextlib.contextmanager
    def ending_hooks(self) -> t.Iterator[None]:
        """Run the hooks of success or failure when the block has ended: the backup's own, then those of blueprints."""
        try:
            yield
        finally:
            completed = self._commit.is_stored and self._commit.phase == "Completed"
            self._beside(lambda: self._run_ending("on_success" if completed else "on_failure"))
            self._beside(lambda: self._around.after(self._run, succeeded=completed))

    def make_and_publish(self, lock: WriteLock, *, ended_run: str) -> None:
        """Collect everything, then write it. ``ended_run``: the run of this name before, if it is known to be gone."""
        with contextlib.ExitStack() as stack:
            spools = _Spools(self._request.name, stack, moves=self._request.moves)
            writer = stack.enter_context(TarballWriter(spools.tarball, digests=ItemDigests(spools.digests)))
            try:
                self._publish(self._make(spools, writer, ended_run), lock)
            except BaseException:
                if not self._commit.may_be_stored:
                    self._with_snapshots(VolumeSnapshots.abandon)
                raise
            finally:
                if self._commit.is_stored:
                    self._with_snapshots(VolumeSnapshots.release)
                self._with_snapshots(VolumeSnapshots.close)

    def _with_snapshots(self, act: t.Callable[[VolumeSnapshots], list[str] | None]) -> None:
        """An end of the snapshots: it hides no earlier error, and does not undo what is stored."""
        snapshots = self._snapshots
        if snapshots is not None:
            self._beside(lambda: self._run.issues.add_warnings(act(snapshots) or ()))

    def _beside(self, act: t.Callable[[], None]) -> None:
        """Do what changes nothing any more in how the run has ended: what goes wrong is a warning, whatever it is."""
        try:
            act()
        except Exception as exc:
            said = exc.sentence if isinstance(exc, ArkiveError) else f"{type(exc).__name__}: {exc}"
            self._run.issues.warning(f"After the backup had ended, something was left undone: {said}")

    def _make(self, spools: _Spools, writer: TarballWriter, ended_run: str) -> BackupFiles:
        request, client = self._request, self._run.client
        started = utc_now()
        compressed = gzip.GzipFile(fileobj=t.cast("t.Any", spools.log), mode="wb")
        log = RunLog(t.cast("t.Any", compressed), backup=f"{request.namespace}/{request.name}")
        logged = self._run.with_issues(Issues(log.write))
        issues = logged.issues
        try:
            with self._timings.measure("discovery"):
                resolved = resolve_request(request, logged)
            with self._timings.measure("execution_hooks"):
                self._around.before(logged, resolved.list_plan.namespaces.accepted)
            steps = self._collect(logged, resolved, spools, writer, ended_run)
            tarball = writer.close()
        finally:
            self._run.issues.extend(warnings=issues.warnings, errors=issues.errors)
            self._timings.count("api_requests", client.requests_made)
        collected, self._is_collected = steps.collected, True
        issues.info(f"Backed up a total of {steps.sink.stored} items")
        compressed.close()
        tally = BackupTally(
            warnings=len(issues.warnings),
            errors=len(issues.errors),
            items=steps.sink.total,
            hook_status=hook_status(collected.hooks),
            snapshots=steps.snapshots.counts(),
        )
        metadata = build_backup(
            request.name,
            request.done_spec,
            started=started,
            completed=utc_now(),
            tally=tally,
            cluster_version=resolved.version,
            namespace=request.namespace,
            uid=self._uid,
            labels=request.labels,
            annotations=request.annotations,
            excluded_by_label=resolved.list_plan.namespaces.excluded_by_label,
        )
        return BackupFiles(
            metadata=metadata,
            tarball=spools.tarball.rewind(),
            tarball_summary=tarball,
            logs=spools.log.rewind(),
            digests=spools.digests.rewind(),
            results=backup_results(issues),
            resource_list=steps.sink.resource_list(),
            volumeinfo=collected.volumes,
            volumesnapshots=steps.snapshots.records(metadata["metadata"]["uid"]),
            podvolumebackups=steps.snapshots.pod_volumes(),
            itemoperations=steps.snapshots.operations(),
            record=self._record(steps),
        )

    def _collect(
        self, run: ClusterRun, resolved: Resolved, spools: _Spools, writer: TarballWriter, ended_run: str
    ) -> BackupRun:
        """All steps, between the backup's own pre and post hooks."""
        job = backup_job(self._request, run_id=run.run_id, location=self._location, uid=self._uid)
        self._snapshots = snapshots = VolumeSnapshots(
            run,
            self._request,
            backup_volumes(self._providers, job, resolved.discovery),
            sweeps=not self._catalog.exists(self._request.name),
        )
        self._steps = steps = BackupRun(
            self._request,
            resolved,
            run,
            writer=writer,
            spools=RunSpools(spools.deferred, spools.claims),
            snapshots=snapshots,
        )
        hooks = self._hook_runner(run)
        try:
            hooks.run("pre")
            for step, action in steps.steps(ended_run=ended_run):
                with self._timings.measure(step):
                    action()
                run.cancel.check()
        finally:
            try:
                hooks.run("post")
            finally:
                self._own_hooks += hooks.results
        for step, action in steps.late_steps():
            with self._timings.measure(step):
                action()
            run.cancel.check()
        return steps

    def _hook_runner(self, run: ClusterRun) -> BackupHookRunner:
        return BackupHookRunner(run, self._request.backup_hooks, self._request.hook_policy)

    def clear_interrupted(self, holder: LockRecord) -> None:
        """What a run of this name has left that did not commit, and whose lock was taken over."""
        if self._remove_old("interrupted"):
            self._warn(f"This backup was begun by {holder.who}, which had not finished it: its files are gone.")

    def _replace_failed(self) -> None:
        """Not before the new one is ready: a failed backup is better than none."""
        name = self._request.name
        was_there = self._catalog.exists(name)
        try:
            self._remove_old("replaced")
        except StoreError:
            self._replaced = was_there and not self._is_surely_there(name)
            raise
        self._replaced = was_there

    def _is_surely_there(self, name: str) -> bool:
        with contextlib.suppress(StoreError):
            return self._catalog.exists(name)
        return False

    def _remove_old(self, what: t.Literal["replaced", "interrupted"]) -> bool:
        from ansible_collections.arkive.k8s.plugins.module_utils._catalog.old_backup import remove_old

        return remove_old(self._catalog, self._request.name, what, providers=self._providers, warn=self._warn)

    def _warn(self, sentence: str) -> None:
        """Beside the log, which may be stored already."""
        self._run.issues.warning(sentence)

    def _run_ending(self, when: t.Literal["on_success", "on_failure"]) -> None:
        """What these hooks meet is in the outcome alone: it changes nothing in what is stored."""
        self._own_hooks += self._ending_hooks.run(when)
        found = self._ending_issues
        self._run.issues.extend(warnings=[*found.warnings, *found.errors])

    def _record(self, steps: BackupRun) -> ArkiveRecord:
        collected, on_error = steps.collected, self._request.hook_on_error_default
        hooks = in_order([*self._own_hooks, *collected.hooks])
        return ArkiveRecord(
            run_id=self._run.run_id,
            tool=TOOL,
            hooks=[hook.to_return(default_on_error=on_error, with_output=False) for hook in hooks],
            freezes=[freeze.to_return() for freeze in collected.freezes],
            quiesces=collected.quiesces,
            lists=steps.collector.lists,
            items=collected.items,
            timings=self._timings.to_dict(),
            beside=dict(self._request.beside),
        )

    def _publish(self, files: BackupFiles, lock: WriteLock) -> None:
        """Write the files, the commit point last. A lost lock before it is an error, and leaves nothing visible."""
        run, name = self._run, self._request.name
        run.progress(f"writing {self._location}/{BackupKeys(name).directory}")
        with self._timings.measure("publish"):
            run.cancel.check()
            if self._request.replace_failed:
                self._replace_failed()
            try:
                BackupWriter(self._catalog.store).publish(files, lock=lock, cancel=run.cancel, warn=self._warn)
            except CommitUnknown as exc:
                self._commit = _Commit(dict(files.metadata), exc.details["commit_point"])
                # Nobody shall work on the name before that run's write can have come to nothing.
                lock.leave()
                raise
        self._commit = _Commit(dict(files.metadata))
        counts = files.metadata["status"]
        numbers = [
            counted(sum(files.record.items.values()), "item"),
            counted(counts.get("errors", 0), "error"),
            counted(counts.get("warnings", 0), "warning"),
        ]
        self._beside(lambda: run.progress(f"{counts['phase']}: {', '.join(numbers)}"))


@dataclasses.dataclass(frozen=True, slots=True)
class _Commit:
    """``backup`` is visible; with ``unknown`` (where to look) it may be."""

    backup: dict[str, t.Any] | None = None
    unknown: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def phase(self) -> str:
        return str(self.backup["status"]["phase"]) if self.backup is not None else ""

    @property
    def is_stored(self) -> bool:
        """Whatever fails after that is a warning."""
        return self.backup is not None and not self.unknown

    @property
    def may_be_stored(self) -> bool:
        """Nothing that the backup names may be taken back."""
        return self.backup is not None


__all__ = ("BackupMaker",)
