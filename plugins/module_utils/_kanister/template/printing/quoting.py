# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts in quotes, as Go writes them (``strconv.Quote``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import unicodedata

_SHORT = {7: r"\a", 8: r"\b", 12: r"\f", 10: r"\n", 13: r"\r", 9: r"\t", 11: r"\v"}
_INVALID_FROM, _INVALID_TO = 0xDC80, 0xDCFF
_SOFT_HYPHEN = 0xAD
_BYTE_ORDER_MARK = "\ufeff"


def quote(text: str, mark: str = '"', *, ascii_only: bool = False) -> str:
    """``text`` between two ``mark``, with whatever cannot be printed as an escape."""
    return mark + "".join(_escaped(char, mark, ascii_only) for char in text) + mark


def _escaped(char: str, mark: str, ascii_only: bool) -> str:
    if char in (mark, "\\"):
        return f"\\{char}"
    code = ord(char)
    if is_printable(char) and (code < 128 or not ascii_only):
        return char
    if code in _SHORT:
        return _SHORT[code]
    if _INVALID_FROM <= code <= _INVALID_TO:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_printable(char: str) -> bool:
    """Letters, marks, numbers, punctuation, symbols, and of the spaces the one of ASCII."""
    code = ord(char)
    if code < 0x100:
        return 0x20 <= code <= 0x7E or (code >= 0xA1 and code != _SOFT_HYPHEN)
    return unicodedata.category(char)[0] in "LMNPS"


def can_be_raw(text: str) -> bool:
    """Whether it can be written in back quotes, on one line."""
    for char in text:
        code = ord(char)
        if char in ("`", "\x7f", _BYTE_ORDER_MARK) or (code < 0x20 and char != "\t"):
            return False
        if _INVALID_FROM <= code <= _INVALID_TO:
            return False
    return True


__all__ = ("can_be_raw", "is_printable", "quote")
