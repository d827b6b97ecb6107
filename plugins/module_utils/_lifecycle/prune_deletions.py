# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backups that shall not stay go, one after the other; those with moved data begin, and end, some at a time.

A pod that opens a repository takes as long as all that it does there. So backups whose data was moved are begun one
after the other, each with its lock and its note, until there are enough; then one pod for each repository forgets the
snapshots of all of them, and each goes on by itself. Of a run that dies, each has its note by then.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import (
    Deletion,
    EntryDeletion,
    RemoveObjects,
    StaysAfterAll,
)
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.named_elsewhere import NamedElsewhere
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restores import RestoreIndex, find_running
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.snapshot_deleter import SnapshotDeleter
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import Prunable
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PrunedBackup
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Verdict
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Keeping
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import WriteLock

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

#: After these nothing more is tried: the next request would fail as well.
_HOPELESS = frozenset({"unreachable", "credentials", "no_location", "lost"})
_NAMED = 3
#: So many backups have begun at once: each is a lock that is renewed.
MOST_BEGUN = 20
#: So many snapshots of one repository go at once, or those of one backup: what one pod is asked for and can answer.
MOST_SNAPSHOTS = 50


_T = t.TypeVar("_T")


#: Of a snapshot: its kind, namespace and id.
_Key: t.TypeAlias = "tuple[str, str, str]"


class _Begun(t.NamedTuple):
    verdict: Verdict
    deletion: EntryDeletion


