# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that is told its password by its stdin, and has it in its environment then.

It is on no command line, which everybody on the node sees, and which the API server keeps in its audit log.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.credentials import PASSWORD_VARIABLES
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import Container
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind, HoldOrder, Waves
from ansible_collections.arkive.k8s.plugins.module_utils._databases.session import Stream
from ansible_collections.arkive.k8s.plugins.module_utils._databases.wrapped_kind import WrappedKind


class PasswordKind(WrappedKind):
    """A kind whose client is told the password as the first line of its stdin."""

    def __init__(self, inner: DatabaseKind, name: str) -> None:
        super().__init__(inner)
        exports = "; ".join(f'export {variable}="$p"' for variable in PASSWORD_VARIABLES[name])
        self._script = f'IFS= read -r p || exit 64; {exports}; unset p; exec "$@"'

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        """Only by a shell: a client that were started without one would take the password for a statement."""
        return (("/bin/sh", "-c", self._script, "arkive", *super().clients(order)[0]),)


class PasswordContainer:
    """A ``Container`` that says ``password`` to each client before anything else."""

    def __init__(self, inner: Container, password: str) -> None:
        if any(character in password for character in "\r\n\0"):
            raise DatabaseError("The password of the database has more than one line.")
        self._inner = inner
        self._password = password

    def open(self, argv: t.Sequence[str]) -> Stream:
        stream = self._inner.open(argv)
        stream.send(f"{self._password}\n")
        return stream

    def real_path(self, path: str) -> str:
        return self._inner.real_path(path)

    def look(self, *argv: str) -> str | None:
        return self._inner.look(*argv)

    def flush(self, path: str) -> bool:
        return self._inner.flush(path)

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        return self._inner.check_places(places, unwritten=unwritten, ranks=ranks)


__all__ = ("PasswordContainer", "PasswordKind")
