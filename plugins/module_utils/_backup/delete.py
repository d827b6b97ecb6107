# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Delete a backup with its snapshots, and the records of the restores that were made from it."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_reader import BackupEntry
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.name_claim import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._archive.repository import BackupRepository
from ansible_collections.arkive.k8s.plugins.module_utils._archive.restores import find_restores
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import delete_checked
from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_filter import phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._backup.leftovers import clear_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._backup.recorded_snapshots import (
    RecordedSnapshots,
    SnapshotDeleter,
)
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._store.claims import (
    Claim,
    ClaimHeld,
    ClaimRecord,
    read_claim,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import (
    RESTORES,
    BackupKeys,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

_SHOWN = 5


def delete_backup(
    name: str,
    *,
    store: Store,
    deleter: SnapshotDeleter | None = None,
    check_mode: bool = False,
    force: bool = False,
) -> BackupOutcome:
    """Remove the snapshots and all files of ``name``, and the records of its restores; one that is not there is fine.

    ``outcome.deleted`` and ``outcome.deleted_snapshots``: the keys and the snapshots that are, or with ``check_mode``
    would be, deleted. Raises ``ValidationError`` for a backup that another run makes, that is not finished, that cannot
    be read, or that has snapshots which ``deleter`` cannot delete, and ``SnapshotError`` when the deletion of one
    failed: then the backup is still there. ``force`` turns each of these into a warning, and leaves such snapshots
    behind. A backup of Ark 0.9 or older at the root is never deleted.
    """
    keys = BackupKeys(name)
    refuse_write(store.location)
    store.check(write=True, touch=not check_mode)
    repository = BackupRepository(store)
    outcome = BackupOutcome(location=store.location.describe)
    entry = repository.entry(name)
    if entry is None:
        return outcome
    deletion = _Deletion(repository, entry, keys, outcome, deleter=deleter or SnapshotDeleter(), force=force)
    deletion.check()
    outcome.changed = True
    outcome.deleted = deletion.list_keys()
    if not check_mode:
        with _partly_told(outcome, deletion):
            deletion.run()
    outcome.warn(*clear_leftovers(repository, name, dry_run=check_mode))
    return outcome


@contextlib.contextmanager
def _partly_told(outcome: BackupOutcome, deletion: _Deletion) -> t.Iterator[None]:
    """An error in the middle: what it left is told as it is, as far as anybody knows."""
    try:
        yield
    except ArkiveError as exc:
        deletion.tell_gone()
        told = {
            "changed": deletion.has_begun,
            "backup": outcome.backup or {},
            "warnings_list": outcome.warnings_list,
            "deleted": deletion.deleted_keys,
            "deleted_snapshots": deletion.gone_snapshots,
        }
        exc.details.update({name: value for name, value in told.items() if name not in exc.details})
        raise


class _Deletion:
    def __init__(
        self,
        repository: BackupRepository,
        entry: BackupEntry,
        keys: BackupKeys,
        outcome: BackupOutcome,
        *,
        deleter: SnapshotDeleter,
        force: bool,
    ) -> None:
        self._repository = repository
        self._store = repository.store
        self._entry = entry
        self._keys = keys
        self._outcome = outcome
        self._deleter = deleter
        self._force = force
        self._recorded: RecordedSnapshots | None = None
        self._what = f"Backup '{entry.name}' in {outcome.location}"
        self._restore_keys: list[str] = []
        #: Whether anything may be gone, and the keys and snapshots that are.
        self.has_begun = False
        self.deleted_keys: list[str] = []
        self.gone_snapshots: list[dict[str, t.Any]] = []

    def check(self) -> None:
        """Raise for what must not be deleted. Reads only."""
        if self._entry.flat:
            raise ValidationError(
                f"{self._what} is one of Ark 0.9 or older at the root of the location, where nothing is ever changed.",
                hint="Delete its directory with the tools of the storage.",
            )
        self._check_claim()
        self._check_phase()
        self._check_snapshots()

    def list_keys(self) -> list[str]:
        """All that goes: the files of the backup, and those of its restores."""
        restores = find_restores(self._store, self._entry.name)
        for restore in restores.unreadable:
            self._warn(
                f"The record of restore '{restore}' is damaged and stays: it may have been made from this backup."
            )
        self._restore_keys = [key for keys in restores.keys.values() for key in keys]
        return [*(f"{self._keys.directory}{file}" for file in sorted(self._entry.files)), *self._restore_keys]

    def run(self) -> None:
        """The snapshots go first, while the backup still tells of them; then what makes it a backup.

        A second attempt finds the rest while any of its own files is there.
        """
        if self._force:
            self.has_begun = True
            self._store.delete_many([self._keys.claim])
            self.deleted_keys.append(self._keys.claim)
        try:
            if self._outcome.deleted_snapshots:
                self._try_deletes()
            claim = self._acquire()
        except StoreError as exc:
            if exc.failure != "full":
                raise
            # Nobody else can write here either, and this is how space is made.
            self._warn(f"It was deleted without a claim of its name: {exc.message}")
            self._delete_all()
            return
        with claim:
            self._delete_all()
        if claim.left_behind:
            self._warn(claim.left_behind)

    def _delete_all(self) -> None:
        self._delete_snapshots()
        self.has_begun = True
        self.deleted_keys += self._repository.hide(self._entry.name)
        delete_checked(self._store, RESTORES, self._restore_keys)
        self.deleted_keys += self._restore_keys
        self._repository.delete(self._entry.name, keep_claim=True)

    def _acquire(self) -> Claim:
        try:
            return Claim.acquire(
                self._store, self._keys.claim, run_id=f"delete-{self._entry.name}", is_over=self._is_over
            )
        except ClaimHeld as exc:
            raise self._being_made(exc.holder) from exc

    def _try_deletes(self) -> None:
        """Raise where nothing can be deleted: a backup that stays to be seen keeps its snapshots."""
        claim = self._acquire()
        claim.release()
        if claim.left_behind:
            raise StoreError(
                f"{self._what} stays as it is, with its snapshots: the storage does not delete. {claim.left_behind}",
                hint="Grant these credentials the right to delete objects, or wait for the end of the retention.",
            )

    def _is_over(self, holder: ClaimRecord) -> bool:
        return is_over(self._repository, self._entry.name, holder)

    def _check_claim(self) -> None:
        if not self._entry.claimed:
            return
        holder = read_claim(self._store, self._keys.claim)
        if holder is not None and not self._is_over(holder):
            refusal = self._being_made(holder)
            self._refuse(refusal.message, hint=refusal.hint or "", details=refusal.details)
            self._warn(
                "That run stops as soon as it sees that its claim is gone; it may leave some more files until then."
            )

    def _being_made(self, holder: ClaimRecord) -> ValidationError:
        return ValidationError(
            f"{self._what} is in progress: {holder.who} works on it.",
            hint=f"Wait for it; if it died, its claim ends at {holder.expires_text}. force: true does not wait.",
            details={"holder": holder.to_dict()},
        )

    def _check_phase(self) -> None:
        """A directory without a Backup object is what a dead run has left."""
        if not self._entry.complete:
            return
        try:
            backup = self._repository.read_backup(self._entry.name)
        except ArchiveError as exc:
            self._refuse(
                f"{self._what} cannot be read: {exc.message}",
                hint="To delete it without knowing what it records, set force: true.",
            )
            return
        self._outcome.backup = backup
        phase = phase_of(backup) if backup else ""
        if backup and phase not in TERMINAL_PHASES:
            self._refuse(
                f"{self._what} is not finished: its phase is {phase or 'New'}, so a Velero server may work on it.",
                hint="Wait until it is done. If no server will go on with it, set force: true.",
            )

    def _check_snapshots(self) -> None:
        """Find those that can be deleted; the others are refused unless forced."""
        try:
            self._recorded = RecordedSnapshots(self._repository, self._entry.name)
        except ArchiveError as exc:
            self._refuse(
                f"Nobody can say which snapshots {self._what[0].lower()}{self._what[1:]} has: {exc.message}",
                hint="To delete it and leave its snapshots behind, set force: true.",
            )
            return
        recorded = self._recorded.all
        left = {snapshot: why for snapshot in recorded if (why := self._deleter.why_not(snapshot))}
        if left and not self._force:
            raise ValidationError(
                f"{self._what} records snapshots that would be left behind: {_tell(left)}.",
                hint="Put that right, let a Velero server delete it, or set force: true to leave them behind.",
                details={"snapshots": [snapshot._asdict() for snapshot in left]},
            )
        self._leave_behind(left)
        self._outcome.deleted_snapshots = [snapshot._asdict() for snapshot in recorded if snapshot not in left]

    def _delete_snapshots(self) -> None:
        if self._recorded is None:
            return
        doomed = [RecordedSnapshot(**snapshot) for snapshot in self._outcome.deleted_snapshots]
        self.has_begun = self.has_begun or bool(doomed)
        failed = self._deleter.delete(doomed, contents=self._recorded.contents)
        self.gone_snapshots = [snapshot._asdict() for snapshot in doomed if snapshot not in failed]
        if failed and (self._deleter.is_cancelled or not self._force):
            error = Cancelled if self._deleter.is_cancelled else SnapshotError
            raise error(
                f"{self._what} stays, because not all of its snapshots could be deleted: {_tell(failed)}.",
                hint="Delete it again when that is put right, or set force: true to leave them behind.",
                details={"snapshots": [snapshot._asdict() for snapshot in failed]},
            )
        self._leave_behind(failed)
        self._outcome.deleted_snapshots = self.gone_snapshots

    def tell_gone(self) -> None:
        """Of a deletion that did not come to its end."""
        if self.gone_snapshots:
            count = counted(len(self.gone_snapshots), "snapshot")
            self._warn(f"{self._what} has lost {count} already, and cannot be restored whole: delete it again.")

    def _leave_behind(self, snapshots: t.Mapping[RecordedSnapshot, str]) -> None:
        for snapshot, why in snapshots.items():
            self._warn(f"The snapshot {snapshot} is left behind, and nothing refers to it any more: {_plain(why)}.")

    def _refuse(self, message: str, *, hint: str, details: t.Mapping[str, t.Any] | None = None) -> None:
        if not self._force:
            raise ValidationError(message, hint=hint, details=details)
        self._warn(message)

    def _warn(self, message: str) -> None:
        empty = dict.fromkeys(("resource", "namespace", "reason", "hint"), "")
        self._outcome.warnings_list.append({**empty, "name": self._entry.name, "message": message})


def _tell(snapshots: t.Mapping[RecordedSnapshot, str]) -> str:
    return some_of([f"{snapshot}: {_plain(why)}" for snapshot, why in snapshots.items()], most=_SHOWN, separator="; ")


def _plain(why: str) -> str:
    return why.rstrip(".")


__all__ = ("delete_backup",)
