# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server says beside an answer: unknown and duplicate fields, deprecated versions, admission warnings."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

#: Takes the text of one warning, from any thread.
WarningSink: t.TypeAlias = "t.Callable[[str], None]"

#: ``299 - "text"`` (RFC 7234, section 5.5; docs/compatibility 14): several headers may come as one.
_WARNING = re.compile(r'\b299 \S+ "((?:[^"\\]|\\.)*)"')
_QUOTED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = 600


def parse_warnings(header: str | None) -> list[str]:
    """The texts in a ``Warning`` header, each on one line and not endless."""
    found = (_QUOTED.sub(r"\1", text) for text in _WARNING.findall(header or ""))
    return [text for text in map(_shown, found) if text]


def _shown(text: str) -> str:
    line = "".join(character if character.isprintable() else " " for character in text).strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


__all__ = ("WarningSink", "parse_warnings")
