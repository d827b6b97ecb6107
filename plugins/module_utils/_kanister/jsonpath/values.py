# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a JSONPath finds, printed as kubectl does (docs/compatibility 15.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import MAX_DEPTH
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import TooMuchError

_INT64 = 1 << 63
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class Absent:
    """What there is when a range goes through nothing: no value at all, and not null."""


ABSENT = Absent()


def plain_number(value: t.Any) -> t.Any:
    """A whole number beyond 64 bits is a fraction, as the reader of the API server's JSON makes it."""
    if type(value) is int and not -_INT64 <= value < _INT64:
        return float(value)
    return value


def print_value(value: t.Any, budget: Budget) -> str:
    """Text as it is, numbers and truth values plain, ``null``, and JSON for mappings and lists."""
    if isinstance(value, dict | list):
        out: list[str] = []
        _write_json(value, out, budget, 0)
        return "".join(out)
    text = _plain(value)
    budget.write(len(text))
    return text


def go_float(value: float) -> str:
    """As ``%v``: the fewest digits, with an exponent below 1e-04 and from 1e+06 on."""
    return _float(value, low=-4, high=6, short=False)


def json_float(value: float) -> str:
    """As ``encoding/json``: the fewest digits, with an exponent below 1e-6 and from 1e21 on."""
    return _float(value, low=-6, high=21, short=True)


def positional_float(value: float) -> str:
    """As ``strconv.FormatFloat`` with ``f``: the fewest digits, never an exponent."""
    return _float(value, low=-400, high=400, short=False)


def _plain(value: t.Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Absent):
        return "<no value>"
    number = plain_number(value)
    return go_float(number) if isinstance(number, float) else str(number)


def _float(value: float, *, low: int, high: int, short: bool) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else f"{'+' if value > 0 else '-'}Inf"
    mantissa, _e, written = f"{value!r}e0".partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _dot, fraction = mantissa.lstrip("-").partition(".")
    exponent = int(written.removesuffix("e0") or "0") + len(whole)
    digits = whole + fraction
    exponent -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    if not digits:
        return f"{sign}0"
    if low < exponent <= high:
        return sign + _positional(digits, exponent)
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    power = f"{abs(exponent - 1):d}" if short and exponent < 0 else f"{abs(exponent - 1):02d}"
    return f"{sign}{digits[0]}{rest}e{'-' if exponent < 1 else '+'}{power}"


def _positional(digits: str, point: int) -> str:
    """``digits`` with the point after so many of them."""
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _write_json(value: t.Any, out: list[str], budget: Budget, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooMuchError(f"What a JSONPath found is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, dict):
        before = "{"
        for name in sorted(value):
            text = f"{before}{_json_text(str(name))}:"
            budget.write(len(text))
            out.append(text)
            _write_json(value[name], out, budget, depth + 1)
            before = ","
        out.append("}" if value else "{}")
    elif isinstance(value, list):
        before = "["
        for member in value:
            budget.write(1)
            out.append(before)
            _write_json(member, out, budget, depth + 1)
            before = ","
        out.append("]" if value else "[]")
    else:
        text = _json_text(value) if isinstance(value, str) else _json_plain(value)
        budget.write(len(text))
        out.append(text)


def _json_text(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    for char, escaped in _HTML.items():
        if char in text:
            text = text.replace(char, escaped)
    return text


def _json_plain(value: t.Any) -> str:
    number = plain_number(value)
    return json_float(number) if isinstance(number, float) else _plain(number)


__all__ = ("ABSENT", "Absent", "go_float", "json_float", "plain_number", "positional_float", "print_value")
