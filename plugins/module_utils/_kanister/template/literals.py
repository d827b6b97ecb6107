# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts and numbers as they are written in Go."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import math
import re

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import from_bytes

_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\'\"])|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<octal>[0-7]{3}))|(?P<plain>[^\\])|(?P<bad>\\)",
    re.DOTALL,
)
_INTEGER = re.compile(r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)")
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9]+)?"
)
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:_?[0-9a-fA-F])*(?:\.(?:[0-9a-fA-F](?:_?[0-9a-fA-F])*)?)?[pP][+-]?[0-9]+")
#: Of a number, in characters: none that a person or a program writes has more.
_LONGEST = 2000


def unquote(literal: str) -> str:
    r"""What ``"a\n"`` or a text in back quotes means."""
    quote, body = literal[0], literal[1:-1]
    if quote == "`":
        return body.replace("\r", "")
    made = b"".join(_escaped(found, quote) for found in _ESCAPE.finditer(body))
    return from_bytes(made)


def rune(literal: str) -> int:
    """What ``'a'`` means: a number."""
    body = literal[1:-1]
    found = list(_ESCAPE.finditer(body))
    if len(found) != 1:
        raise Fault("syntax", f"{literal} is not one character", hint='A text is written in double quotes: "...".')
    data = _escaped(found[0], "'")
    if found[0]["x"] or found[0]["octal"]:
        return data[0]
    return ord(from_bytes(data))


def _escaped(found: re.Match[str], quote: str) -> bytes:
    if found["plain"] is not None:
        return found["plain"].encode("utf-8", "surrogateescape")
    if found["simple"] is not None:
        char = found["simple"]
        if char in _SIMPLE:
            return bytes([_SIMPLE[char]])
        if char == quote:
            return char.encode()
    elif found["x"] is not None:
        return bytes([int(found["x"], 16)])
    elif found["octal"] is not None and int(found["octal"], 8) < 256:
        return bytes([int(found["octal"], 8)])
    elif found["u"] is not None or found["U"] is not None:
        code = int(found["u"] or found["U"], 16)
        if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code).encode()
    raise Fault("syntax", f"{found[0]} is not an escape of Go", hint="A backslash is written as two of them.")


@dataclasses.dataclass(frozen=True, slots=True)
class Number:
    """What a number may be taken for; ``is_float`` for one that is written as such."""

    integer: int | None
    float: float
    is_float: bool


def number(literal: str) -> Number:
    if literal.startswith("'"):
        code = rune(literal)
        return Number(code, float(code), is_float=False)
    whole = parse_integer(literal)
    looks_float = any(char in literal for char in ".pP") or (not _is_hex(literal) and any(c in literal for c in "eE"))
    if whole is not None and -(1 << 63) <= whole < 1 << 63:
        return Number(whole, float(whole), is_float=False)
    if whole is not None and 0 <= whole < 1 << 64:
        return Number(None, float(whole), is_float=False)
    value = parse_float(literal)
    if value is None:
        raise Fault("syntax", f"{literal} is not a number")
    if not looks_float:
        raise Fault("syntax", f"{literal} is too large for a number of 64 bits")
    exact = math.isfinite(value) and value == int(value) and abs(value) < 1 << 63
    return Number(int(value) if exact else None, value, is_float=True)


def _is_hex(literal: str) -> bool:
    return literal.lstrip("+-")[:2] in ("0x", "0X")


def parse_integer(text: str) -> int | None:
    """As ``strconv.ParseInt`` with base 0 reads it: prefixes, octal after a 0, underscores."""
    if len(text) > _LONGEST or not _INTEGER.fullmatch(text):
        return None
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-").replace("_", "")
    if len(digits) > 100:
        return sign << 100
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def parse_float(text: str) -> float | None:
    """As ``strconv.ParseFloat`` reads what is written in digits; None for what is no number, or too large."""
    if len(text) > _LONGEST:
        return None
    try:
        if _HEX_FLOAT.fullmatch(text):
            return float.fromhex(text.replace("_", ""))
        if _DECIMAL.fullmatch(text):
            value = float(text)
            return value if math.isfinite(value) else None
    except (ValueError, OverflowError):
        return None
    return None


__all__ = ("Number", "number", "parse_float", "parse_integer", "rune", "unquote")
