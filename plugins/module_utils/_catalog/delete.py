# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete a backup with its snapshots, and the records of the restores that were made from it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import delete_checked
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.deletion_plan import (
    DeletionPlan,
    RestoreFinder,
    being_made,
    left_behind,
    plan_deletion,
    reasons_text,
)
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import refuse_held
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.leftovers import clear_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.named_elsewhere import NamedElsewhere
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.removal import hide_backup, remove_files
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.snapshot_deleter import (
    SnapshotDeleter,
    SnapshotProvider,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock, WriteLockHeld
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RESTORES, BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import made_at, phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeletedBackup:
    """The keys and the snapshots that are, or in check mode would be, deleted; ``backup`` as it was stored."""

    location: str
    changed: bool = False
    backup: dict[str, t.Any] | None = None
    deleted: list[str] = dataclasses.field(default_factory=list)
    deleted_snapshots: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    issues: Issues = dataclasses.field(default_factory=Issues)

    @property
    def warnings_list(self) -> list[dict[str, str]]:
        return to_return(self.issues.warnings)

    @property
    def phase(self) -> str:
        return phase_of(self.backup or {})

    @property
    def shown(self) -> dict[str, t.Any] | None:
        """What goes, for people: the spec, files by their keys and snapshots; None where there is nothing."""
        if not self.changed:
            return None
        return {
            "spec": (self.backup or {}).get("spec") or {},
            "files": sorted(self.deleted),
            "snapshots": [{name: value for name, value in one.items() if value} for one in self.deleted_snapshots],
        }


#: Removes the objects of a cluster that stand for a backup, which is given as it is stored; sentences are warnings.
RemoveObjects: t.TypeAlias = "t.Callable[[t.Mapping[str, t.Any]], t.Iterable[str]]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """How a backup is deleted.

    ``restores`` finds those of a backup where the location need not be asked. ``remove_objects`` is called when the
    snapshots are gone, and before any file goes. ``made``: when the backup began, so that no other one goes.
    ``why_not`` is asked once more when nobody can begin with it unseen, and says why it stays after all. ``elsewhere``:
    what other backups record, for several deletions.
    """

    deleter: SnapshotDeleter
    check_mode: bool = False
    force: bool = False
    restores: RestoreFinder | None = None
    remove_objects: RemoveObjects | None = None
    made: dt.datetime | None = None
    why_not: t.Callable[[], str] = str
    elsewhere: NamedElsewhere | None = None


class StaysAfterAll(CatalogError):
    """``why_not`` of its deletion has found a reason, which is ``why``."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} stays: {why}.")
        self.why = why


def delete_backup(
    name: str,
    *,
    store: Store,
    providers: t.Iterable[SnapshotProvider],
    check_mode: bool = False,
    force: bool = False,
) -> DeletedBackup:
    """Remove the snapshots and all files of ``name``, and the records of its restores; one that is not there is fine.

    ``providers`` delete the snapshots: the volume providers. Raises ``ValidationError`` for a backup that another run
    makes, that is not finished, that cannot be read, or that has snapshots which no provider can delete, and
    ``CatalogError`` when the deletion of one failed: then the backup is still there. ``force`` turns each of these into
    a warning, and leaves such snapshots behind. A backup of Ark 0.9 or older at the root is never deleted.
    """
    # Refuses a bad name before anything is asked.
    BackupKeys(name)
    refuse_write(store.location)
    store.check(write=True, touch=not check_mode)
    catalog = Catalog(store)
    entry = catalog.entry(name)
    if entry is None:
        return DeletedBackup(location=store.location.describe)
    how = Deletion(deleter=SnapshotDeleter(providers), check_mode=check_mode, force=force)
    outcome = delete_entry(catalog, entry, how)
    outcome.issues.add_warnings(clear_leftovers(catalog, name, dry_run=check_mode))
    return outcome


def delete_entry(catalog: Catalog, entry: BackupEntry, how: Deletion) -> DeletedBackup:
    """The same for one that was found already. What killed runs have left of others is not looked for."""
    plan = plan_deletion(
        catalog, entry, deleter=how.deleter, force=how.force, restores=how.restores, elsewhere=how.elsewhere
    )
    if how.made is not None and plan.backup is not None and made_at(plan.backup, entry.name) != how.made:
        raise CatalogError(f"{plan.what} is another one by now, and stays.", hint="Run the task again.")
    deletion = _Deletion(catalog, plan, how)
    snapshots = plan.snapshots if how.check_mode else deletion.run()
    return DeletedBackup(
        location=catalog.store.location.describe,
        changed=True,
        backup=plan.backup,
        deleted=plan.keys,
        deleted_snapshots=[snapshot._asdict() for snapshot in snapshots],
        issues=deletion.issues,
    )


