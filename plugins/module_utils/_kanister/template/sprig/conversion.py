# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as texts and numbers, as sprig makes them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import math
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.literals import parse_float
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.fmt import show
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import STRINGS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Int,
    Opaque,
    TypedList,
    from_bytes,
    indirect,
    is_integer,
    type_of,
    wrap,
)

_INTEGER = re.compile(r"[+-]?[0-9]+")
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1
_WORDS = re.compile(r"([+-]?)(inf|infinity|nan)", re.IGNORECASE)


def to_text(value: t.Any, budget: Budget) -> str:
    """Bytes are a text here; everything else is what it prints."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return from_bytes(value)
    return value.text() if isinstance(value, Opaque) else show(value, budget)


def to_texts(value: t.Any, budget: Budget) -> list[str]:
    """The elements of a list that are not nil; of anything else, itself."""
    if isinstance(value, (list, bytes)):
        budget.step(len(value))
        return [to_text(item, budget) for item in value if item is not None]
    return [] if value is None else [to_text(value, budget)]


def texts(items: t.Iterable[str]) -> TypedList:
    """A ``[]string``."""
    return TypedList(items, STRINGS)


def parse_decimal(text: str) -> int | None:
    """As ``strconv.ParseInt`` with base 10: None for what is no number, or too large."""
    found = _INTEGER.fullmatch(text)
    if found is None or len(text) > 40:
        return None
    number = int(text)
    return number if _LOWEST <= number <= _HIGHEST else None


def atoi(text: str) -> Int:
    """0 for what is no number, and the largest one for what is too large."""
    if not _INTEGER.fullmatch(text):
        return Int(0)
    number = int(text) if len(text) <= 40 else (_LOWEST if text[0] == "-" else _HIGHEST)
    return Int(min(max(number, _LOWEST), _HIGHEST))


def to_int64(value: t.Any) -> int:
    """0 for what is no number."""
    value = indirect(value)
    if isinstance(value, str):
        return parse_decimal(value) or 0
    if isinstance(value, float):
        whole = int(value) if math.isfinite(value) else _LOWEST
        return whole if _LOWEST <= whole <= _HIGHEST else _LOWEST
    if isinstance(value, int):
        return int(value)
    return 0


def to_float64(value: t.Any) -> float:
    value = indirect(value)
    if isinstance(value, str):
        word = _WORDS.fullmatch(value)
        if word:
            return float(value)
        return parse_float(value) or 0.0
    return float(value) if isinstance(value, (int, float)) else 0.0


def elements(value: t.Any, budget: Budget) -> list[t.Any]:
    """The elements of a list, for a function that wants one."""
    found = type_of(value)
    if found is None or found.kind != "slice":
        raise Fault("failed", f"a list is wanted, and this is of type {'<nil>' if found is None else found.name}")
    budget.step(len(value))
    return list(value)


__all__ = (
    "atoi",
    "elements",
    "is_integer",
    "parse_decimal",
    "texts",
    "to_float64",
    "to_int64",
    "to_text",
    "to_texts",
    "wrap",
)
