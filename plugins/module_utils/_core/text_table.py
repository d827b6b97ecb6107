# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of plain text that look the same in a terminal, in AWX and in a log: no colours, no width but their own."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
import unicodedata

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line

_CUT = "..."


def text_table(rows: t.Sequence[t.Sequence[str]], *, most: t.Sequence[int], right: t.Collection[int] = ()) -> list[str]:
    """Lines in columns, of at most ``most`` cells of a terminal each; those of ``right`` end below each other.

    Whatever a text holds, it stays in its line and in its column.
    """
    shown = [[shortened(cell, most[at]) for at, cell in enumerate(row)] for row in rows]
    widths = [max((width(row[at]) for row in shown), default=0) for at in range(len(most))]
    lines = []
    for row in shown:
        cells = []
        for at, cell in enumerate(row):
            gap = " " * (widths[at] - width(cell))
            cells.append(f"{gap}{cell}" if at in right else f"{cell}{gap}")
        lines.append("  ".join(cells).rstrip())
    return lines


def shortened(text: str, most: int) -> str:
    """``text`` on one line, without what steers a terminal; cut where it is wider than ``most``."""
    line = one_line(text)
    if width(line) <= most:
        return line
    kept, room = "", most
    for char in line:
        room -= width(char)
        if room < 0:
            break
        kept += char
    return f"{kept}{_CUT}"


def width(text: str) -> int:
    """Cells of a terminal: two for the wide characters of East Asia, none for what is put over another."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


__all__ = ("shortened", "text_table", "width")
