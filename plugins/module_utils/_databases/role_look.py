# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that is started in a container, and has answered; and a look at what its server is."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import ClientMissing, Container
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind, HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import RoleQuestion, ServerRole
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import DatabaseSession, require_answer

#: A client that starts, and its server, answer within this.
_HELLO_SECONDS = 20.0
_LOOK_SECONDS = 20.0


def look_at_role(
    kind: DatabaseKind, question: RoleQuestion, container: Container, order: HoldOrder, *, where: str
) -> ServerRole:
    """Ask the server, and leave. Nothing is locked. Raises ``ArkiveError``."""
    session = _open(kind, container, order, where)
    try:
        return question(_Looking(session))
    except (IndexError, KeyError, ValueError) as exc:
        raise DatabaseError(f"The answers of {where} are not understood: {exc!r}.") from exc
    finally:
        session.close()


def _open(kind: DatabaseKind, container: Container, order: HoldOrder, where: str) -> DatabaseSession:
    missing: ClientMissing | None = None
    for argv in kind.clients(order):
        try:
            stream = container.open(argv)
        except ClientMissing as exc:
            missing = missing or exc
            continue
        session = DatabaseSession(stream, kind, where=where)
        try:
            require_answer(session, seconds=_HELLO_SECONDS, cancel=CancelToken())
        except BaseException:
            session.abort()
            raise
        return session
    raise missing or DatabaseError(f"There is no client for {where}.")


class _Looking:
    """A session that is asked about the role."""

    def __init__(self, session: DatabaseSession) -> None:
        self._session = session

    def ask(self, statement: str) -> list[list[str]]:
        return self._session.ask(statement, seconds=_LOOK_SECONDS, cancel=CancelToken())

    def wait(self, seconds: float) -> None:
        CancelToken().wait(seconds)


__all__ = ("look_at_role",)
