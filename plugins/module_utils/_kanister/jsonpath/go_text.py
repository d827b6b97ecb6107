# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quoted text as Go has it: the escapes of strconv.Unquote, in single quotes as well."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re

_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_HEX = {"x": 2, "u": 4, "U": 8}
_HEX_DIGITS = re.compile(r"[0-9a-fA-F]+")
_OCTAL_DIGITS = re.compile(r"[0-7]{3}")


def unquote(quoted: str) -> str:
    """What is between the quotes of ``quoted``. Raises ``ValueError``."""
    if len(quoted) < 2 or quoted[0] != quoted[-1] or quoted[0] not in "'\"":
        raise ValueError("it is not in quotes")
    quote, body = quoted[0], quoted[1:-1]
    if "\\" not in body and quote not in body:
        return body
    out, at = bytearray(), 0
    while at < len(body):
        if body[at] == quote:
            raise ValueError("a quote within it is not escaped")
        if body[at] != "\\":
            out += body[at].encode("utf-8", "replace")
            at += 1
            continue
        piece, at = _escape(body, at + 1, quote)
        out += piece
    return out.decode("utf-8", "replace")


def _escape(body: str, at: int, quote: str) -> tuple[bytes, int]:
    """The bytes of the escape whose letter is at ``at``, and where it ends."""
    letter = body[at : at + 1]
    if letter in _SIMPLE:
        return bytes([_SIMPLE[letter]]), at + 1
    if letter and letter == quote:
        return letter.encode(), at + 1
    if letter in _HEX:
        digits = body[at + 1 : at + 1 + _HEX[letter]]
        if len(digits) != _HEX[letter] or not _HEX_DIGITS.fullmatch(digits):
            raise ValueError(f"\\{letter} wants {_HEX[letter]} hexadecimal digits")
        return _code(int(digits, 16), raw=letter == "x"), at + 1 + len(digits)
    if _OCTAL_DIGITS.fullmatch(body[at : at + 3]):
        return _code(int(body[at : at + 3], 8), raw=True), at + 3
    raise ValueError("it has an escape that there is not")


def _code(number: int, *, raw: bool) -> bytes:
    if raw:
        if number > 0xFF:
            raise ValueError("an octal escape is above 255")
        return bytes([number])
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise ValueError("it has the number of no character")
    return chr(number).encode()


__all__ = ("unquote",)