class PruneDeletions:
    """Carries verdicts out. Without ``lock`` nothing is changed. ``gave_up``: why nothing more is tried.

    ``restores``: those of the location, read when something is to go.
    """

    def __init__(
        self,
        catalog: Catalog,
        context: RunContext,
        deleter: SnapshotDeleter,
        *,
        restores: t.Callable[[], RestoreIndex],
        remove_objects: RemoveObjects | None,
        lock: WriteLock | None,
    ) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self._context = context
        self._deleter = deleter
        self._find_restores = restores
        self._remove_objects = remove_objects
        self._lock = lock
        self._elsewhere = NamedElsewhere(catalog)
        self._begun: list[_Begun] = []
        self._said: list[str] = []
        #: What was said of snapshots that others record, and which snapshots have gone.
        self._shared: dict[str, _Key] = {}
        self._gone: set[_Key] = set()
        self.gave_up = ""

    @property
    def warnings(self) -> list[str]:
        """Of those that are deleted. That another one keeps a snapshot is none where both have gone."""
        return [said for said in self._said if self._shared.get(said) not in self._gone]

    @functools.cached_property
    def _keeping(self) -> Keeping:
        return self._store.keeping()

    @property
    def _restores(self) -> RestoreIndex:
        return self._find_restores()

    def run(self, verdicts: t.Iterable[Verdict]) -> t.Iterator[PrunedBackup]:
        """What became of each, as soon as that is known. Raises ``Cancelled``."""
        try:
            for verdict in verdicts:
                yield from self._delete(verdict)
            yield from self._end_begun()
        except ArkiveError:
            for each in self._begun:
                each.deletion.take_back()
            raise
        finally:
            for each in self._begun:
                each.deletion.leave()

    def _delete(self, verdict: Verdict) -> t.Iterator[PrunedBackup]:
        """Nothing is told yet of one that has only begun."""
        found = self._look_at(verdict)
        if isinstance(found, EntryDeletion) and self._is_too_much(found):
            yield from self._end_begun()
            # What others record has changed.
            found = self._look_at(verdict)
        told: PrunedBackup | None
        if isinstance(found, EntryDeletion):
            told = self._attempt(verdict, functools.partial(self._begin, verdict, found))
        else:
            told = found
        if told is not None:
            yield told

    def _look_at(self, verdict: Verdict) -> EntryDeletion | PrunedBackup:
        """How it goes; what became of one of which that is known already. Raises ``Cancelled``."""
        if self.gave_up:
            return PrunedBackup(verdict=verdict, state="failed", error=f"It was not tried: {self.gave_up}")
        self._context.cancel.check()
        return self._attempt(verdict, functools.partial(self._look, verdict))

    def _attempt(self, verdict: Verdict, step: t.Callable[[], _T]) -> _T | PrunedBackup:
        """What the step gives; what it meets is said of the backup. Raises ``Cancelled``."""
        try:
            return step()
        except Cancelled:
            raise
        except StaysAfterAll as exc:
            return PrunedBackup(verdict=verdict.stays(exc.why), state="kept")
        except ArkiveError as exc:
            locked = exc.details.get("locked") if isinstance(exc, ValidationError) else None
            if locked and not verdict.backup.deleting:
                # The storage does not let it go.
                return PrunedBackup(verdict=verdict.stays(f"it is locked in the storage: {locked}"), state="kept")
            self._lose_hope(exc)
            gone = len(exc.details.get("deleted_snapshots") or ())
            self._context.progress(f"{verdict.backup.name} could not be deleted")
            return PrunedBackup(verdict=verdict, state="failed", error=exc.sentence, snapshots=gone)

    def _look(self, verdict: Verdict) -> EntryDeletion | PrunedBackup:
        name, may_be_read = verdict.backup.name, _may_be_read(verdict.backup)
        why = self._in_use(name) if may_be_read else ""
        if why:
            return PrunedBackup(verdict=verdict.stays(why), state="kept")
        if self._lock is None and not verdict.backup.records_volumes and not self._keeping.locks:
            # The listing says enough.
            return self._deleted(verdict, verdict.backup.size)
        if self._lock is not None:
            self._lock.require_held()
        entry = self._catalog.entry(name)
        if entry is None:
            # Somebody else was quicker, and it is gone.
            return PrunedBackup(verdict=verdict, state="deleted")
        how = Deletion(
            deleter=self._deleter,
            check_mode=self._lock is None,
            restores=self._restores.of,
            remove_objects=self._remove_objects,
            made=verdict.backup.made,
            why_not=functools.partial(self._in_use_by_now, name) if may_be_read else str,
            go_on=self._require_hope,
            elsewhere=self._elsewhere,
        )
        return EntryDeletion(self._catalog, entry, how)

    def _begin(self, verdict: Verdict, deletion: EntryDeletion) -> PrunedBackup | None:
        """None for one that goes on with others."""
        name = verdict.backup.name
        if self._lock is None:
            self._elsewhere.going.add(name)
            return self._finish(verdict, deletion, {})
        self._context.progress(f"deletes {name}: {'; '.join(verdict.reasons)}")
        if not deletion.begin():
            # It goes at once, and those that have begun may stay yet.
            return self._finish_at_once(verdict, deletion)
        if not deletion.moved:
            return self._finish(verdict, deletion, {})
        self._begun.append(_Begun(verdict, deletion))
        self._elsewhere.going.add(name)
        return None

    def _finish_at_once(self, verdict: Verdict, deletion: EntryDeletion) -> PrunedBackup:
        try:
            stay = self._named_by_begun(verdict.backup.name, deletion.moved)
        except ArkiveError:
            deletion.take_back()
            raise
        return self._finish(verdict, deletion, stay)

    def _named_by_begun(self, name: str, moved: t.Sequence[RecordedSnapshot]) -> dict[RecordedSnapshot, str]:
        """Why some stay: with those that have begun, too, it is asked who records them."""
        going, self._elsewhere.going = self._elsewhere.going, set()
        try:
            found = self._elsewhere.find(name, moved)
        finally:
            self._elsewhere.going = going
        return {one: why for one in moved if (why := found.why_stays(one))}

    def _is_too_much(self, deletion: EntryDeletion) -> bool:
        """Whether those that have begun go first."""
        if not self._begun or not deletion.moved:
            return False
        counts = collections.Counter(one.namespace for each in self._begun for one in each.deletion.moved)
        counts.update(one.namespace for one in deletion.moved)
        return len(self._begun) >= MOST_BEGUN or max(counts.values()) > MOST_SNAPSHOTS

    def _end_begun(self) -> t.Iterator[PrunedBackup]:
        """Their snapshots go at once, and then each by itself."""
        if not self._begun:
            return
        used: list[PrunedBackup] = []
        stay: dict[RecordedSnapshot, str] = {}
        refusal: ArkiveError | None = None
        try:
            used = self._let_go_of_used()
            stay = self._delete_ahead()
        except Cancelled:
            raise
        except ArkiveError as exc:
            refusal = exc
            self._lose_hope(exc)
        yield from used
        while self._begun:
            if refusal is None:
                self._check_begun()
            each = self._begun.pop(0)
            yield self._attempt(each.verdict, functools.partial(self._end, each, stay, refusal))
        self._elsewhere.going.clear()

    def _check_begun(self) -> None:
        """Raise ``Cancelled`` between those that were asked for, which the next run goes on with."""
        cancel = self._context.cancel
        if cancel.is_cancelled:
            names = some_of([each.verdict.backup.name for each in self._begun], most=_NAMED)
            raise Cancelled(
                f"The run was cancelled: {cancel.reason}.",
                hint=f"The deletion of {names} has begun: run this again, so that the rest goes.",
                details={"changed": True},
            )

    def _let_go_of_used(self) -> list[PrunedBackup]:
        """A restore asks for no note, and may have begun since the first of them did."""
        running = find_running(self._store, self._context.now())
        kept: list[PrunedBackup] = []
        for each in list(self._begun):
            backup = each.verdict.backup
            why = _used_by(running.get(backup.name, ())) if _may_be_read(backup) else ""
            if why:
                self._begun.remove(each)
                self._elsewhere.going.discard(each.verdict.backup.name)
                each.deletion.take_back()
                kept.append(PrunedBackup(verdict=each.verdict.stays(why), state="kept"))
        return kept

    def _delete_ahead(self) -> dict[RecordedSnapshot, str]:
        """Why some stay after all: a backup that stays, or was stored meanwhile, records them."""
        if self._lock is not None:
            self._lock.require_held()
        moved = [one for each in self._begun for one in each.deletion.moved]
        found = self._elsewhere.find("", moved)
        stay = {one: why for one in moved if (why := found.why_stays(one))}
        if len(self._begun) > 1:
            what = f"{counted(len(moved), 'snapshot')} of {counted(len(self._begun), 'backup')}"
            self._context.progress(f"takes {what} out of repositories")
        for each in self._begun:
            each.deletion.asked()
        self._deleter.delete_ahead([one for one in moved if one not in stay])
        return stay

    def _end(self, begun: _Begun, stay: t.Mapping[RecordedSnapshot, str], refusal: ArkiveError | None) -> PrunedBackup:
        if self.gave_up:
            # Whoever comes next finds the note; what became of the snapshots is known without the storage.
            begun.deletion.leave(silently=True)
        if refusal is not None:
            begun.deletion.take_back()
            raise refusal
        return self._finish(begun.verdict, begun.deletion, stay)

    def _finish(
        self, verdict: Verdict, deletion: EntryDeletion, stay: t.Mapping[RecordedSnapshot, str]
    ) -> PrunedBackup:
        done = deletion.run() if self._lock is None else deletion.finish(stay)
        self._said += [issue.message for issue in done.issues.warnings]
        self._shared |= {said: _key(one._asdict()) for one, said in deletion.plan.shared.items()}
        self._gone |= {_key(one) for one in done.deleted_snapshots}
        return self._deleted(verdict, deletion.plan.entry.size, snapshots=len(done.deleted_snapshots))

    def _lose_hope(self, exc: ArkiveError) -> None:
        if isinstance(exc, StoreError) and exc.failure in _HOPELESS:
            self.gave_up = self.gave_up or exc.message

    def _require_hope(self) -> None:
        if self.gave_up:
            raise CatalogError(f"Its deletion has begun, and goes on with the next run: {self.gave_up}")

    def _in_use(self, name: str) -> str:
        """Why a backup stays that a restore reads; empty when none does."""
        return _used_by(self._restores.running(name))

    def _in_use_by_now(self, name: str) -> str:
        """The same of one that has begun since the restores were read: a run may take hours."""
        return _used_by(find_running(self._store, self._context.now()).get(name, ()))

    def _deleted(self, verdict: Verdict, size: int, *, snapshots: int = 0) -> PrunedBackup:
        restores = sum(self._restores.size(restore) for restore in self._restores.of(verdict.backup.name).keys)
        if self._lock is not None:
            self._restores.forget(verdict.backup.name)
        return PrunedBackup(
            verdict=verdict,
            state="deleted",
            freed=size + restores,
            snapshots=snapshots,
            hidden=self._keeping.versions,
        )


def _may_be_read(backup: Prunable) -> bool:
    """Of one that its deletion has hidden already, nobody restores; what is left of its restores may look as if."""
    return not backup.deleting or backup.made is not None


def _key(snapshot: t.Mapping[str, t.Any]) -> _Key:
    return snapshot["kind"], snapshot["namespace"], snapshot["handle"]


def _used_by(restores: t.Sequence[str]) -> str:
    return f"restore {some_of(restores, most=_NAMED)} from it is not finished" if restores else ""


__all__ = ("MOST_BEGUN", "MOST_SNAPSHOTS", "PruneDeletions")
