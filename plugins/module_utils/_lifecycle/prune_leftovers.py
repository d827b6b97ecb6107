# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to nobody in a location, and in the cluster that it is for: found, and removed where that is asked."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import delete_checked
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry, Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.leftovers import find_leftovers
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import RestoreIndex
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import Kind, Leftover
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_record import PRUNE_LOCK
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ObjectInfo, Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    LockRecord,
    WriteLock,
    WriteLockHeld,
    lock_of_ticket,
    read_write_lock,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RESTORES
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot

#: What is done with them.
LeftoverUse: t.TypeAlias = t.Literal["ignored", "found", "removed"]

#: Looks for snapshots that runs have left which made backups in a location, by its own words. Raises ``ArkiveError``.
FindLeft: t.TypeAlias = t.Callable[[str], t.Sequence[LeftSnapshot]]

_OWN_FOLDER = "metadata/arkive/"
#: A bucket that somebody has emptied, or filled anew, is no reason to lose what its backups can be told from.
_NOTHING_THERE = "It stays, because no backup at all is there."
_CALLED: t.Mapping[Kind, str] = {
    "claim": "killed runs have left claims or uploads",
    "restore": "records of restores were left",
    "snapshot": "snapshots were left",
}


def clear_strays(
    catalog: Catalog,
    restores: t.Callable[[], RestoreIndex],
    snapshots: t.Sequence[FindLeft],
    *,
    locked: t.Sequence[BackupEntry],
    had_backups: bool,
    remove: bool,
    dry_run: bool,
) -> t.Iterator[Leftover]:
    """All of them. ``locked``: the entries with a lock. ``restores``: gives the index, which is read when it is needed.

    ``had_backups``: there were some when the run began. Where there never were any, the location may be the wrong one.

    With ``dry_run`` nothing is removed, and ``removed`` says what would be. One kind that cannot be looked for, or
    removed, keeps no other from being seen to, and is a find without a name that says so.
    """
    how = {"remove": remove, "dry_run": dry_run}
    looks: list[tuple[Kind, t.Iterator[Leftover]]] = [
        ("claim", _of_backups(catalog, locked, **how)),
        ("claim", _dead_locks(catalog.store, **how)),
        ("restore", _stray_restores(catalog, restores, **how)),
    ]
    looks += [("snapshot", _stray_snapshots(catalog, find, had_backups, **how)) for find in snapshots]
    for kind, look in looks:
        try:
            yield from look
        except Cancelled:
            raise
        except ArkiveError as exc:
            yield Leftover(kind=kind, name="", message=f"Whether {_CALLED[kind]} is unknown: {exc.sentence}")


def _of_backups(
    catalog: Catalog, locked: t.Sequence[BackupEntry], *, remove: bool, dry_run: bool
) -> t.Iterator[Leftover]:
    for found in find_leftovers(catalog, "", dry_run=dry_run or not remove, locked=locked):
        yield Leftover(kind=found.kind, name=found.name, message=found.message, removed=remove and found.removed)


def _dead_locks(store: Store, *, remove: bool, dry_run: bool) -> t.Iterator[Leftover]:
    """Those of schedules, and what was left of taking over one."""
    listed = store.list(_OWN_FOLDER).objects
    yield from _dead_tickets(store, listed, remove=remove, dry_run=dry_run)
    for info in listed:
        if not info.key.endswith(".lock") or info.key == PRUNE_LOCK:
            continue
        holder = read_write_lock(store, info.key)
        if holder is None or not _is_dead(holder):
            continue
        if remove and not dry_run:
            try:
                WriteLock.acquire(store, info.key, run_id=f"clear-{secrets.token_hex(8)}", is_over=_is_dead).release()
            except WriteLockHeld:
                continue
        said = f"The claim {info.key} was left by {holder.who}, which has ended."
        yield Leftover(kind="claim", name=info.key, message=said, removed=remove, size=info.size)


def _dead_tickets(store: Store, listed: t.Sequence[ObjectInfo], *, remove: bool, dry_run: bool) -> t.Iterator[Leftover]:
    """While the lock that it was made for is there, a ticket keeps others from taking that over at the same time.

    The lock of this run was made anew, so that no ticket from before is for it.
    """
    held = {info.key for info in listed} - {PRUNE_LOCK}
    for info in listed:
        lock = lock_of_ticket(info.key)
        if not lock or lock in held:
            continue
        maker = read_write_lock(store, info.key)
        if maker is None or maker.is_damaged or utc_now() < maker.expires:
            continue
        if remove and not dry_run:
            store.delete_many([info.key])
        said = f"{info.key} was left by {maker.who}, which was taking over {lock} and has ended."
        yield Leftover(kind="claim", name=info.key, message=said, removed=remove, size=info.size)


def _is_dead(holder: LockRecord) -> bool:
    return utc_now() >= holder.expires or holder.is_gone


def _stray_restores(
    catalog: Catalog, restores: t.Callable[[], RestoreIndex], *, remove: bool, dry_run: bool
) -> t.Iterator[Leftover]:
    """Records of restores whose backup is not there, and to which nobody has written for a day."""
    index = restores()
    quiet = {restore: source for restore, source in index.sources.items() if source and index.is_quiet(restore)}
    names = {entry.name for entry in catalog.entries()} if quiet else set()
    for restore, source in sorted(quiet.items()):
        if source in names:
            continue
        said = f"The records of restore '{restore}' are of backup '{source}', which is not there."
        size = index.size(restore)
        if remove and not dry_run:
            try:
                delete_checked(catalog.store, RESTORES, index.keys(restore))
            except Cancelled:
                raise
            except ArkiveError as exc:
                yield Leftover(kind="restore", name=restore, message=f"{said} {exc.sentence}", size=size)
                continue
        yield Leftover(kind="restore", name=restore, message=said, removed=remove, size=size)


def _stray_snapshots(
    catalog: Catalog, find: FindLeft, had_backups: bool, *, remove: bool, dry_run: bool
) -> t.Iterator[Leftover]:
    """Those of runs that were killed. The snapshots are looked for first: a run that begins later has its lock then."""
    found = find(catalog.store.location.describe)
    if not found:
        return
    names = [entry.name for entry in catalog.entries()]
    known = {*names, *map(label_value, names)}
    for each in found:
        if each.backup in known:
            continue
        said = f"The {each.what} {each.where} is of backup '{each.backup}', which is not there."
        why = "" if names or had_backups else _NOTHING_THERE
        if remove and not dry_run:
            why = why or each.remove()
        yield Leftover(kind="snapshot", name=each.where, message=f"{said} {why}".strip(), removed=remove and not why)


__all__ = ("FindLeft", "LeftoverUse", "clear_strays")
