# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Markdown as GitHub and GitLab show it, in which no text is anything but text."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line

#: Bytes; GitHub takes 1 MiB from all that one step writes.
LIMIT = 900_000
#: Characters of one cell or line.
_LONGEST = 400
#: What begins a tag, a link, a table's cell, a formula, an emoji or a mention of somebody.
_MARKS = re.compile(r"[\\`*_{}\[\]<>()#+!|~@$%^&\"':=]|(?<=[wW]{3})\.")
_LEFT_OUT = "\n*There is more, which is left out here.*\n"


def plain_text(text: str, *, most: int = _LONGEST) -> str:
    """``text`` on one line, as it is: no control characters, nothing that Markdown or HTML reads."""
    line = one_line(text)
    if len(line) > most:
        line = f"{line[:most]}..."
    return _MARKS.sub(lambda match: f"&#{ord(match[0])};", line)


def table(titles: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> list[str]:
    """The lines of a table; the cells are any text."""
    lines = [titles, *rows]
    shown = [f"| {' | '.join(plain_text(str(cell)) or ' ' for cell in line)} |" for line in lines]
    return [shown[0], f"|{' --- |' * len(titles)}", *shown[1:]]


def document(lines: t.Iterable[str], *, limit: int = LIMIT) -> bytes:
    """Lines that are Markdown, in UTF-8; at most ``limit`` bytes of them, and a word that there are more."""
    pieces: list[bytes] = []
    room = limit - len(_LEFT_OUT)
    for line in lines:
        piece = f"{line}\n".encode("utf-8", "replace")
        room -= len(piece)
        if room < 0:
            return b"".join([*pieces, _LEFT_OUT.encode()])
        pieces.append(piece)
    return b"".join(pieces)


__all__ = ("LIMIT", "document", "plain_text", "table")
