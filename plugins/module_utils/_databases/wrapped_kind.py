# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A kind of database that does one thing in another way than the kind that it is made of."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind, Hold, HoldOrder, Mode


class WrappedKind:
    """Everything as ``inner`` does it: see ``DatabaseKind``."""

    def __init__(self, inner: DatabaseKind) -> None:
        self._inner = inner

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        return self._inner.clients(order)

    def framed(self, statement: str, token: str) -> str:
        return self._inner.framed(statement, token)

    def error_in(self, lines: t.Sequence[str], words: str) -> tuple[str, str]:
        return self._inner.error_in(lines, words)

    def cells(self, line: str) -> list[str]:
        return self._inner.cells(line)

    def ended_by(self, said: str) -> str:
        return self._inner.ended_by(said)

    def statements(self, mode: Mode) -> tuple[str, ...]:
        return self._inner.statements(mode)

    def hold(self, order: HoldOrder) -> Hold:
        return self._inner.hold(order)


__all__ = ("WrappedKind",)