class _Deletion:
    """Carries a plan out, once."""

    def __init__(self, catalog: Catalog, plan: DeletionPlan, how: Deletion) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self._plan = plan
        self._deleter = how.deleter
        self._force = how.force
        self._remove_objects = how.remove_objects
        self._why_not = how.why_not
        self._name = plan.entry.name
        self._lock_key = BackupKeys(plan.entry.name).write_lock
        self.issues = Issues()
        self._warn(*plan.warnings)
        #: Whether anything may be gone, and the keys that are.
        self._has_begun = False
        self._deleted_keys: list[str] = []
        #: Nobody knows that they are gone before their providers have said so.
        self._gone_snapshots: list[dict[str, t.Any]] = []
        #: Providers are at work on them, or have ended without an answer.
        self._has_asked = False

    def run(self) -> t.Sequence[RecordedSnapshot]:
        """Delete everything; returns the snapshots that are gone."""
        with self._partial_result():
            return self._run()

    @contextlib.contextmanager
    def _partial_result(self) -> t.Iterator[None]:
        """An error in the middle: what it left is said as it is, as far as anybody knows."""
        try:
            yield
        except ArkiveError as exc:
            self._report_gone()
            known = {
                "changed": self._has_begun,
                "backup": self._plan.backup or {},
                "warnings_list": to_return(self.issues.warnings),
                "deleted": self._deleted_keys,
                "deleted_snapshots": self._gone_snapshots,
            }
            exc.details.update({name: value for name, value in known.items() if name not in exc.details})
            raise

    def _run(self) -> t.Sequence[RecordedSnapshot]:
        """The snapshots go first, while the backup still records them; then what makes it a backup.

        A second attempt finds the rest while any of its own files is there.
        """
        if self._force:
            self._has_begun = True
            self._store.delete_many([self._lock_key])
            self._deleted_keys.append(self._lock_key)
        try:
            if self._plan.snapshots:
                self._try_deletes()
            lock = self._acquire()
        except StoreError as exc:
            if exc.failure != "full":
                raise
            # Nobody else can write here either, and this is how space is made.
            self._warn(f"It was deleted without a claim of its name: {exc.message}")
            return self._delete_all()
        with lock:
            # Whoever holds it has had the lock for that.
            refuse_held(self._store, self._name)
            self._note()
            try:
                if why := self._why_not():
                    raise StaysAfterAll(self._plan.what, why)
                snapshots = self._delete_all()
            except ArkiveError:
                self._take_note_back()
                raise
        if lock.left_behind:
            self._warn(lock.left_behind)
        return snapshots

    def _note(self) -> None:
        """Leave word that the deletion has begun: whoever comes after a run that died goes on with it."""
        text = json.dumps({"begun": rfc3339(utc_now()), "started": self._started}, indent=2)
        try:
            self._store.put(BackupKeys(self._name).deletion, text.encode() + b"\n")
        except StoreError as exc:
            if exc.failure != "full":
                raise

    def _take_note_back(self) -> None:
        """Where nothing has gone: the backup is what it was. Requests without an answer may have had their effect."""
        before = self._plan.entry
        if self._gone_snapshots or self._has_asked or before.deleting or not before.complete:
            return
        with contextlib.suppress(StoreError):
            now = self._catalog.entry(self._name)
            if now is not None and set(before.files) <= set(now.files):
                self._store.delete_many([BackupKeys(self._name).deletion])

    @property
    def _started(self) -> str:
        return str(((self._plan.backup or {}).get("status") or {}).get("startTimestamp") or "")

    def _delete_all(self) -> t.Sequence[RecordedSnapshot]:
        snapshots = self._delete_snapshots()
        self._has_begun = True
        if self._remove_objects is not None and self._plan.backup is not None:
            self._warn(*self._remove_objects(self._plan.backup))
        self._deleted_keys += hide_backup(self._store, self._name)
        delete_checked(self._store, RESTORES, self._plan.restore_keys)
        self._deleted_keys += self._plan.restore_keys
        remove_files(self._store, self._name, keep_lock=True)
        return snapshots

    def _warn(self, *sentences: str) -> None:
        self.issues.add_warnings(sentences, name=self._name)

    def _acquire(self) -> WriteLock:
        try:
            return WriteLock.acquire(
                self._store,
                self._lock_key,
                run_id=f"delete-{self._name}",
                is_over=lambda holder: is_over(self._catalog, self._name, holder),
            )
        except WriteLockHeld as exc:
            raise being_made(self._plan.what, exc.holder) from exc

    def _try_deletes(self) -> None:
        """Raise where nothing can be deleted: a backup that stays visible keeps its snapshots."""
        lock = self._acquire()
        lock.release()
        if lock.left_behind:
            raise StoreError(
                f"{self._plan.what} stays as it is, with its snapshots: the storage does not delete. "
                f"{lock.left_behind}",
                hint="Grant these credentials the right to delete objects, or wait for the end of the retention.",
            )

    def _delete_snapshots(self) -> t.Sequence[RecordedSnapshot]:
        """Those that are gone."""
        plan = self._plan
        if plan.contents is None or not plan.snapshots:
            return ()
        self._has_begun = True
        self._has_asked = True
        failed = self._deleter.delete(plan.snapshots, contents=plan.contents)
        self._has_asked = False
        deleted = [snapshot for snapshot in plan.snapshots if snapshot not in failed]
        self._gone_snapshots = [snapshot._asdict() for snapshot in deleted]
        self._warn(*self._deleter.notes)
        is_cancelled = self._deleter.is_cancelled
        if failed and (is_cancelled or not self._force):
            error = Cancelled if is_cancelled else CatalogError
            raise error(
                f"{plan.what} stays, because not all of its snapshots could be deleted: {reasons_text(failed)}.",
                hint="Delete it again when that is put right, or set force: true to leave them behind.",
                details={"snapshots": [snapshot._asdict() for snapshot in failed]},
            )
        self._warn(*left_behind(failed))
        return deleted

    def _report_gone(self) -> None:
        """Of a deletion that did not come to its end."""
        if self._gone_snapshots:
            count = counted(len(self._gone_snapshots), "snapshot")
            self._warn(f"{self._plan.what} has lost {count} already, and cannot be restored whole: delete it again.")


__all__ = ("DeletedBackup", "Deletion", "RemoveObjects", "StaysAfterAll", "delete_backup", "delete_entry")
