# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON as Go's encoding/json writes it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import json
import math
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.floats import format_float
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Opaque,
    Pointer,
    Struct,
    is_nil,
    to_bytes,
)

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-6, 1e21


class _NoJson(Exception):
    """A number that JSON has not: sprig makes an empty text of it."""


class _Writer:
    def __init__(self, budget: Budget, indent: str) -> None:
        self.parts: list[str] = []
        self._budget = budget
        self._indent = indent

    def write(self, value: t.Any, margin: str) -> None:
        self._budget.step()
        if isinstance(value, Pointer):
            value = value.target
        if isinstance(value, Opaque):
            value = value.to_json()
        if isinstance(value, (dict, list, Struct)) and not is_nil(value):
            self._budget.enter()
            self._write_composite(value, margin)
            self._budget.leave()
        else:
            self._emit(_scalar(value))

    def _emit(self, text: str) -> None:
        self._budget.make(len(text))
        self.parts.append(text)

    def _write_composite(self, value: t.Any, margin: str) -> None:
        if isinstance(value, list):
            self._sequence("[", "]", [("", item) for item in value], margin)
            return
        if isinstance(value, dict):
            members = [(key, value[key]) for key in sorted(value, key=to_bytes)]
        else:
            members = _members(value)
        colon = ": " if self._indent else ":"
        self._sequence("{", "}", [(_text(key) + colon, item) for key, item in members], margin)

    def _sequence(self, before: str, after: str, items: t.Sequence[tuple[str, t.Any]], margin: str) -> None:
        if not items:
            self._emit(before + after)
            return
        inner = margin + self._indent
        line = f"\n{inner}" if self._indent else ""
        for number, (name, item) in enumerate(items):
            self._emit(("," if number else before) + line + name)
            self.write(item, inner)
        self._emit((f"\n{margin}" if self._indent else "") + after)


def _members(value: Struct) -> list[tuple[str, t.Any]]:
    names = value.go_type.names
    return [(names.get(name, name), field) for name, field in value.fields.items() if names.get(name, name)]


def _scalar(value: t.Any) -> str:
    if value is None or is_nil(value):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode()}"'
    return _text(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise _NoJson
    plain = value == 0 or _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN
    text = format_float(value, "f" if plain else "e")
    return text.replace("e-0", "e-") if text[-4:-1] == "e-0" else text


def _text(text: str) -> str:
    if not text.isascii():
        text = to_bytes(text).decode("utf-8", "surrogateescape")
        text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    made = json.dumps(text, ensure_ascii=False)
    for char, escape in _ESCAPES.items():
        made = made.replace(char, escape)
    return made


def _to_json(run: Run, value: t.Any) -> str:
    return _json(run, value, "")


def _to_pretty_json(run: Run, value: t.Any) -> str:
    return _json(run, value, "  ")


def _json(run: Run, value: t.Any, indent: str) -> str:
    writer = _Writer(run.budget, indent)
    depth = run.budget.depth
    try:
        writer.write(value, "")
    except _NoJson:
        run.budget.depth = depth
        return ""
    return "".join(writer.parts)


JSON_FUNCTIONS = table(
    function("toJson", _to_json, "any", with_run=True),
    function("toPrettyJson", _to_pretty_json, "any", with_run=True),
)

__all__ = ("JSON_FUNCTIONS",)
