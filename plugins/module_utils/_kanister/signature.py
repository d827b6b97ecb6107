# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a function is called with: the arguments that it needs, and those that it knows (docs/compatibility 15.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSignature:
    """``renders_itself``: its arguments are templates of its own kind, and reach it as they are written.

    ``refused_reason`` says, for a function that this collection does not carry out, why that is, and
    ``instead`` what to use.
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    renders_itself: bool = False
    refused_reason: str = ""
    instead: str = ""

    @property
    def supported(self) -> tuple[str, ...]:
        """All arguments that it knows."""
        return self.required + self.optional


__all__ = ("FunctionSignature",)
