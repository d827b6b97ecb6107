# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong with a storage location."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

#: What kind of failure it was; ``other`` when the store did not say.
StoreFailure: t.TypeAlias = t.Literal[
    "not_found",
    "no_location",
    "denied",
    "credentials",
    "unreachable",
    "read_only",
    "bad_key",
    "held",
    "lost",
    "too_large",
    "full",
    "other",
]


class StoreError(ArkiveError):
    """A storage location refused or failed; the message names the location or the key."""

    def __init__(
        self,
        message: str,
        *,
        failure: StoreFailure = "other",
        hint: str | None = None,
        details: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.failure: StoreFailure = failure

    @property
    def not_found(self) -> bool:
        """True when the key is not there (the location itself is)."""
        return self.failure == "not_found"


__all__ = ("StoreError", "StoreFailure")
