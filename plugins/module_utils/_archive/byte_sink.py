# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files of an archive are written to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


class ByteSink(t.Protocol):
    """Anything with ``write`` that takes all it is given."""

    def write(self, data: bytes, /) -> int:
        """Take all of ``data``."""


__all__ = ("ByteSink",)
