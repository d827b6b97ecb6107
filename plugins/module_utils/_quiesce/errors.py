# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain error of this room."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError


class QuiesceError(ArkiveError):
    """A freeze is refused, or its release is not proven."""


def unclear_freeze(asked: str, container: str, pod: str) -> QuiesceError:
    """For a command that freezes something, nobody knows what. ``asked``: "pre hook"; ``pod``: namespace/name."""
    return QuiesceError(
        f"The {asked} in container {container} of pod {pod} freezes a path that cannot be read from its text.",
        hint="Write the path out, or set allow_shared_freeze: true.",
    )


__all__ = ("QuiesceError", "unclear_freeze")
