# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One session with a database server: a client in the container, fed by its stdin, over one exec stream.

The end of an answer is known by a token that the client repeats, never by the time that it took.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import (
    DatabaseError,
    SessionLost,
    StatementRefused,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import LOST, DatabaseKind
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline

#: A client that is there answers at once.
_CLOSING_SECONDS = 5.0
#: What a shell says of a client that is not there.
_NO_CLIENT = re.compile(r"^arkive: (?:exec: )?(?:(?:line )?[0-9]+: )?(?:exec: )?[\w-]+: not found", re.MULTILINE)


class Stream(t.Protocol):
    """What a session needs of ``ExecStream``."""

    def send(self, text: str) -> None:
        """To the client's standard input."""

    def read_line(self, holding: str, *, deadline: Deadline, cancel: CancelToken) -> tuple[list[str], str]:
        """The lines before the first one that holds a text, and that one."""

    def take_said(self) -> str:
        """What came over standard error, once."""

    def finish(self, seconds: float) -> None:
        """Close standard input, and wait for the end of the client."""

    def abort(self) -> None:
        """Give up the stream, whatever it carries."""


class DatabaseSession:
    """Open until ``close`` or ``abort``. One thread at a time."""

    def __init__(self, stream: Stream, kind: DatabaseKind, *, where: str) -> None:
        """``where``: the container, in sentences."""
        self._stream = stream
        self._kind = kind
        self._where = where
        self._said = ""

    def ask(self, statement: str, *, seconds: float, cancel: CancelToken) -> list[list[str]]:
        """The rows of the answer. Raises ``StatementRefused``, ``SessionLost`` and ``Cancelled``.

        After ``SessionLost`` there is no session any more.
        """
        token = f"arkive-{secrets.token_hex(8)}"
        try:
            self._stream.send(self._kind.framed(statement, token))
            lines, last = self._stream.read_line(f"{token} ", deadline=Deadline(seconds), cancel=cancel)
        except EOFError:
            raise self._lost("the client ended") from None
        except TimeoutError:
            raise self._lost(f"it did not answer within {seconds:g} s") from None
        except KubeError as exc:
            raise self._lost(exc.message.rstrip(".")) from exc
        message, state = self._kind.error_in(lines, last.removeprefix(token))
        if state == LOST:
            raise self._lost(message.rstrip("."))
        if message:
            self._stream.take_said()
            raise StatementRefused(message, state=state)
        return [self._kind.cells(line) for line in lines]

    def close(self) -> None:
        """End the client in good order. What it has held is over."""
        self._stream.finish(_CLOSING_SECONDS)

    def abort(self) -> None:
        """Close the stream. The client, whose stdin ends with it, ends as well."""
        self._stream.abort()

    def _lost(self, why: str) -> SessionLost:
        said = self._stream.take_said()
        self._stream.abort()
        words = f" It said: {' '.join(said.split())[:300]}" if said else ""
        message = f"The session in {self._where} was lost: {why}.{words}"
        return SessionLost(message, said=said, why=why, words=words)


def require_answer(session: DatabaseSession, *, seconds: float, cancel: CancelToken) -> None:
    """Raise ``DatabaseError`` unless the client is there and speaks with a server."""
    try:
        session.ask("", seconds=seconds, cancel=cancel)
    except SessionLost as exc:
        raise _explained(exc) from exc


def _explained(exc: SessionLost) -> DatabaseError:
    """Why there is no session."""
    if _NO_CLIENT.search(exc.said):
        return DatabaseError(
            f"Its container does not have the database's client.{exc.words}",
            hint="Name the container that has it, and check that the kind is the right one.",
        )
    return DatabaseError(
        f"Its client could not open a session: {exc.why}.{exc.words}",
        hint="Check which user connects and by which password, and that the server is up.",
    )


__all__ = ("DatabaseSession", "Stream", "require_answer")
