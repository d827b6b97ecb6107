# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look at what a server is, in a session of its own that locks nothing."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind, HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.opening import ClientContainer, open_session
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import RoleQuestion, ServerRole
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import DatabaseSession

_LOOK_SECONDS = 20.0


def look_at_role(
    kind: DatabaseKind, question: RoleQuestion, container: ClientContainer, order: HoldOrder, *, where: str
) -> ServerRole:
    """Raises an ``ArkiveError``."""
    session = open_session(kind, order, container, where=where, cancel=CancelToken())
    try:
        return question(_Looking(session))
    except (IndexError, KeyError, ValueError) as exc:
        raise DatabaseError(f"The answers of {where} are not understood: {exc!r}.") from exc
    finally:
        session.close()


class _Looking:
    """The server as ``RoleQuestion`` has it."""

    def __init__(self, session: DatabaseSession) -> None:
        self._session = session

    def ask(self, statement: str) -> list[list[str]]:
        return self._session.ask(statement, seconds=_LOOK_SECONDS, cancel=CancelToken())

    def wait(self, seconds: float) -> None:
        CancelToken().wait(seconds)


__all__ = ("look_at_role",)
