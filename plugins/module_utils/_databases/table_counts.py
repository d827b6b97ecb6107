# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of tables that somebody has named, counted around a hold, so that a copy can be compared with them later.

Where nobody writes while the server is held, they are counted once, and a copy has just as many. Else they are counted
before and after: a copy has no fewer than the one and no more than the other, if the table only grows or only shrinks.
It is done in sessions of its own, so that a count that takes too long is given up and the hold goes on.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._databases import mysql_client
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import SessionLost
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind, HoldFacts, HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.opening import ClientContainer, open_session
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import DatabaseSession
from ansible_collections.arkive.k8s.plugins.module_utils._databases.wrapped_kind import WrappedKind
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline

#: In all, for the tables of one server: while nobody waits, and while everybody does.
FREE_SECONDS, LOCKED_SECONDS = 30.0, 5.0
_PART = re.compile(r"[\w$-]{1,64}")
#: By kind: how many parts a name has, and what they are.
_FORMS: t.Mapping[str, tuple[tuple[int, ...], str]] = {
    "postgresql": ((2, 3), "database.table or database.schema.table"),
    "mariadb": ((2,), "database.table"),
    "mysql": ((2,), "database.table"),
}
#: Modes in which nobody commits, and kinds that have no others.
_STILL: t.Mapping[str, tuple[str, ...]] = {"mariadb": ("stages", "read_lock"), "mysql": ("read_lock",)}
_ALWAYS_STILL = ("mariadb",)
_READS_ONLY: t.Mapping[str, tuple[str, ...]] = {
    "postgresql": ("set default_transaction_read_only = on",),
    "mariadb": ("set session transaction read only",),
    "mysql": ("set session transaction read only",),
}
_MARGIN_SECONDS = 1.0
_REOPEN_SECONDS = 5.0
_NO_TIME = "there was no time for it"


def check_table(kind: str, name: str) -> str:
    """Why the rows of ``name`` cannot be counted, a clause; empty where they can."""
    if kind not in _FORMS:
        return f"rows of {kind} are not counted; those of {', '.join(_FORMS)} are"
    numbers, form = _FORMS[kind]
    parts = name.split(".")
    if len(parts) not in numbers or not all(_PART.fullmatch(part) for part in parts):
        return f"'{readable(name)}' is no name of a table, written as {form}"
    return ""


