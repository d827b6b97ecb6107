# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backups of a location as retention sees them: little of each, so that thousands fit into memory."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog, is_good_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.database_proofs import has_failed_proof
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import Hold, read_hold
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.side_by_side import read_each
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.verification import read_verification
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import VERIFIED, BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import (
    expires_at,
    find_problems,
    made_at,
    phase_of,
    schedule_of,
)

#: An empty list as JSON, compressed with gzip, has fewer bytes; a record of a snapshot has more.
_EMPTY_RECORD = 48


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """A backup that a server sees, or one whose deletion was begun.

    ``schedule``: the label's value, empty for one that none made. ``expires``: None for never. ``problem``: why nobody
    can say what it is, a sentence. ``has_archive``: the file with its objects is there. ``records_volumes``: its files
    or objects may record snapshots, or a run's lock lies among them. ``verified``: it was read back and found sound.
    """

    name: str
    schedule: str = ""
    phase: str = ""
    made: dt.datetime | None = None
    expires: dt.datetime | None = None
    hold: Hold | None = None
    problem: str = ""
    size: int = 0
    deleting: bool = False
    flat: bool = False
    has_archive: bool = True
    records_volumes: bool = True
    verified: bool = False

    @property
    def is_good(self) -> bool:
        """Whether all of it can be restored, as far as a listing tells."""
        good = is_good_backup(self.phase, has_archive=self.has_archive, deleting=self.deleting)
        return good and not self.problem


class Seen(t.NamedTuple):
    """``backups``: by name. ``locked``: what a run works on, or has."""

    backups: list[Prunable]
    locked: list[BackupEntry]


class KnownPrunables:
    """What earlier looks at a location have read, for who looks again and again.

    A backup is read again when the listing says something else of it, and while it is not at its end.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[t.Any, Prunable]] = {}

    def find(self, entry: BackupEntry) -> Prunable | None:
        told, backup = self._known.get(entry.name, (None, None))
        return backup if backup is not None and told == _told_by_listing(entry) else None

    def keep_only(self, backups: t.Mapping[str, Prunable], entries: t.Iterable[BackupEntry]) -> None:
        """In the place of what was known before."""
        self._known = {
            entry.name: (_told_by_listing(entry), backups[entry.name])
            for entry in entries
            if entry.name in backups and backups[entry.name].phase in TERMINAL_PHASES
        }


def _told_by_listing(entry: BackupEntry) -> tuple[t.Any, ...]:
    return (entry.written, entry.size, entry.objects, entry.held, entry.deleting)


def read_prunables(
    catalog: Catalog, cancel: CancelToken, *, verified: bool = False, known: KnownPrunables | None = None
) -> Seen:
    """One listing, one read for each backup that is not ``known``, one for each hold, and for each verification."""
    known = known or KnownPrunables()
    entries = catalog.entries()
    looked_at = [entry for entry in entries if entry.complete or entry.deleting]
    found = read_each(
        lambda entry: known.find(entry) or _read(catalog, entry, verified=verified), looked_at, cancel=cancel
    )
    backups = [backup for backup in found if backup is not None]
    known.keep_only({backup.name: backup for backup in backups}, looked_at)
    return Seen(backups, [entry for entry in entries if entry.locked])


def _read(catalog: Catalog, entry: BackupEntry, *, verified: bool) -> Prunable | None:
    """None for one that is gone by now."""
    if not entry.is_named:
        return Prunable(name=entry.name, size=entry.size, problem=f"'{entry.name}' cannot be the name of a backup.")
    seen = Prunable(
        name=entry.name,
        size=entry.size,
        deleting=entry.deleting,
        flat=entry.flat,
        hold=read_hold(catalog.store, entry.name) if entry.held else None,
        has_archive=entry.has_archive,
        records_volumes=entry.locked or entry.deleting or _may_record_volumes(entry),
    )
    if not entry.complete:
        return seen
    try:
        backup = catalog.read_backup(entry.name)
    except (ArchiveError, ValidationError) as exc:
        return dataclasses.replace(seen, problem=exc.message)
    if backup is None:
        return None
    problems = find_problems(backup, entry.name)
    if problems:
        return dataclasses.replace(seen, problem=f"It cannot be trusted. {' '.join(problems)}")
    is_verified = verified and _is_verified(catalog, entry, backup)
    records_volumes = seen.records_volumes or _moves_data(backup)
    told = _told(backup, entry.name)
    return dataclasses.replace(seen, **told, verified=is_verified, records_volumes=records_volumes)


def _is_verified(catalog: Catalog, entry: BackupEntry, backup: t.Mapping[str, t.Any]) -> bool:
    if f"{entry.name}{VERIFIED}" not in entry.files:
        return False
    found = read_verification(catalog.store, entry.name)
    if found is None or not (found.sound and found.is_of(backup)):
        return False
    if BackupKeys(entry.name).proofs.rpartition("/")[2] not in entry.files:
        return True
    return not has_failed_proof(catalog.store, entry.name, backup)


def _may_record_volumes(entry: BackupEntry) -> bool:
    keys = BackupKeys(entry.name)
    records = (keys.volumeinfo, keys.volumesnapshots, keys.podvolumebackups, keys.csi_volumesnapshotcontents)
    return any(entry.files.get(key.rpartition("/")[2], 0) > _EMPTY_RECORD for key in records)


def _moves_data(backup: t.Mapping[str, t.Any]) -> bool:
    """Velero 1.12 writes no file about what was moved: only the backup's objects name it (docs/compatibility 19.2)."""
    spec = backup.get("spec")
    return isinstance(spec, dict) and spec.get("snapshotMoveData") is True


def _told(backup: t.Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
    return {
        "schedule": schedule_of(backup),
        "phase": phase_of(backup),
        "made": made_at(backup, name),
        "expires": expires_at(backup),
    }


__all__ = ("KnownPrunables", "Prunable", "Seen", "read_prunables")
