# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A psql and its server that answer by a table: what they are asked is kept."""

from __future__ import annotations

import re
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import ClientMissing, DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Waves
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline

SEPARATOR = "\x1f"
#: As PostgreSQL 15.20 answers in its own container, over the socket.
_MOMENT = "1795894354.145451"
LOOK = ["150020", "15.20", "f", "", "t", _MOMENT, "1", "off", "f", "postgres", "on", "on", "5432", "5432"]
POSITION = ["0/3000230", "f", "1795894354.145451"]
DENIED = "42501"

#: Rows, or an SQLSTATE with a message, or an exception.
Answer: t.TypeAlias = "list[list[str]] | tuple[str, str] | BaseException"


def answers(**more: Answer) -> dict[str, Answer]:
    """By the beginning of the statement, the longest that fits."""
    table: dict[str, Answer] = {
        "": [],
        "select current_setting('server_version_num')": [LOOK],
        "select current_setting('data_directory')": [["/data/pg"]],
        "select case": [POSITION],
        "select pg_backup_start": [["0/4000028"]],
        "select pg_start_backup": [["0/4000028"]],
        "select lsn": [["0/4000100", "U1RBUlQ=", ""]],
        "select 1": [["1"]],
    }
    return table | {name.replace("_", " "): answer for name, answer in more.items()}


class FakePsql:
    """A ``Stream``. ``asked``: the statements, also those of one message; ``silent`` does not answer any more."""

    def __init__(self, table: t.Mapping[str, Answer]) -> None:
        self.table = dict(table)
        self.asked: list[str] = []
        self.ended = ""
        self.stderr = ""
        self.lost: BaseException | None = None
        self._lock = threading.Lock()

    def send(self, text: str) -> None:
        statement, _semicolon, rest = text.rpartition(";\n")
        found = re.fullmatch(r"\\echo (\S+) :SQLSTATE :LAST_ERROR_MESSAGE\n", rest)
        assert found
        self._statements, self._token = statement.split("\\; "), found[1]
        with self._lock:
            self.asked += self._statements

    def read_line(self, holding: str, *, deadline: Deadline, cancel: CancelToken) -> tuple[list[str], str]:
        cancel.check()
        assert holding == f"{self._token} "
        if self.lost is not None:
            raise self.lost
        rows: list[str] = []
        for statement in self._statements:
            answer = self.table[max((key for key in self.table if statement.startswith(key)), key=len)]
            if isinstance(answer, BaseException):
                raise answer
            if isinstance(answer, tuple):
                return [], f"{self._token} {answer[0]} {answer[1]}"
            rows += [SEPARATOR.join(row) for row in answer]
        return rows, f"{self._token} 00000 "

    def take_said(self) -> str:
        said, self.stderr = self.stderr, ""
        return said

    def finish(self, seconds: float) -> None:
        self.ended = "finished"

    def abort(self) -> None:
        self.ended = self.ended or "aborted"


class FakeContainer:
    """A ``Container``. ``missing``: how many of the clients it cannot run."""

    def __init__(self, psql: FakePsql, *, missing: int = 0, refusal: str = "", flushes: bool = True) -> None:
        self.psql = psql
        self.opened: list[tuple[str, ...]] = []
        self.places: dict[str, str] = {}
        self.unwritten = ""
        self.flushed: list[str] = []
        self.ranks: t.Mapping[str, int] | None = None
        self.waves: Waves = ()
        self.looked: dict[tuple[str, ...], str] = {}
        self._missing = missing
        self._refusal = refusal
        self._flushes = flushes

    def open(self, argv: t.Sequence[str]) -> FakePsql:
        self.opened.append(tuple(argv))
        if len(self.opened) <= self._missing:
            raise ClientMissing(f"Nothing was started: {argv[0]} is not there.")
        return self.psql

    def look(self, *argv: str) -> str | None:
        return self.looked.get(argv)

    def real_path(self, path: str) -> str:
        return path.replace("/data/pg/pg_wal", "/wal/pg_wal")

    def flush(self, path: str) -> bool:
        self.flushed.append(path)
        return self._flushes

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        self.places, self.unwritten, self.ranks = dict(places), unwritten, ranks
        if self._refusal:
            raise DatabaseError(self._refusal)
        return self.waves


__all__ = ("DENIED", "LOOK", "POSITION", "FakeContainer", "FakePsql", "answers")
