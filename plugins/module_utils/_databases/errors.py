# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong between us and a database."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError


class DatabaseError(ArkiveError):
    """A database could not be held, or it is not proven that it was."""


class StatementRefused(DatabaseError):
    """The server said no. ``state``: by its own code, such as an SQLSTATE."""

    def __init__(self, message: str, *, state: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.state = state


class LockBusy(DatabaseError):
    """Somebody is in the way who may be gone soon. Nothing is held, and nobody waits behind us."""


class SessionLost(DatabaseError):
    """The session is over, and with it what it held. ``said``: the last words of the client."""

    def __init__(self, message: str, *, said: str = "", why: str = "", words: str = "") -> None:
        """``why`` and ``words``: parts of ``message``, a clause and a sentence for what the client said."""
        super().__init__(message)
        self.said = said
        self.why = why
        self.words = words


class ClientMissing(DatabaseError):
    """The container has no such program, and nothing was started."""


class StillLoading(DatabaseError):
    """The server answers, and does not have its data yet."""


__all__ = ("ClientMissing", "DatabaseError", "LockBusy", "SessionLost", "StatementRefused", "StillLoading")
