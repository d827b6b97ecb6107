# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One database, held while snapshots are cut: opened, armed, locked, kept alive, released, with the proof of it.

Three things let go of it when nobody does: the end of its client's stdin, when this process dies; the server's own
limit for a session that is silent, when the network is; and the limit up to which it is kept alive.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, plural
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError, LockBusy, SessionLost
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import (
    DatabaseKind,
    HoldOrder,
    StagedHold,
    Waves,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.opening import ClientContainer, open_session
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import EndedBy, QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import (
    DatabaseSession,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.table_counts import TableCounts

#: A sign of life is due this often at least: the stream is watched by it too.
_LONGEST_PULSE_SECONDS = 15.0
_SHORTEST_PULSE_SECONDS = 0.2
#: Beyond what the server itself allows for a statement.
_MARGIN_SECONDS = 5.0
_UNDO_SECONDS = 5.0
_LOOK_SECONDS = 20.0
#: Between two attempts: who has queued behind the one that was given up goes first.
_PAUSE_SECONDS = 10.0
#: In the place of the client's last words, where we have ended it.
_EXPIRED = "expired"
#: What reading an answer of another form than the awaited one comes to.
_MISREAD = (IndexError, KeyError, ValueError)


class Container(ClientContainer, t.Protocol):
    """The container with the client, and with the files of the server."""

    def real_path(self, path: str) -> str:
        """As ``Server`` has it."""

    def look(self, *argv: str) -> str | None:
        """As ``Server`` has it."""

    def flush(self, path: str) -> bool:
        """As ``Server`` has it."""

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        """As ``Server`` has it."""


class HeldDatabase:
    """``begin`` once; where it is ``held`` after that, ``end`` once. ``record`` says what happened. Thread-safe."""

    def __init__(
        self,
        kind: DatabaseKind,
        order: HoldOrder,
        container: Container,
        record: QuiesceRecord,
        counts: TableCounts | None = None,
    ) -> None:
        self.record = record
        self._counts = counts
        self._cancel = CancelToken()
        self._kind = kind
        self._order = order
        self._container = container
        self._hold = kind.hold(order)
        record.known = self._hold.known
        self._session: DatabaseSession | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._keeper: threading.Thread | None = None
        self._held_at = 0.0
        self._lost: SessionLost | None = None
        #: What went wrong between two waves of snapshots.
        self._failed: Exception | None = None

    @property
    def held(self) -> bool:
        """It is, or may be, held by us."""
        return self._session is not None

    @property
    def held_since(self) -> float | None:
        """By the monotonic clock."""
        return self._held_at if self.held and self._held_at else None

    def foresee(self, cancel: CancelToken) -> None:
        """Look whether it can be held, in a session that changes nothing. Raises an ``ArkiveError``."""
        session = self._open(cancel)
        try:
            self._hold.foresee(_Asking(session, self._container, _LOOK_SECONDS, cancel))
            if self._counts is not None:
                self._counts.foresee(self._hold.known, cancel)
        except _MISREAD as exc:
            raise self._misread(exc) from exc
        finally:
            session.close()

    def begin(self, cancel: CancelToken) -> None:
        """Hold it, and try again while somebody is in the way. Raises an ``ArkiveError``; then nothing is held."""
        self._cancel = cancel
        if self._counts is not None:
            self._counts.before(cancel)
        try:
            self._begin_in_time(cancel)
        finally:
            if self._counts is not None and not self.held:
                self._counts.close()

    def _begin_in_time(self, cancel: CancelToken) -> None:
        started, attempts = time.monotonic(), 1
        while True:
            try:
                self._begin_once(cancel)
                break
            except LockBusy as exc:
                spent = time.monotonic() - started
                self._told(attempts)
                if spent + _PAUSE_SECONDS >= self._order.lock_seconds:
                    tried = f"{plural(attempts, 'was', 'were')} {counted(attempts, 'attempt')} in {spent:.0f} s"
                    limit = f"lock_timeout is {self._order.lock_seconds:g} s"
                    raise DatabaseError(f"{exc.message} There {tried}; {limit}.", hint=exc.hint) from exc
            if cancel.wait(_PAUSE_SECONDS):
                cancel.check()
            attempts += 1
            self._hold = self._kind.hold(self._order)
            self.record.known = self._hold.known
        if attempts > 1:
            self._told(attempts)
            self.record.known.warnings.append(
                f"It could be held at attempt {attempts} only, as somebody was in the way."
            )

    def _told(self, attempts: int) -> None:
        self.record.known.facts["lock_attempts"] = attempts

    def _begin_once(self, cancel: CancelToken) -> None:
        try:
            self._session = self._open(cancel)
            self._hold.begin(_Asking(self._session, self._container, self._begin_seconds, cancel))
            if self._counts is not None:
                self._counts.held(self._hold.known, cancel)
        except BaseException as exc:
            session, self._session = self._session, None
            if session is not None:
                undone = self._undo_in(session)
                # Not in good order: a statement may still run, and must not be waited for.
                session.abort()
                if not undone:
                    self._undo_anew()
            if isinstance(exc, _MISREAD):
                raise self._misread(exc) from exc
            raise
        self._held_at = time.monotonic()
        self.record.started = utc_now()
        self._keeper = threading.Thread(target=self._keep, name="arkive-database", daemon=True)
        self._keeper.start()

    def advance(self, wave: int) -> None:
        """All claims before those of ``record.waves[wave]`` are cut. What goes wrong is told by ``end``."""
        with self._lock:
            hold, session = self._hold, self._session
            if session is None or self._lost is not None or self._failed is not None:
                return
            if not isinstance(hold, StagedHold):
                self._failed = DatabaseError("Its claims cannot be cut one after the other.")
                return
            try:
                hold.advance(_Asking(session, self._container, self._release_seconds, CancelToken()), wave)
            except SessionLost as exc:
                self._lost = exc
            except (ArkiveError, *_MISREAD) as exc:
                self._failed = exc

    def end(self) -> None:
        """Let go of it, whatever happened. ``record.consistent`` tells whether it was held until now."""
        self._stopped.set()
        with self._lock:
            session, self._session = self._session, None
            if session is None:
                return
            record = self.record
            try:
                for failure in filter(None, (self._lost, self._failed)):
                    raise failure
                self._hold.end(_Asking(session, self._container, self._release_seconds, CancelToken()))
                record.consistent, record.ended_by = True, "release"
            except SessionLost as exc:
                record.ended_by = self._ended_by(exc)
                record.error = self._lost_sentence(exc)
                self._undo_anew()
            except (ArkiveError, *_MISREAD) as exc:
                record.ended_by = "release"
                said = exc.sentence if isinstance(exc, ArkiveError) else f"its answers are not understood: {exc!r}."
                record.error = f"{record.where} was not held until the snapshot was cut: {said}"
                if not self._undo_in(session):
                    self._undo_anew()
            finally:
                if record.until is None:
                    record.ended = record.ended or utc_now()
                record.error = " ".join(filter(None, (record.error, record.still_held)))
                session.close()
            self._count_again()

    def _count_again(self) -> None:
        """Nobody waits for it any more."""
        if self._counts is not None and self.record.consistent:
            with contextlib.suppress(Cancelled):
                self._counts.after(self._hold.known, self._cancel)

    def _misread(self, exc: Exception) -> DatabaseError:
        return DatabaseError(f"The answers of {self.record.where} are not understood: {exc!r}.")

    @property
    def _begin_seconds(self) -> float:
        return self._order.longest_seconds + _MARGIN_SECONDS

    @property
    def _release_seconds(self) -> float:
        return self._order.lease_seconds + _MARGIN_SECONDS

    def _open(self, cancel: CancelToken) -> DatabaseSession:
        return open_session(self._kind, self._order, self._container, where=self.record.where, cancel=cancel)

    def _undo_in(self, session: DatabaseSession) -> bool:
        """Let go of what would outlast ``session``. False where that is not certain."""
        try:
            self._hold.undo(_Asking(session, self._container, _UNDO_SECONDS, CancelToken()))
        except (ArkiveError, *_MISREAD):
            return False
        return True

    def _undo_anew(self) -> None:
        """The session is lost: let go in another one of what outlasts it. ``record.until`` where that fails."""
        if self._hold.known.outlasts_until <= time.monotonic():
            return
        try:
            session = self._open(CancelToken())
        except ArkiveError:
            undone = False
        else:
            undone = self._undo_in(session)
            session.close()
        left = self._hold.known.outlasts_until - time.monotonic()
        if not undone and left > 0:
            self.record.until = utc_now() + dt.timedelta(seconds=left)

    def _keep(self) -> None:
        """Signs of life, until the release, the loss of the session, or ``longest_seconds``."""
        order = self._order
        pause = max(_SHORTEST_PULSE_SECONDS, min(_LONGEST_PULSE_SECONDS, order.lease_seconds / 3))
        end = self._held_at + order.longest_seconds
        while not self._stopped.wait(max(0.0, min(pause, end - time.monotonic()))):
            with self._lock:
                if self._session is None or self._stopped.is_set() or self._lost is not None:
                    return
                if time.monotonic() >= end:
                    self._expire(self._session)
                    return
                asking = _Asking(self._session, self._container, order.lease_seconds, CancelToken())
                try:
                    self._hold.keep(asking)
                except SessionLost as exc:
                    self._lost = exc
                    return
                except ArkiveError:
                    # The session is there, and says at the release what it thinks of that.
                    continue

    def _expire(self, session: DatabaseSession) -> None:
        """``longest_seconds`` are over: from here on the server's own limit counts, and where it has none, ours."""
        if self._hold.known.lease == "server":
            return
        session.abort()
        self.record.ended = utc_now()
        self._lost = SessionLost(f"It was let go after {self._order.longest_seconds:g} s (freeze_max).", said=_EXPIRED)

    def _ended_by(self, exc: SessionLost) -> EndedBy:
        if exc.said == _EXPIRED:
            return "lease"
        found = self._kind.ended_by(exc.said)
        return t.cast("EndedBy", found) if found else "connection"

    def _lost_sentence(self, exc: SessionLost) -> str:
        if self.record.ended_by == "lease" and exc.said != _EXPIRED:
            return f"The lease on {self.record.where} ran out before its release: it was not held all the time."
        return f"{self.record.where} was not held until the snapshot was cut. {exc.message}"


class _Asking:
    """A session with the time that each statement has."""

    def __init__(self, session: DatabaseSession, container: Container, seconds: float, cancel: CancelToken) -> None:
        self._session = session
        self._container = container
        self._seconds = seconds
        self._cancel = cancel

    def ask(self, statement: str) -> list[list[str]]:
        return self._session.ask(statement, seconds=self._seconds, cancel=self._cancel)

    def wait(self, seconds: float) -> None:
        if self._cancel.wait(seconds):
            self._cancel.check()

    def real_path(self, path: str) -> str:
        return self._container.real_path(path)

    def look(self, *argv: str) -> str | None:
        return self._container.look(*argv)

    def flush(self, path: str) -> bool:
        return self._container.flush(path)

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        return self._container.check_places(places, unwritten=unwritten, ranks=ranks)


__all__ = ("Container", "HeldDatabase")
