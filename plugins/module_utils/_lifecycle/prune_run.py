# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a location: what shall not stay goes, by one run at a time.

Whatever is killed here is gone on with by the next run: a backup whose deletion was begun says so by an object beside
its files, and goes whatever the rules say.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import RemoveObjects
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import RestoreIndex
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.snapshot_deleter import (
    SnapshotDeleter,
    SnapshotProvider,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import Seen, read_prunables
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_deletions import PruneDeletions
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_leftovers import (
    FindLeft,
    LeftoverUse,
    clear_strays,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import (
    Leftover,
    PrunedBackup,
    PruneOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import (
    Retention,
    RetentionPlan,
    plan_retention,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_record import (
    PRUNE_LOCK,
    read_rules,
    write_rules,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store, refuse_write
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    LockRecord,
    WriteLock,
    WriteLockHeld,
    require_free,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PruneRequest:
    """What shall stay of a location, and who removes what is not in it.

    ``providers`` delete snapshots of volumes, ``remove_objects`` the objects of a cluster that stand for a backup.
    ``find_left``: who look for snapshots that killed runs have left, each in a place of its own.
    """

    retention: Retention = dataclasses.field(default_factory=Retention)
    leftovers: LeftoverUse = "found"
    providers: tuple[SnapshotProvider, ...] = ()
    remove_objects: RemoveObjects | None = None
    find_left: tuple[FindLeft, ...] = ()


def prune(
    request: PruneRequest,
    store: Store,
    *,
    context: RunContext,
    check_mode: bool = False,
) -> PruneOutcome:
    """Raises ``ArkiveError`` when the location cannot be pruned at all; what one backup meets is in the outcome."""
    refuse_write(store.location)
    store.check(write=True, touch=not check_mode)
    Catalog(store).validate()
    try:
        lock = _acquire(store, check_mode=check_mode)
    except WriteLockHeld as exc:
        said = f"Another run prunes {store.location.describe}: {exc.holder.who}."
        return PruneOutcome(location=store.location.describe, warnings=(said,))
    if lock is None:
        return _Pruning(request, store, context, lock=None).run()
    with lock:
        outcome = _Pruning(request, store, context, lock=lock).run()
    return dataclasses.replace(outcome, warnings=(*outcome.warnings, *filter(None, [lock.left_behind])))


def _acquire(store: Store, *, check_mode: bool) -> WriteLock | None:
    """None in check mode, where it could be had. Raises ``WriteLockHeld``."""

    def is_over(holder: LockRecord) -> bool:
        return holder.is_gone

    if check_mode:
        require_free(store, PRUNE_LOCK, is_over=is_over)
        return None
    return WriteLock.acquire(store, PRUNE_LOCK, run_id=secrets.token_hex(8), is_over=is_over)


class _Pruning:
    """One run. Without ``lock`` nothing is changed."""

    def __init__(self, request: PruneRequest, store: Store, context: RunContext, *, lock: WriteLock | None) -> None:
        self._request = request
        self._store = store
        self._context = context
        self._now = context.now()
        self._lock = lock
        self._catalog = Catalog(store, context.cancel)
        self._deletions = PruneDeletions(
            self._catalog,
            context,
            SnapshotDeleter(request.providers),
            restores=lambda: self._restores,
            remove_objects=request.remove_objects,
            lock=lock,
        )
        self._pruned: dict[str, PrunedBackup] = {}
        self._leftovers: list[Leftover] = []
        self._warnings: list[str] = []

    @functools.cached_property
    def _restores(self) -> RestoreIndex:
        """Read when something is to go."""
        return RestoreIndex(self._store, self._now)

    def run(self) -> PruneOutcome:
        before = read_rules(self._store)
        retention = self._request.retention
        seen = read_prunables(self._catalog, self._context.cancel, verified=retention.min_good_verified)
        plan = plan_retention(seen.backups, retention, self._now, before=before)
        self._warnings += self._without_backups(seen)
        try:
            for pruned in self._deletions.run(verdict for verdict in plan.verdicts if verdict.goes):
                self._pruned[pruned.name] = pruned
            self._write_rules(before, plan)
            for leftover in self._clear_strays(seen):
                self._leftovers.append(leftover)
        except ArkiveError as exc:
            # A run that is broken off: what is gone by now is said all the same.
            so_far = self._outcome(plan)
            changed = so_far.changed or bool(exc.details.get("changed"))
            exc.details.update(so_far.to_return(), changed=changed)
            raise
        return self._outcome(plan)

    def _outcome(self, plan: RetentionPlan) -> PruneOutcome:
        """In the order of the plan, however far the deletions have come."""
        kept = {
            verdict.backup.name: PrunedBackup(verdict=verdict, state="kept")
            for verdict in plan.verdicts
            if not verdict.goes
        }
        known = kept | self._pruned
        backups = tuple(known[each.backup.name] for each in plan.verdicts if each.backup.name in known)
        return PruneOutcome(
            location=self._store.location.describe,
            backups=backups,
            leftovers=tuple(self._leftovers),
            refused=plan.refused,
            warnings=(*self._warnings, *dict.fromkeys(self._deletions.warnings), *self._versions(backups)),
        )

    def _write_rules(self, before: t.Mapping[str, t.Any], plan: RetentionPlan) -> None:
        """When all is done: a run that dies before is followed by one that knows the older rules still."""
        after = {**before, **plan.rules}
        worth = any(rules or name in before for name, rules in plan.rules.items())
        if self._lock is None or after == before or not worth:
            return
        try:
            self._lock.require_held()
            write_rules(self._store, after)
        except StoreError as exc:
            self._warnings.append(f"The rules of this run could not be recorded: {exc.message}")

    def _clear_strays(self, seen: Seen) -> t.Iterator[Leftover]:
        if self._request.leftovers == "ignored" or self._deletions.gave_up:
            return
        yield from clear_strays(
            self._catalog,
            lambda: self._restores,
            self._request.find_left,
            locked=seen.locked,
            had_backups=bool(seen.backups),
            remove=self._request.leftovers == "removed",
            dry_run=self._lock is None,
        )

    def _without_backups(self, seen: Seen) -> t.Iterator[str]:
        """A name that is misspelt would keep everything, and nobody would see it."""
        where = self._store.location.describe
        if not seen.backups:
            yield f"There is no backup in {where}. If there should be, check its bucket, prefix or path."
            return
        known = {backup.schedule for backup in seen.backups}
        for name in self._request.retention.schedules:
            if label_value(name) not in known:
                yield f"There is no backup of schedule '{name}' in {where}. If there should be, check the name."

    def _versions(self, pruned: t.Sequence[PrunedBackup]) -> t.Iterator[str]:
        if any(backup.hidden for backup in pruned):
            yield (
                f"{self._store.location.describe} keeps old versions: what was deleted is hidden, and takes its space "
                "until the bucket's own rules remove it."
            )


__all__ = ("PruneRequest", "prune")
