# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writer for a name: a write lock, an object in the store that the writer keeps renewing.

A lock is made by put-if-absent. An expired one is taken over through a second object whose name is the digest of the
expired lock's bytes, made by put-if-absent too: of all runs that found the same expired lock exactly one makes it,
looks again whether the lock is still that one, and replaces it. Each lock has a random part, so a digest never comes
back and the second object can be removed at once. Where the server has no conditional writes, a writer waits a moment
and looks whether its lock is still there.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import os
import re
import socket
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LONGEST_SECONDS, LockRecord

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_MAX_BYTES = 1 << 16
_RENEWALS = 3  # in each life of a lock
_RETRIES = 12
#: How long two writers at once may take to see each other where the server has no conditional writes (seconds).
_VISIBLE_SECONDS = 2.0
_VISIBLE_ATTEMPTS = 5
_TAKEOVER_ATTEMPTS = 5
#: A lock that ends later than this from now was written by a clock that was wrong.
_BELIEVED = dt.timedelta(hours=1)
_TICKET = re.compile(r"(?P<lock>.+\.lock)-takeover-[0-9a-f]{16}\.json")


class WriteLockHeld(StoreError):
    """Another run holds the lock; ``holder`` says which."""

    def __init__(self, key: str, holder: LockRecord) -> None:
        super().__init__(
            f"Another run works on {key.rpartition('/')[0]}: {holder.who}.",
            failure="held",
            hint=f"Wait for it; if it died, its claim ends at {holder.expires_text}: run the task again after that.",
            details={"holder": holder.to_dict()},
        )
        self.holder = holder


def read_write_lock(store: Store, key: str) -> LockRecord | None:
    """The lock as it lies in the store; None when there is none."""
    found = _look(store, key)
    return found.record if found else None


def require_free(store: Store, key: str, *, is_over: t.Callable[[LockRecord], bool] | None = None) -> None:
    """Raise ``WriteLockHeld`` where ``acquire`` would, as far as a look tells: for who is not to write."""
    holder = read_write_lock(store, key)
    if holder is not None:
        _require_over(key, holder, utc_now(), is_over)


def _require_over(
    key: str, holder: LockRecord, now: dt.datetime, is_over: t.Callable[[LockRecord], bool] | None
) -> None:
    if now < holder.expires and not (is_over is not None and is_over(holder)):
        raise WriteLockHeld(key, holder)


class _Found(t.NamedTuple):
    """A lock in the store. ``identity`` is never another lock's."""

    identity: bytes
    record: LockRecord


def _look(store: Store, key: str) -> _Found | None:
    data = _get(store, key)
    if data is None:
        return None
    record = LockRecord.parse(data)
    if record is not None and record.expires - utc_now() <= _BELIEVED:
        return _Found(data, record)
    written = next((info.modified for info in store.list(key).objects if info.key == key), None)
    if written is None:
        return None
    if record is not None:
        # The clock of its holder was wrong. A live one has written it again a moment ago.
        end = min(record.expires, written + dt.timedelta(seconds=LONGEST_SECONDS))
        return _Found(data, dataclasses.replace(record, expires=end))
    # Servers truncate what they store: two such locks may have the same bytes.
    return _Found(data + written.isoformat().encode(), LockRecord.damaged(written))


def _get(store: Store, key: str) -> bytes | None:
    try:
        return store.get(key, max_bytes=_MAX_BYTES)
    except StoreError as exc:
        if exc.not_found:
            return None
        if exc.failure == "too_large":
            return b""
        raise


class WriteLockLost(StoreError):
    """Another run may own the name now; nothing more must be written under it."""

    def __init__(self, key: str, *, gone: bool = False) -> None:
        why = (
            "it is not there any more: another run removed it, or the storage does not keep what it is given"
            if gone
            else "it could not be renewed in time, or another run took it over"
        )
        super().__init__(f"The claim {key} was lost: {why}.", failure="lost")


