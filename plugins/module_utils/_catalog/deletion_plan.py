# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes when a backup is deleted, and whether it may go at all. Reads only."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import refuse_held
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.named_elsewhere import NamedElsewhere
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import (
    RecordedContents,
    RecordedSnapshots,
)
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import FoundRestores, find_restores
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.snapshot_deleter import SnapshotDeleter
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import plural, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord, read_write_lock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

_SHOWN = 5

RestoreFinder: t.TypeAlias = t.Callable[[str], FoundRestores]

#: Retention has no such option, and says what has it.
BY_FORCE = "k8s_backup with state: absent and force: true"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPlan:
    """``backup``: the stored object, None where there is none to be read.

    ``own_keys`` and ``restore_keys``: the files of the backup and of the restores that were made from it. ``contents``:
    None when nobody can say which snapshots it has. ``warnings``: sentences. ``shared``: those among them that say of
    snapshots that another backup keeps them.
    """

    entry: BackupEntry
    what: str
    backup: dict[str, t.Any] | None
    own_keys: tuple[str, ...]
    restore_keys: tuple[str, ...]
    snapshots: tuple[RecordedSnapshot, ...]
    contents: RecordedContents | None
    warnings: tuple[str, ...]
    shared: t.Mapping[RecordedSnapshot, str]

    @property
    def keys(self) -> list[str]:
        """All files that go."""
        return [*self.own_keys, *self.restore_keys]


def plan_deletion(
    catalog: Catalog,
    entry: BackupEntry,
    *,
    deleter: SnapshotDeleter,
    force: bool,
    restores: RestoreFinder | None = None,
    elsewhere: NamedElsewhere | None = None,
) -> DeletionPlan:
    """Raises ``ValidationError`` for what must not be deleted; with ``force``, mostly, that is a warning.

    ``restores`` finds those of a backup by its name; by default the location is asked. ``elsewhere``: what other
    backups record, where it has been read already.
    """
    finder = restores or functools.partial(find_restores, catalog.store)
    named = elsewhere or NamedElsewhere(catalog)
    return _Planner(catalog, entry, deleter, force=force, restores=finder, elsewhere=named).plan()


class _Planner:
    def __init__(
        self,
        catalog: Catalog,
        entry: BackupEntry,
        deleter: SnapshotDeleter,
        *,
        force: bool,
        restores: RestoreFinder,
        elsewhere: NamedElsewhere,
    ) -> None:
        self._catalog = catalog
        self._restores = restores
        self._store = catalog.store
        self._entry = entry
        self._deleter = deleter
        self._elsewhere = elsewhere
        self._force = force
        self._what = f"Backup '{entry.name}' in {catalog.store.location.describe}"
        self._warnings: list[str] = []
        self._shared: dict[RecordedSnapshot, str] = {}

    def plan(self) -> DeletionPlan:
        self._refuse_root()
        if self._entry.held:
            refuse_held(self._store, self._entry.name)
        self._check_lock()
        self._check_retention()
        backup = self._read_backup()
        recorded = self._read_snapshots()
        snapshots = self._deletable(recorded.all) if recorded else []
        keys, restore_keys = BackupKeys(self._entry.name), self._find_restores()
        return DeletionPlan(
            entry=self._entry,
            what=self._what,
            backup=backup,
            own_keys=tuple(f"{keys.directory}{file}" for file in sorted(self._entry.files)),
            restore_keys=tuple(restore_keys),
            snapshots=tuple(snapshots),
            contents=recorded.contents if recorded else None,
            warnings=tuple(self._warnings),
            shared=self._shared,
        )

    def _refuse_root(self) -> None:
        if self._entry.flat:
            raise ValidationError(
                f"{self._what} is one of Ark 0.9 or older at the root of the location, where nothing is ever changed.",
                hint="Delete its directory with the tools of the storage.",
            )

    def _check_lock(self) -> None:
        if not self._entry.locked:
            return
        holder = read_write_lock(self._store, BackupKeys(self._entry.name).write_lock)
        if holder is not None and not is_over(self._catalog, self._entry.name, holder):
            refusal = being_made(self._what, holder)
            self._refuse(refusal.message, hint=refusal.hint or "", details=refusal.details)
            self._warnings.append(
                "That run stops as soon as it sees that its claim is gone; it may leave some more files until then."
            )

    def _check_retention(self) -> None:
        """A bucket with object lock says that it has deleted what is locked, and keeps it under another name."""
        locked = find_locked(self._store, self._entry)
        if locked:
            self._refuse(
                f"{self._what} is locked in the storage: {locked}.",
                hint="Wait for the end of the retention. With force: true it is hidden, and its files stay as old "
                "versions.",
                details={"locked": locked},
            )

    def _read_backup(self) -> dict[str, t.Any] | None:
        """A directory without a Backup object is what a dead run has left."""
        if not self._entry.complete:
            return None
        try:
            backup = self._catalog.read_backup(self._entry.name)
        except ArchiveError as exc:
            self._refuse(
                f"{self._what} cannot be read: {exc.message}",
                hint=f"To delete it without knowing what it records: {BY_FORCE}.",
            )
            return None
        phase = phase_of(backup) if backup else ""
        if backup and phase not in TERMINAL_PHASES:
            self._refuse(
                f"{self._what} is not finished: its phase is {phase or 'New'}, so a Velero server may work on it.",
                hint=f"Wait until it is done. If no server will go on with it, {BY_FORCE} deletes it.",
            )
        return backup

    def _read_snapshots(self) -> RecordedSnapshots | None:
        try:
            return RecordedSnapshots(self._catalog.files(self._entry.name))
        except ArchiveError as exc:
            self._refuse(
                f"Nobody can say which snapshots {self._what[0].lower()}{self._what[1:]} has: {exc.message}",
                hint=f"To delete it and leave its snapshots behind: {BY_FORCE}.",
            )
            return None

    def _deletable(self, recorded: t.Sequence[RecordedSnapshot]) -> list[RecordedSnapshot]:
        """Those that can be deleted; the others are refused unless forced. What another backup records stays."""
        elsewhere = self._elsewhere.find(self._entry.name, recorded)
        self._shared = {
            snapshot: f"The snapshot {snapshot} stays: backup '{other}' records it as well."
            for snapshot, other in elsewhere.named.items()
        }
        self._warnings += self._shared.values()
        recorded = [snapshot for snapshot in recorded if snapshot not in elsewhere.named]
        unknown = {snapshot: why for snapshot in recorded if (why := elsewhere.why_not(snapshot))}
        left = unknown | self._deleter.why_not([snapshot for snapshot in recorded if snapshot not in unknown])
        if left and not self._force:
            raise ValidationError(
                f"{self._what} records snapshots that would be left behind: {reasons_text(left)}.",
                hint=f"Put that right, or let a Velero server delete it; {BY_FORCE} leaves them behind.",
                details={"snapshots": [snapshot._asdict() for snapshot in left]},
            )
        self._warnings += left_behind(left)
        return [snapshot for snapshot in recorded if snapshot not in left]

    def _find_restores(self) -> list[str]:
        """The files of the restores that were made from it."""
        restores = self._restores(self._entry.name)
        for restore in restores.unreadable:
            self._warnings.append(
                f"The record of restore '{restore}' is damaged and stays: it may have been made from this backup."
            )
        return [key for keys in restores.keys.values() for key in keys]

    def _refuse(self, message: str, *, hint: str, details: t.Mapping[str, t.Any] | None = None) -> None:
        if not self._force:
            raise ValidationError(message, hint=hint, details=details)
        self._warnings.append(message)


