# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root of every error that this collection raises on purpose."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue


class ArkiveError(Exception):
    """A failure that a person can read: one full sentence with the object in it, and the remedy where one exists.

    ``details`` is returned to the user beside the message (JSON types only). ``told``: errors that were reported, and
    whose reasons the message has already.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: t.Mapping[str, t.Any] | None = None,
        told: t.Iterable[Issue] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, t.Any] = dict(details or {})
        self.told = tuple(told)

    @property
    def sentence(self) -> str:
        """The message, followed by the remedy."""
        if not self.hint:
            return self.message
        # What a server said may have no full stop.
        return f"{self.message}{'' if self.message.endswith(('.', '?', '!')) else '.'} {self.hint}"


class ValidationError(ArkiveError):
    """The input is wrong; nothing was changed."""


class Cancelled(ArkiveError):
    """The run was cancelled (signal, lost parent)."""


__all__ = ("ArkiveError", "Cancelled", "ValidationError")