class WriteLock:
    """A held lock: renewed in a thread until ``release``. Make one with ``acquire``; usable as a context manager.

    ``took_over`` is the holder whose lock was over and was replaced, None when there was none: what lies under the
    name may be half of its work. ``atomic`` is False when the server has no conditional writes. ``left_behind`` says
    after ``release`` why the lock is still there.
    """

    def __init__(
        self, store: Store, key: str, record: LockRecord, *, ttl_seconds: float, now: t.Callable[[], dt.datetime]
    ) -> None:
        self.key = key
        self.took_over: LockRecord | None = None
        self.left_behind = ""
        #: What taking over has left in the store.
        self._tickets: list[str] = []
        self._is_over: t.Callable[[LockRecord], bool] | None = None
        self._store = store
        self._ttl = ttl_seconds
        self._now = now
        self._record = record
        self._deadline = time.monotonic() + ttl_seconds
        self._lost = False
        self._is_gone = False
        self._renewing = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="arkive-write-lock", daemon=True)

    @classmethod
    def acquire(
        cls,
        store: Store,
        key: str,
        *,
        run_id: str,
        ttl_seconds: float = LONGEST_SECONDS,
        now: t.Callable[[], dt.datetime] = utc_now,
        is_over: t.Callable[[LockRecord], bool] | None = None,
    ) -> WriteLock:
        """Take the lock at ``key``. Raises ``WriteLockHeld`` when another run has it.

        ``is_over`` is asked of one that has not expired: whether what it was for is done. Clocks of different machines
        may differ by up to two thirds of ``ttl_seconds``: a live lock is never older than a third.
        """
        record = LockRecord.make(run_id, socket.gethostname(), os.getpid(), now(), ttl_seconds)
        lock = cls(store, key, record, ttl_seconds=ttl_seconds, now=now)
        lock._is_over = is_over
        for _attempt in range(_TAKEOVER_ATTEMPTS):
            if lock._create() or lock._take_over():
                lock._await_visible()
                lock._thread.start()
                return lock
        raise StoreError(f"The claim {key} changes hands too quickly; another run works on the same name.")

    @property
    def record(self) -> LockRecord:
        return self._record

    @property
    def atomic(self) -> bool:
        return self._store.conditional_writes

    @property
    def is_lost(self) -> bool:
        """True as soon as another run may take the lock, whether or not one has."""
        # The monotonic clock stands still while the machine sleeps, the other one may be set: believe the worse.
        return self._lost or time.monotonic() >= self._deadline or self._now() >= self._record.expires

    def require_held(self) -> None:
        """Raise ``WriteLockLost`` when the lock is lost; asks nobody."""
        if self.is_lost:
            raise WriteLockLost(self.key, gone=self._is_gone)

    def confirm(self, *, commits: str = "") -> None:
        """Raise ``WriteLockLost`` unless the store still holds this lock, with a little time left. Ask before a commit.

        ``commits`` is what will be visible by that commit: later runs find it in the lock.
        """
        self._renew(commits=commits)
        self.require_held()

    def leave(self) -> None:
        """Stop renewing and leave the lock where it is: nobody shall work on the name before it has expired."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def release(self) -> None:
        """Stop renewing, and delete the lock if it is still ours. Never raises ``StoreError``: see ``left_behind``.

        What was done under the lock is done, whether or not the lock can be removed. A second call does nothing.
        """
        if self._stop.is_set():
            return
        self.leave()
        try:
            self._delete()
        except StoreError as exc:
            self.left_behind = self._end(exc)

    def _delete(self) -> None:
        # Renewed first, so that it cannot end, and become another run's, between the look and the delete.
        try:
            self._renew()
        except StoreError:
            # A full disk takes no renewal, and only removing something helps. Of a lock that is renewed a third of
            # its life is more than a delete takes.
            if time.monotonic() >= self._deadline - self._ttl / _RENEWALS or not self._is_ours(self._read()):
                raise
        if self.is_lost:
            if self._is_ours(self._read()):
                raise WriteLockLost(self.key)
            return
        self._store.delete_many([self.key, *self._tickets])
        if self._is_ours(self._read()):
            raise StoreError(f"{self._store.location.describe} said that it had deleted it, and it is still there.")

    def _end(self, failure: StoreError) -> str:
        """A lock that cannot be deleted is replaced by one that is over. Returns a sentence."""
        left = f"The claim {self.key} could not be removed: {failure.message}"
        try:
            if not self.is_lost:
                self._store.put(self.key, self._record.renewed(self._now(), 0.0).encode())
                return f"{left} It was ended instead."
        except StoreError:
            pass
        return f"{left} It ends at {self._record.expires_text}."

    def __enter__(self) -> WriteLock:
        return self

    def __exit__(self, *exc: t.Any) -> None:
        self.release()

    def _create(self) -> bool:
        data = self._fresh()
        # An answer that got lost on the way makes boto3 try again and find its own object.
        return self._store.put_if_absent(self.key, data) or self._read() == data

    def _take_over(self) -> bool:
        """Replace an expired lock. False when it is gone or another run was quicker: look again."""
        found = _look(self._store, self.key)
        if found is None:
            return False
        holder = found.record
        _require_over(self.key, holder, self._now(), self._is_over)
        tickets = self._win_ticket(found.identity)
        ticket_ends = self._deadline
        again = _look(self._store, self.key)
        replaced = again is not None and again.identity == found.identity
        if replaced:
            if time.monotonic() >= ticket_ends:
                raise WriteLockLost(self.key)
            self._store.put(self.key, self._fresh())
        if time.monotonic() >= ticket_ends:
            # Another run may have taken the ticket, and the lock with it. The tickets are left: removing them could
            # let a third run in.
            raise WriteLockLost(self.key)
        # The lock is not what it was when the tickets were made, so they are worth nothing now.
        with contextlib.suppress(StoreError):
            self._store.delete_many(tickets)
            tickets = []
        self._tickets = tickets
        if replaced:
            self.took_over = holder
        return replaced

    def _win_ticket(self, expired: bytes) -> list[str]:
        """Make the object that only one run can make for these bytes; it lasts as long as a lock.

        The ticket of a run that died with it is taken over in the same way: the keys of all of them, ours last.
        """
        tickets: list[str] = []
        while True:
            ticket = _ticket_key(self.key, expired)
            data = self._fresh()
            if self._store.put_if_absent(ticket, data):
                self._await_visible_at(ticket, data)
                return [*tickets, ticket]
            other = _look(self._store, ticket)
            if other is None:  # its holder has finished, so the lock has changed
                continue
            if other.identity == data:
                return [*tickets, ticket]
            if self._now() < other.record.expires:
                raise WriteLockHeld(self.key, other.record)
            tickets.append(ticket)
            expired = other.identity

    def _await_visible(self) -> None:
        self._await_visible_at(self.key, self._record.encode())

    def _await_visible_at(self, key: str, data: bytes) -> None:
        """Without conditional writes the last of several writers wins: give the others time, then look."""
        if self.atomic:
            return
        for _attempt in range(_VISIBLE_ATTEMPTS):
            time.sleep(min(_VISIBLE_SECONDS, self._ttl / _RENEWALS))
            stored = _get(self._store, key)
            if not stored or stored == data or not data.startswith(stored):
                break
            self._store.put(key, data)  # the server has truncated it
        found = _look(self._store, key)
        if found is None or found.identity != data:
            raise WriteLockHeld(self.key, found.record) if found else WriteLockLost(self.key)

    def _keep(self) -> None:
        pause = self._ttl / _RENEWALS
        while not self._stop.wait(pause):
            try:
                self._renew()
                pause = self._ttl / _RENEWALS
            except StoreError:
                # The store may answer again before the lock ends; is_lost says when it did not.
                pause = self._ttl / _RETRIES
            if self.is_lost:
                return

    def _renew(self, *, commits: str = "") -> None:
        """Look whether the lock is still ours and make it last longer. Raises ``StoreError`` when the store fails."""
        with self._renewing:
            if self.is_lost:
                return
            found = self._read()
            if not self._is_ours(found):
                self._lost, self._is_gone = True, found is None
                return
            begun, moment = time.monotonic(), self._now()
            record = self._record.renewed(moment, self._ttl)
            if commits:
                record = dataclasses.replace(record, commits=commits)
            self._store.put(self.key, record.encode())
            if self.is_lost:  # the put took so long that another run may have been in between
                self._lost = True
                return
            self._record, self._deadline = record, begun + self._ttl

    def _fresh(self) -> bytes:
        """A new record for a new attempt, from which the lock's life counts."""
        self._deadline = time.monotonic() + self._ttl
        self._record = self._record.renewed(self._now(), self._ttl)
        return self._record.encode()

    def _read(self) -> bytes | None:
        return _get(self._store, self.key)

    def _is_ours(self, data: bytes | None) -> bool:
        if data is None:
            return False
        found = LockRecord.parse(data)
        if found is None:
            # What the server has truncated of ours is made whole by the next renewal.
            return self._record.encode().startswith(data)
        return found.nonce == self._record.nonce


def _ticket_key(key: str, expired: bytes) -> str:
    return f"{key.removesuffix('.json')}-takeover-{hashlib.sha256(expired).hexdigest()[:16]}.json"


def lock_of_ticket(key: str) -> str:
    """The lock that a run was about to take over when it made the object of this key; empty for any other object."""
    found = _TICKET.fullmatch(key)
    return found["lock"] if found else ""


__all__ = (
    "LockRecord",
    "WriteLock",
    "WriteLockHeld",
    "WriteLockLost",
    "lock_of_ticket",
    "read_write_lock",
    "require_free",
)
