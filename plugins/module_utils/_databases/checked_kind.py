# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database that was chosen for its role: asked again in the session that holds it, before and after it is held."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import (
    DatabaseKind,
    Hold,
    HoldFacts,
    HoldOrder,
    Server,
    StagedHold,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import RoleQuestion, RoleRule
from ansible_collections.arkive.k8s.plugins.module_utils._databases.wrapped_kind import WrappedKind


class CheckedKind(WrappedKind):
    """A kind whose servers have to be what ``rule`` says."""

    def __init__(self, inner: DatabaseKind, ask: RoleQuestion, rule: RoleRule) -> None:
        super().__init__(inner)
        self._ask = ask
        self._rule = rule

    def hold(self, order: HoldOrder) -> Hold:
        return _CheckedHold(super().hold(order), self._ask, self._rule)


class _CheckedHold:
    def __init__(self, inner: Hold, ask: RoleQuestion, rule: RoleRule) -> None:
        self._inner = inner
        self._ask = ask
        self._rule = rule

    @property
    def known(self) -> HoldFacts:
        return self._inner.known

    def foresee(self, server: Server) -> None:
        self._check(server)
        self._inner.foresee(server)

    def begin(self, server: Server) -> None:
        """Nothing is locked on a server that is another one by now; and what is held is asked once more."""
        self._check(server)
        self._inner.begin(server)
        self._check(server)

    def keep(self, server: Server) -> None:
        self._inner.keep(server)

    def undo(self, server: Server) -> None:
        self._inner.undo(server)

    def advance(self, server: Server, wave: int) -> None:
        if not isinstance(self._inner, StagedHold):
            raise DatabaseError("Its claims cannot be cut one after the other.")
        self._inner.advance(server, wave)

    def end(self, server: Server) -> None:
        self._inner.end(server)

    def _check(self, server: Server) -> None:
        found = self._ask(server)
        self._rule.check(found)
        if found.role == "standby":
            self.known.facts["lag_seconds"] = None if found.lag_seconds is None else round(found.lag_seconds, 1)


__all__ = ("CheckedKind",)
