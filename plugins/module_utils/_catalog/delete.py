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
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import delete_checked
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.deleted_backup import DeletedBackup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.deletion_plan import (
    BY_FORCE,
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
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.named_elsewhere import KIND as IN_REPOSITORY
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
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import made_at
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

#: Removes the objects of a cluster that stand for a backup, which is given as it is stored; sentences are warnings.
RemoveObjects: t.TypeAlias = "t.Callable[[t.Mapping[str, t.Any]], t.Iterable[str]]"


def _go_on() -> None:
    """Nothing stands against it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """How a backup is deleted.

    ``restores`` finds those of a backup where the location need not be asked. ``remove_objects`` is called when the
    snapshots are gone, and before any file goes. ``made``: when the backup began, so that no other one goes.
    ``why_not`` is asked once more when nobody can begin with it unseen, and says why it stays after all. ``go_on`` is
    called when the snapshots are gone, and raises where the rest must wait. ``elsewhere``: what other backups record,
    for several deletions.
    """

    deleter: SnapshotDeleter
    check_mode: bool = False
    force: bool = False
    restores: RestoreFinder | None = None
    remove_objects: RemoveObjects | None = None
    made: dt.datetime | None = None
    why_not: t.Callable[[], str] = str
    go_on: t.Callable[[], None] = _go_on
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
    outcome = EntryDeletion(catalog, entry, how).run()
    outcome.issues.add_warnings(clear_leftovers(catalog, name, dry_run=check_mode))
    return outcome


class EntryDeletion:
    """The deletion of one backup: planned when this is made, and carried out once, at once or in steps.

    In steps: ``begin``, and ``finish`` or ``take_back``. Several may have begun at the same time, and have the
    snapshots that may go deleted ahead (``SnapshotDeleter.delete_ahead``), which ``asked`` is told of before.
    """

    def __init__(self, catalog: Catalog, entry: BackupEntry, how: Deletion) -> None:
        """Reads only. Raises as ``delete_backup``."""
        plan = plan_deletion(
            catalog, entry, deleter=how.deleter, force=how.force, restores=how.restores, elsewhere=how.elsewhere
        )
        if how.made is not None and plan.backup is not None and made_at(plan.backup, entry.name) != how.made:
            raise CatalogError(f"{plan.what} is another one by now, and stays.", hint="Run the task again.")
        self.plan = plan
        self._catalog = catalog
        self._store = catalog.store
        self._how = how
        self._deleter = how.deleter
        self._name = entry.name
        self._lock_key = BackupKeys(entry.name).write_lock
        self._lock: WriteLock | None = None
        self._issues = Issues()
        self._warn(*plan.warnings)
        #: Whether anything may be gone, and the keys that are.
        self._has_begun = False
        self._deleted_keys: list[str] = []
        #: Nobody knows that they are gone before their providers have said so.
        self._gone_snapshots: list[dict[str, t.Any]] = []
        #: Snapshots may be gone although nobody has said so: providers are at work on them, or a pod has failed.
        self._has_asked = False

    @property
    def moved(self) -> list[RecordedSnapshot]:
        """The snapshots in repositories that go with it."""
        return [snapshot for snapshot in self.plan.snapshots if snapshot.kind == IN_REPOSITORY]

    def run(self) -> DeletedBackup:
        """All of it; what it would be in check mode."""
        if self._how.check_mode:
            return self._done(self.plan.snapshots)
        self.begin()
        return self.finish()

    def begin(self) -> bool:
        """Lock its name, and leave word that its deletion has begun. Raises where it stays after all.

        False where the storage is too full for the one or the other: then it is finished at once, as nobody would see
        that it has begun.
        """
        with self._partial_result():
            if self._how.force:
                self._has_begun = True
                self._store.delete_many([self._lock_key])
                self._deleted_keys.append(self._lock_key)
            try:
                if self.plan.snapshots:
                    self._try_deletes()
                self._lock = self._acquire()
            except StoreError as exc:
                if exc.failure != "full":
                    raise
                if why := self._how.why_not():
                    raise StaysAfterAll(self.plan.what, why) from exc
                # Nobody else can write here either, and this is how space is made.
                self._warn(f"It was deleted without a claim of its name: {exc.message}")
                return False
            try:
                # Whoever holds it has had the lock for that.
                refuse_held(self._store, self._name)
                is_noted = self._note()
                try:
                    if why := self._how.why_not():
                        raise StaysAfterAll(self.plan.what, why)
                except ArkiveError:
                    self._take_note_back()
                    raise
            except BaseException:
                self.leave()
                raise
            return is_noted

    def asked(self) -> None:
        """Its snapshots, or those that it has with others, are about to be deleted ahead."""
        self._has_begun = self._has_asked = True

    def finish(self, stay: t.Mapping[RecordedSnapshot, str] = types.MappingProxyType({})) -> DeletedBackup:
        """Delete the snapshots, or hear what became of them, and then the rest. Nobody is locked out afterwards.

        The snapshots go while the backup still records them; a second attempt finds the rest while any of its own
        files is there. ``stay``: those that must not go any more, and why, half a sentence.
        """
        try:
            with self._partial_result():
                try:
                    snapshots = self._delete_all(stay)
                except ArkiveError:
                    self._take_note_back()
                    raise
        finally:
            self.leave()
        return self._done(snapshots)

    def take_back(self) -> None:
        """Of one that is not finished: it is what it was where nothing was asked for, else the next run goes on."""
        self._take_note_back()
        self.leave()

    def leave(self, *, silently: bool = False) -> None:
        """Lock out nobody any more. ``silently``: by the end of the lock, where the storage answers no more."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        if silently:
            lock.leave()
            return
        lock.release()
        if lock.left_behind:
            self._warn(lock.left_behind)

    def _done(self, snapshots: t.Sequence[RecordedSnapshot]) -> DeletedBackup:
        return DeletedBackup(
            location=self._store.location.describe,
            changed=True,
            backup=self.plan.backup,
            deleted=self.plan.keys,
            deleted_snapshots=[snapshot._asdict() for snapshot in snapshots],
            issues=self._issues,
        )

    @contextlib.contextmanager
    def _partial_result(self) -> t.Iterator[None]:
        """An error in the middle: what it left is said as it is, as far as anybody knows."""
        try:
            yield
        except ArkiveError as exc:
            self._report_gone()
            known = {
                "changed": self._has_begun,
                "backup": self.plan.backup or {},
                "warnings_list": to_return(self._issues.warnings),
                "deleted": self._deleted_keys,
                "deleted_snapshots": self._gone_snapshots,
            }
            exc.details.update({name: value for name, value in known.items() if name not in exc.details})
            raise

    def _note(self) -> bool:
        """Leave word that the deletion has begun: whoever comes after a run that died goes on with it.

        False where the storage is full.
        """
        text = json.dumps({"begun": rfc3339(utc_now()), "started": self._started}, indent=2)
        try:
            self._store.put(BackupKeys(self._name).deletion, text.encode() + b"\n")
        except StoreError as exc:
            if exc.failure != "full":
                raise
            return False
        return True

    def _take_note_back(self) -> None:
        """Where nothing has gone: the backup is what it was. Requests without an answer may have had their effect."""
        before = self.plan.entry
        if self._gone_snapshots or self._has_asked or before.deleting or not before.complete:
            return
        if self._lock is None or self._lock.is_lost:
            return
        with contextlib.suppress(StoreError):
            now = self._catalog.entry(self._name)
            if now is not None and set(before.files) <= set(now.files):
                self._store.delete_many([BackupKeys(self._name).deletion])

    @property
    def _started(self) -> str:
        return str(((self.plan.backup or {}).get("status") or {}).get("startTimestamp") or "")

    def _delete_all(self, stay: t.Mapping[RecordedSnapshot, str]) -> t.Sequence[RecordedSnapshot]:
        snapshots = self._delete_snapshots(stay)
        self._how.go_on()
        if self._lock is not None and self._lock.is_lost:
            if self._catalog.entry(self._name) is None:
                # Somebody else was quicker, such as a Velero server. What comes under its name now is another's.
                return snapshots
            raise CatalogError(
                f"{self.plan.what} stays: the claim of its name was lost, so that another run may work on it.",
                hint="Run the task again.",
            )
        self._has_begun = True
        remove_objects = self._how.remove_objects
        if remove_objects is not None and self.plan.backup is not None:
            self._warn(*remove_objects(self.plan.backup))
        self._deleted_keys += hide_backup(self._store, self._name)
        delete_checked(self._store, RESTORES, self.plan.restore_keys)
        self._deleted_keys += self.plan.restore_keys
        remove_files(self._store, self._name, keep_lock=True)
        return snapshots

    def _warn(self, *sentences: str) -> None:
        self._issues.add_warnings(sentences, name=self._name)

    def _acquire(self) -> WriteLock:
        try:
            return WriteLock.acquire(
                self._store,
                self._lock_key,
                run_id=f"delete-{self._name}",
                is_over=lambda holder: is_over(self._catalog, self._name, holder),
            )
        except WriteLockHeld as exc:
            raise being_made(self.plan.what, exc.holder) from exc

    def _try_deletes(self) -> None:
        """Raise where nothing can be deleted: a backup that stays visible keeps its snapshots."""
        lock = self._acquire()
        lock.release()
        if lock.left_behind:
            raise StoreError(
                f"{self.plan.what} stays as it is, with its snapshots: the storage does not delete. {lock.left_behind}",
                hint="Grant these credentials the right to delete objects, or wait for the end of the retention.",
            )

    def _delete_snapshots(self, stay: t.Mapping[RecordedSnapshot, str]) -> t.Sequence[RecordedSnapshot]:
        """Those that are gone."""
        plan = self.plan
        if plan.contents is None or not plan.snapshots:
            return ()
        self._has_begun = True
        self._has_asked = True
        wanted = [snapshot for snapshot in plan.snapshots if snapshot not in stay]
        failed = {snapshot: stay[snapshot] for snapshot in plan.snapshots if snapshot in stay}
        failed |= self._deleter.delete(wanted, contents=plan.contents)
        # A pod that has died may have done what it was asked for.
        self._has_asked = any(snapshot.kind == IN_REPOSITORY for snapshot in failed)
        deleted = [snapshot for snapshot in plan.snapshots if snapshot not in failed]
        self._gone_snapshots = [snapshot._asdict() for snapshot in deleted]
        self._warn(*self._deleter.notes)
        is_cancelled = self._deleter.is_cancelled
        if failed and (is_cancelled or not self._how.force):
            error = Cancelled if is_cancelled else CatalogError
            raise error(
                f"{plan.what} stays, because not all of its snapshots could be deleted: {reasons_text(failed)}.",
                hint=f"Delete it again when that is put right; {BY_FORCE} leaves them behind.",
                details={"snapshots": [snapshot._asdict() for snapshot in failed]},
            )
        self._warn(*left_behind(failed))
        return deleted

    def _report_gone(self) -> None:
        """Of a deletion that did not come to its end."""
        if self._gone_snapshots:
            count = counted(len(self._gone_snapshots), "snapshot")
            self._warn(f"{self.plan.what} has lost {count} already, and cannot be restored whole: delete it again.")


__all__ = (
    "DeletedBackup",
    "Deletion",
    "EntryDeletion",
    "RemoveObjects",
    "StaysAfterAll",
    "delete_backup",
)
