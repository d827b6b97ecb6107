# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layouts of Go's times: ``2006-01-02T15:04:05Z07:00``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import re
import typing as t

#: The order decides: where two of them begin at the same place, the first one counts.
_CHUNKS = (
    "January", r"Jan(?![a-z])", "Monday", r"Mon(?![a-z])", "MST", "0[1-6]", "002", "15", "1", "2006", "2", "_2006",
    "_2", "__2", "3", "4", "5", "PM", "pm", "-070000", "-07:00:00", "-0700", "-07:00", "-07", "Z070000", "Z07:00:00",
    "Z0700", "Z07:00", "Z07", r"[.,]0+(?![0-9])", r"[.,]9+(?![0-9])",
)  # fmt: skip
_CHUNK = re.compile("|".join(_CHUNKS))


class Piece(t.NamedTuple):
    """Text as it is, and the part of a time that follows it; no part at the end of a layout."""

    literal: str
    part: str


@functools.lru_cache(maxsize=256)
def pieces_of(layout: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = 0
    for found in _CHUNK.finditer(layout):
        start, part = found.start(), found[0]
        if part == "_2006":  # the line is text
            start, part = start + 1, "2006"
        pieces.append(Piece(layout[at:start], part))
        at = found.end()
    pieces.append(Piece(layout[at:], ""))
    return tuple(pieces)


__all__ = ("Piece", "pieces_of")
