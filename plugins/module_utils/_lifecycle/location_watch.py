# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location that is looked at again and again: what has changed since the look before. Needs no cluster.

A backup is told of once it is at its end. A state, as that of a schedule that is late, is told of when it begins and
when it ends, and at the first look if it is there already.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.name_lock import is_over
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.late_schedules import find_late, find_too_old
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_overview import schedules_of
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import (
    KnownPrunables,
    Prunable,
    Seen,
    read_prunables,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_backups import was_left
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.watch_events import (
    EVENT_KINDS,
    EventKind,
    LocationEvent,
    backup_members,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import read_write_lock
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """``schedules``: empty for all. ``max_age``: how old the newest good backup of a schedule may be, in seconds.

    ``lookback``: how long before the first look a backup may have been made that is told of (seconds).
    ``failed_looks``: how many looks in a row must fail until the location counts as unavailable.
    """

    schedules: tuple[str, ...] = ()
    max_age: float | None = None
    lookback: float = 0.0
    failed_looks: int = 2
    kinds: tuple[EventKind, ...] = EVENT_KINDS


class LocationWatch:
    """Keeps what was seen last. ``look`` is called by one thread at a time."""

    def __init__(self, store: Store, request: WatchRequest, cancel: CancelToken | None = None) -> None:
        self._store = store
        self._request = request
        self._cancel = cancel or CancelToken()
        self._known = KnownPrunables()
        self._ended: set[tuple[str, str, dt.datetime | None]] | None = None
        self._died: set[tuple[str, str]] = set()
        self._states: dict[tuple[str, str], bool] = {}
        self._failed = 0

    def look(self, now: dt.datetime | None = None) -> list[LocationEvent]:
        """What is new, in the order in which it is to be told. Raises ``Cancelled``."""
        now = now or utc_now()
        try:
            events = self._look(now)
        except Cancelled:
            raise
        except ArkiveError as exc:
            self._cancel.check()
            return self._chosen(self._unavailable(exc, now))
        self._failed = 0
        return self._chosen([*self._turn("location", "", False, now, _BACK, {}), *events])

    def _chosen(self, events: t.Iterable[LocationEvent]) -> list[LocationEvent]:
        return [event for event in events if event.kind in self._request.kinds]

    def _look(self, now: dt.datetime) -> list[LocationEvent]:
        """The state is kept only when all of it could be read: what could not is told of at the next look."""
        self._store.check(write=False)
        catalog = Catalog(self._store, self._cancel)
        catalog.validate(writable=False)
        seen = read_prunables(catalog, self._cancel, known=self._known)
        ended = {(backup.name, backup.phase, backup.made): backup for backup in seen.backups if _is_at_end(backup)}
        fresh = [backup for identity, backup in ended.items() if self._is_news(identity, now)]
        told = [self._ended_event(catalog, backup, now) for backup in sorted(fresh, key=_by_time)]
        died = {**self._dead_runs(catalog, seen), **self._left_by_servers(seen, now)}
        schedules = schedules_of(self._store, seen.backups, now)
        late = find_late(schedules, self._request.schedules, now)
        too_old = find_too_old(schedules, self._request.schedules, self._request.max_age, now)
        told += [self._event("backup_died", now, *died[key]) for key in sorted(died.keys() - self._died)]
        self._ended, self._died = set(ended), set(died)
        for state, findings in (("schedule", late), ("rpo", too_old)):
            for finding in findings:
                told += self._turn(state, finding.name, finding.is_bad, now, finding.message, finding.members)
        return told

    def _is_news(self, identity: tuple[str, str, dt.datetime | None], now: dt.datetime) -> bool:
        if self._ended is not None:
            return identity not in self._ended
        made = identity[2]
        return made is not None and (now - made).total_seconds() < self._request.lookback

    def _ended_event(self, catalog: Catalog, backup: Prunable, now: dt.datetime) -> LocationEvent:
        try:
            stored = catalog.read_backup(backup.name) if not backup.problem else None
        except StoreError:
            raise
        except ArkiveError:
            stored = None
        status = (stored or {}).get("status")
        members = {"backup": backup_members(backup, status if isinstance(status, dict) else {})}
        if backup.is_good:
            return self._event("backup_completed", now, f"Backup '{backup.name}' is Completed.", members)
        why = backup.problem or (
            f"Backup '{backup.name}' is {backup.phase}."
            if backup.phase != "Completed"
            else f"Backup '{backup.name}' is Completed, and the file with its objects is missing."
        )
        return self._event("backup_failed", now, why, members)

    def _dead_runs(self, catalog: Catalog, seen: Seen) -> dict[tuple[str, str], tuple[str, dict[str, t.Any]]]:
        """Runs that hold the name of a backup no more, and have not stored it."""
        found = {}
        for entry in seen.locked:
            holder = None
            if not entry.complete and not entry.deleting:
                holder = read_write_lock(self._store, BackupKeys(entry.name).write_lock)
            if holder is not None and is_over(catalog, entry.name, holder):
                message = f"The backup '{entry.name}' was not finished: {holder.who} ended, or lost the location."
                members = {"name": entry.name, "host": holder.host, "started": rfc3339(holder.started)}
                found[(entry.name, holder.nonce)] = message, {"backup": members}
        return found

    def _left_by_servers(self, seen: Seen, now: dt.datetime) -> dict[tuple[str, str], tuple[str, dict[str, t.Any]]]:
        """Backups that a server has stored and does not go on with."""
        return {
            (backup.name, backup.phase): (
                f"Backup '{backup.name}' is still {backup.phase or 'New'}, and its server has left it.",
                {"backup": backup_members(backup, {})},
            )
            for backup in seen.backups
            if not backup.problem and not backup.deleting and backup.made and was_left(backup.phase, backup.made, now)
        }

    def _unavailable(self, exc: ArkiveError, now: dt.datetime) -> list[LocationEvent]:
        self._failed += 1
        if self._failed < self._request.failed_looks:
            return []
        failure = exc.failure if isinstance(exc, StoreError) else "other"
        return self._turn("location", "", True, now, exc.sentence, {"failure": {"kind": failure}})

    def _turn(
        self, state: str, name: str, bad: bool, now: dt.datetime, message: str, members: t.Mapping[str, t.Any]
    ) -> list[LocationEvent]:
        """An event when the state is another one than it was; at the beginning all is well."""
        if self._states.get((state, name), False) == bad:
            return []
        self._states[(state, name)] = bad
        return [self._event(_KINDS[state][0 if bad else 1], now, message, members)]

    def _event(
        self, kind: EventKind, now: dt.datetime, message: str, members: t.Mapping[str, t.Mapping[str, t.Any]]
    ) -> LocationEvent:
        place = self._store.location.describe
        return LocationEvent(kind=kind, location=place, seen=now, message=message, subject=members)


_BACK = "The location can be read again."
#: What is told when a state begins, and when it ends.
_KINDS: t.Mapping[str, tuple[EventKind, EventKind]] = {
    "location": ("location_unavailable", "location_available"),
    "schedule": ("schedule_missed", "schedule_recovered"),
    "rpo": ("rpo_breached", "rpo_recovered"),
}


def _is_at_end(backup: Prunable) -> bool:
    return not backup.deleting and (backup.phase in TERMINAL_PHASES or bool(backup.problem))


def _by_time(backup: Prunable) -> tuple[str, str]:
    return rfc3339(backup.made) if backup.made else "", backup.name


__all__ = ("LocationWatch", "WatchRequest")
