# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Characters as Go's unicode package knows them: one becomes one, and what is a blank."""

# Private: not for use outside of this collection.

from __future__ import annotations

#: What ``unicode.IsSpace`` knows.
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def upper(text: str) -> str:
    if text.isascii():
        return text.upper()
    return "".join(_one(char, char.upper()) for char in text)


def lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(char.lower()[0] for char in text)


def title(char: str) -> str:
    """One character at the beginning of a word."""
    return _one(char, char.title())


def _one(char: str, changed: str) -> str:
    """What would become several characters stays as it is."""
    return changed if len(changed) == 1 else char


def is_space(char: str) -> bool:
    return char in SPACES


__all__ = ("SPACES", "is_space", "lower", "title", "upper")
