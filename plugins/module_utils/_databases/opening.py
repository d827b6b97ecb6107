# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that is started in a container, and has answered."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import ClientMissing, DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind, HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import (
    DatabaseSession,
    Stream,
    require_answer,
)

#: A client that starts, and its server, answer within this.
_HELLO_SECONDS = 20.0


class ClientContainer(t.Protocol):
    """The container with the client."""

    def open(self, argv: t.Sequence[str]) -> Stream:
        """Start a client. Raises ``ClientMissing`` where the container cannot run it, or a ``KubeError``."""


def open_session(
    kind: DatabaseKind, order: HoldOrder, container: ClientContainer, *, where: str, cancel: CancelToken
) -> DatabaseSession:
    """Of the first of the kind's clients that the container can run. Raises an ``ArkiveError``."""
    missing: ClientMissing | None = None
    for argv in kind.clients(order):
        try:
            stream = container.open(argv)
        except ClientMissing as exc:
            missing = missing or exc
            continue
        session = DatabaseSession(stream, kind, where=where)
        try:
            require_answer(session, seconds=_HELLO_SECONDS, cancel=cancel)
        except BaseException:
            session.abort()
            raise
        return session
    raise missing or DatabaseError(f"There is no client for {where}.")


__all__ = ("ClientContainer", "open_session")