class TableCounts:
    """Of one server. What cannot be counted is a warning, and is in the record without a number."""

    def __init__(
        self, kind: DatabaseKind, order: HoldOrder, container: ClientContainer, *, name: str, where: str
    ) -> None:
        """``name``: of the kind."""
        self._kind = kind
        self._order = order
        self._container = container
        self._name = name
        self._where = where
        self._sessions: dict[str, _CountingSession] = {}
        self._before: dict[str, int] = {}
        self._problems: dict[str, str] = {}

    def foresee(self, known: HoldFacts, cancel: CancelToken) -> None:
        """Look whether the tables can be read; nothing is counted. Raises ``Cancelled``."""
        try:
            self._count(FREE_SECONDS, cancel, counts=False)
        finally:
            self.close()
        known.warnings += [f"The rows of {table} are not counted: {why}." for table, why in self._problems.items()]

    def before(self, cancel: CancelToken) -> None:
        """Before it is held: what takes time is done by now. Raises ``Cancelled``."""
        only_look = self._order.mode in _STILL.get(self._name, ()) or self._name in _ALWAYS_STILL
        try:
            self._before = self._count(FREE_SECONDS, cancel, counts=not only_look)
            if self._may_be_still:
                self._reopen(cancel)
        finally:
            if not self._may_be_still:
                self.close()

    def held(self, known: HoldFacts, cancel: CancelToken) -> None:
        """It is held. Raises ``Cancelled``."""
        try:
            if known.mode in _STILL.get(self._name, ()):
                seconds = min(LOCKED_SECONDS, self._order.lease_seconds / 2)
                found = self._count(seconds, cancel, opens=False)
                self._tell(known, {table: (number, number) for table, number in found.items()})
        finally:
            self.close()

    def after(self, known: HoldFacts, cancel: CancelToken) -> None:
        """It was held until now, and is not any more. Raises ``Cancelled``."""
        if known.mode in _STILL.get(self._name, ()):
            return
        try:
            now = self._count(FREE_SECONDS, cancel)
        finally:
            self.close()
        self._tell(known, {table: (number, now[table]) for table, number in self._before.items() if table in now})

    def close(self) -> None:
        """End all sessions; nothing is lost by that."""
        for session in self._sessions.values():
            session.close()
        self._sessions = {}

    @property
    def _may_be_still(self) -> bool:
        return self._name in _STILL and self._order.mode in ("auto", *_STILL[self._name])

    def _tell(self, known: HoldFacts, found: t.Mapping[str, tuple[int, int]]) -> None:
        counts: dict[str, t.Any] = {}
        for table in self._order.counts:
            if table in found:
                counts[table] = {"before": found[table][0], "after": found[table][1]}
                continue
            why = self._problems.get(table, _NO_TIME)
            counts[table] = {"error": why}
            known.warnings.append(f"The rows of {table} are not counted: {why}.")
        known.facts["counts"] = counts

    def _count(self, seconds: float, cancel: CancelToken, *, counts: bool = True, opens: bool = True) -> dict[str, int]:
        """``seconds`` in all. ``counts`` False: it is only tried whether the tables can be read."""
        deadline = Deadline(seconds)
        found: dict[str, int] = {}
        for table in self._order.counts:
            if table in self._problems or deadline.has_passed:
                continue
            place, statement = _statement(self._name, table, counts=counts)
            try:
                if place not in self._sessions:
                    if not opens:
                        continue
                    self._sessions[place] = self._open(place, deadline, cancel)
                session = self._sessions[place]
                for each in (*_limits(self._name, deadline.remaining), statement):
                    rows = session.ask(each, deadline, cancel)
                found[table] = int(rows[0][0]) if counts else 0
            except Cancelled:
                raise
            except (ArkiveError, IndexError, ValueError) as exc:
                said = exc.message if isinstance(exc, ArkiveError) else f"its answer is not understood: {exc!r}"
                self._problems[table] = _NO_TIME if deadline.remaining <= 0 else said.rstrip(".")
                self._give_up(place)
        return found

    def _reopen(self, cancel: CancelToken) -> None:
        """A session that ended with the refusal of one table is there again for the others."""
        deadline = Deadline(_REOPEN_SECONDS)
        for table in self._order.counts:
            place = _statement(self._name, table, counts=False)[0]
            if table not in self._problems and place not in self._sessions:
                try:
                    self._sessions[place] = self._open(place, deadline, cancel)
                except Cancelled:
                    raise
                except ArkiveError as exc:
                    self._problems[table] = exc.message.rstrip(".")

    def _give_up(self, place: str) -> None:
        lost = self._sessions.pop(place, None)
        if lost is not None:
            lost.abort()

    def _open(self, place: str, deadline: Deadline, cancel: CancelToken) -> _CountingSession:
        kind = _InDatabase(self._kind, place) if place else self._kind
        session = open_session(kind, self._order, self._container, where=self._where, cancel=cancel)
        counting = _CountingSession(session)
        for statement in _READS_ONLY[self._name]:
            counting.ask(statement, deadline, cancel)
        return counting


class _InDatabase(WrappedKind):
    """One whose client is connected to ``database``: of options that are given twice, psql takes the last."""

    def __init__(self, inner: DatabaseKind, database: str) -> None:
        super().__init__(inner)
        self._database = database

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        return tuple((*argv, "-d", self._database) for argv in super().clients(order))


class _CountingSession:
    def __init__(self, session: DatabaseSession) -> None:
        self._session = session

    def ask(self, statement: str, deadline: Deadline, cancel: CancelToken) -> list[list[str]]:
        try:
            return self._session.ask(statement, seconds=deadline.remaining + _MARGIN_SECONDS, cancel=cancel)
        except SessionLost as exc:
            # The client of MariaDB ends with what is refused.
            refused = mysql_client.refusal(exc)
            raise refused if refused is not None else exc from exc

    def close(self) -> None:
        self._session.close()

    def abort(self) -> None:
        self._session.abort()


def _statement(kind: str, name: str, *, counts: bool) -> tuple[str, str]:
    """The database that the client has to be in, where it cannot ask about others, and the statement."""
    database, *rest = name.split(".")
    if kind == "postgresql":
        schema, table = rest if len(rest) > 1 else ("public", rest[0])
        place, of = database, f'"{schema}"."{table}"'
    else:
        place, of = "", f"`{database}`.`{rest[0]}`"
    return place, f"select count(*) from {of}" if counts else f"select 1 from {of} limit 0"


def count_question(kind: str, name: str) -> tuple[str, str]:
    """The database that is asked, empty for any, and the statement that counts."""
    return _statement(kind, name, counts=True)


def _limits(kind: str, seconds: float) -> tuple[str, ...]:
    """The server itself ends what takes longer."""
    milliseconds = max(1, round(seconds * 1000))
    return {
        "postgresql": (f"set statement_timeout = {milliseconds}",),
        "mariadb": (f"set session max_statement_time = {milliseconds / 1000:g}",),
        "mysql": (f"set session max_execution_time = {milliseconds}",),
    }[kind]


__all__ = ("TableCounts", "check_table", "count_question")
