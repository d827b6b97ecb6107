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
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.floats import format_float

_INT64 = 1 << 63
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class Absent:
    """What there is when a range goes through nothing: no value at all, and not null."""


ABSENT = Absent()


def plain_number(value: t.Any) -> t.Any:
    """A whole number beyond 64 bits is a fraction, as the reader of the API server's JSON makes it."""
    if isinstance(value, int) and not isinstance(value, bool) and not -_INT64 <= value < _INT64:
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


def json_float(value: float) -> str:
    """As ``encoding/json``: the fewest digits, with an exponent below 1e-6 and from 1e21 on."""
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return format_float(value, "f")
    text = format_float(value, "e")
    return f"{text[:-2]}{text[-1]}" if text[-4:-1] == "e-0" else text


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
    return format_float(number, "g") if isinstance(number, float) else str(number)


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


__all__ = ("ABSENT", "Absent", "json_float", "plain_number", "print_value")
