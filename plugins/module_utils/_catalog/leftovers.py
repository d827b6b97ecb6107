# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What killed runs have left in a storage location, under whatever name: the next run there finds it and removes it.

Never touched: what a live run works on, what a Velero server may be writing (it makes no locks), and files that name
snapshots, which would then be known to nobody.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    WriteLock,
    WriteLockHeld,
    read_write_lock,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BACKUPS, RESTORES, BackupKeys

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Unfinished

#: A file that nobody has written to for this long, and that no live lock covers, is a dead run's: longer than a lock.
_DEAD_FILE = dt.timedelta(seconds=150)
#: The same where there are no locks: checks of the location, records of restores.
_DEAD_PROBE = dt.timedelta(hours=1)
#: An upload of somebody who makes no locks, such as a Velero server.
_DEAD_UPLOAD = dt.timedelta(hours=24)


class Found(t.NamedTuple):
    """What was found, of which backup (empty for uploads), a sentence, and whether it is gone, or would be."""

    kind: t.Literal["claim", "upload"]
    name: str
    message: str
    removed: bool


def clear_leftovers(catalog: Catalog, name: str, *, dry_run: bool = False) -> list[str]:
    """Remove them, except those under ``name``, whose lock the caller has or had. A sentence for each find.

    With ``dry_run`` they stay, and the sentences say what would be removed.
    """
    return [found.message for found in find_leftovers(catalog, name, dry_run=dry_run)]


def find_leftovers(
    catalog: Catalog, name: str, *, dry_run: bool, locked: t.Sequence[BackupEntry] | None = None
) -> list[Found]:
    """The same, as what they are. ``locked``: the entries with a lock, where they are known already."""
    look = _Leftovers(catalog, name, dry_run=dry_run)
    try:
        look.clear_locks(catalog.entries() if locked is None else locked)
        look.clear_unfinished()
    except StoreError as exc:
        said = f"What killed runs may have left in {catalog.store.location.describe}: {exc.message}"
        look.found.append(Found("claim", "", said, removed=False))
    return look.found


class _Leftovers:
    def __init__(self, catalog: Catalog, name: str, *, dry_run: bool) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self._own = name
        self._dry_run = dry_run
        self._live: set[str] = {name}
        self._dead: set[str] = set()
        self.found: list[Found] = []

    def clear_locks(self, entries: t.Iterable[BackupEntry]) -> None:
        for entry in entries:
            if entry.locked and not entry.flat and entry.name != self._own:
                self._clear_lock(entry)

    def clear_unfinished(self) -> None:
        try:
            found = self._store.unfinished("")
        except StoreError:
            # A right that nothing else needs, and not every server has uploads in parts.
            return
        dead = [write for write in found if self._is_dead(write)]
        if dead:
            if not self._dry_run:
                self._store.drop_unfinished(dead)
            what = "upload in parts or temporary file" if len(dead) == 1 else "uploads in parts or temporary files"
            said = f"{len(dead)} {what} of killed runs: {'would be ' * self._dry_run}removed."
            self.found.append(Found("upload", "", said, removed=True))

    def _clear_lock(self, entry: BackupEntry) -> None:
        key = BackupKeys(entry.name).write_lock
        holder = read_write_lock(self._store, key)
        if holder is None or not is_over(self._catalog, entry.name, holder):
            self._live.add(entry.name)
            return
        self._dead.add(entry.name)
        run = f"{holder.who}, which has ended"
        if entry.deleting:
            self._say(
                entry,
                f"The deletion of backup '{entry.name}' did not come to its end ({run}): delete it again, with state: "
                "absent or by k8s_backup_prune.",
            )
            return
        if not entry.complete and (snapshots := self._snapshots(entry.name)):
            self._say(
                entry,
                f"Backup '{entry.name}' was interrupted ({run}), and {snapshots}: it was left as it is. Make it again "
                "or delete it with state: absent.",
            )
            return
        if self._dry_run:
            self._say(entry, _left_by(entry, run, "would be removed"), removed=True)
            return
        from ansible_collections.arkive.k8s.plugins.module_utils._catalog.removal import remove_files

        try:
            lock = WriteLock.acquire(
                self._store,
                key,
                run_id=f"clear-{secrets.token_hex(8)}",
                is_over=lambda record: is_over(self._catalog, entry.name, record),
            )
        except WriteLockHeld:
            self._live.add(entry.name)
            return
        with lock:
            if not self._catalog.exists(entry.name):
                remove_files(self._store, entry.name, keep_lock=True)
            self._say(entry, _left_by(entry, run, "removed"), removed=True)
        if lock.left_behind:
            self._say(entry, lock.left_behind)

    def _say(self, entry: BackupEntry, message: str, *, removed: bool = False) -> None:
        self.found.append(Found("claim", entry.name, message, removed))

    def _snapshots(self, name: str) -> str:
        # Hardly any run finds one.
        from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import RecordedSnapshots

        try:
            recorded = RecordedSnapshots(self._catalog.files(name)).all
        except ArchiveError as exc:
            return f"nobody can say which snapshots it names ({exc.message.rstrip('.')})"
        return f"its files name {len(recorded)} snapshot{'s' * (len(recorded) != 1)}" if recorded else ""

    def _is_dead(self, write: Unfinished) -> bool:
        age = utc_now() - write.begun
        root, _slash, rest = write.folder.partition("/")
        if f"{root}/" == BACKUPS and rest:
            return self._is_dead_of(rest.partition("/")[0], write, age)
        if write.folder and f"{root}/" != RESTORES:
            return False
        if write.folder and write.key:
            return age > _DEAD_UPLOAD
        return age > _DEAD_PROBE

    def _is_dead_of(self, name: str, write: Unfinished, age: dt.timedelta) -> bool:
        if name in self._live and name != self._own:
            return False
        ours = name in self._dead or name == self._own
        if write.key:
            # Under its own name a run looks before it writes anything.
            return ours or age > _DEAD_UPLOAD
        return age > _DEAD_FILE


def _left_by(entry: BackupEntry, run: str, removed: str) -> str:
    if entry.complete:
        return f"The claim of backup '{entry.name}', which is stored, was left by {run}: {removed}."
    return f"Backup '{entry.name}' was interrupted ({run}), its unfinished files: {removed}."


__all__ = ("Found", "clear_leftovers", "find_leftovers")