def find_locked(store: Store, entry: BackupEntry) -> str:
    """What object lock does not let go of a backup, in words; empty where all of it may go."""
    if not store.keeping().locks:
        return ""
    directory = BackupKeys(entry.name).directory
    files = [file for file in sorted(entry.files) if f"{directory}{file}" not in _notes(entry.name)]
    found = read_each(lambda file: store.locked(f"{directory}{file}"), files)
    locked = [f"{file} {phrase}" for file, phrase in zip(files, found, strict=True) if phrase]
    return some_of(locked, most=1)


def _notes(name: str) -> tuple[str, ...]:
    """What was written about a backup when it was stored already: its lock and the note of its deletion."""
    keys = BackupKeys(name)
    return keys.write_lock, keys.deletion


def being_made(what: str, holder: LockRecord) -> ValidationError:
    """The refusal of a backup that another run works on."""
    return ValidationError(
        f"{what} is in progress: {holder.who} works on it.",
        hint=f"Wait for it; if it died, its claim ends at {holder.expires_text}. force: true does not wait.",
        details={"holder": holder.to_dict()},
    )


def reasons_text(snapshots: t.Mapping[RecordedSnapshot, str]) -> str:
    """Some of the snapshots, with why they stay; a reason of several is said once."""
    named = {why: [str(each) for each in same] for why, same in _by_reason(snapshots).items()}
    found = [f"{some_of(same, most=_SHOWN)}: {why}" for why, same in named.items()]
    return some_of(found, most=_SHOWN, separator="; ")


def left_behind(snapshots: t.Mapping[RecordedSnapshot, str]) -> list[str]:
    """A warning for each reason, with all that stays because of it: nothing else will name them."""
    return [
        f"The {plural(len(same), 'snapshot')} {', '.join(map(str, same))} {plural(len(same), 'is', 'are')} left "
        f"behind, and nothing refers to {plural(len(same), 'it', 'them')} any more: {why}."
        for why, same in _by_reason(snapshots).items()
    ]


def _by_reason(snapshots: t.Mapping[RecordedSnapshot, str]) -> dict[str, list[RecordedSnapshot]]:
    found: dict[str, list[RecordedSnapshot]] = {}
    for snapshot, why in snapshots.items():
        found.setdefault(why.rstrip("."), []).append(snapshot)
    return found


__all__ = (
    "BY_FORCE",
    "DeletionPlan",
    "RestoreFinder",
    "being_made",
    "find_locked",
    "left_behind",
    "plan_deletion",
    "reasons_text",
)
