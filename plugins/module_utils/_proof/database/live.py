# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One question to the live server of a database that is proven: by its own client, in its own pod."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import find_kind
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import DatabaseSession, require_answer
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecRefused
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import Ask
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import Subject

_SECONDS = 20.0


def ask_live(client: KubeClient, subject: Subject, user: str) -> Ask:
    """Each statement has a session of its own. Raises ``ProofError`` for a kind that cannot be asked."""
    row = find_kind(subject.kind)
    if row is None:
        raise ProofError(f"A live server of the kind '{subject.kind}' cannot be asked.")
    kind = row.load()
    container = str(subject.container["name"])
    order = HoldOrder(mode=row.modes[0], label="arkive", user=user)

    def ask(statement: str) -> list[list[str]]:
        refused: ExecRefused | None = None
        for argv in kind.clients(order):
            try:
                stream = ExecStream(
                    client,
                    namespace=subject.namespace,
                    pod=subject.pod_name,
                    container=container,
                    argv=argv,
                    timeout=_SECONDS,
                )
            except ExecRefused as exc:
                refused = exc
                continue
            session = DatabaseSession(stream, kind, where=subject.where)
            try:
                require_answer(session, seconds=_SECONDS, cancel=CancelToken())
                return session.ask(statement, seconds=_SECONDS, cancel=CancelToken())
            finally:
                session.close()
        raise refused or DatabaseError(f"There is no client for {subject.where}.")

    return ask


__all__ = ("ask_live",)
