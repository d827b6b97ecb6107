# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments of functions as they are decoded: weakly, as mapstructure does (docs/compatibility 15.8)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.floats import format_float

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False", ""})


def decode_text(value: t.Any, argument: str) -> str:
    """Text as it is, numbers written out, true as ``1`` and false as ``0``. Raises ``BlueprintError``."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return format_float(value, "f") if isinstance(value, float) else str(value)
    raise _wrong(argument, value, "text")


def decode_bool(value: t.Any, argument: str) -> bool:
    """``true`` and ``1`` in any of Go's spellings, a number that is not 0; an empty text is false."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, str) and value in _TRUE | _FALSE:
        return value in _TRUE
    raise _wrong(argument, value, "true or false")


def decode_texts(value: t.Any, argument: str) -> list[str]:
    """A list of texts; a single value is a list of one."""
    if value is None:
        return []
    if isinstance(value, dict):
        if not value:
            return []
        raise _wrong(argument, value, "a list of texts")
    entries = value if isinstance(value, list | tuple) else [value]
    return [decode_text(each, f"{argument}[{at}]") for at, each in enumerate(entries)]


def decode_mapping(value: t.Any, argument: str) -> dict[str, t.Any]:
    """A mapping with text for keys; a list of mappings is all of them together, and the last one decides."""
    if value is None:
        return {}
    if isinstance(value, list):
        found: dict[str, t.Any] = {}
        for at, each in enumerate(value):
            found |= decode_mapping(each, f"{argument}[{at}]")
        return found
    if not isinstance(value, t.Mapping):
        raise _wrong(argument, value, "a mapping")
    return {decode_text(key, f"a name in {argument}"): each for key, each in value.items()}


def decode_text_mapping(value: t.Any, argument: str) -> dict[str, str]:
    """Labels and the like: text for keys and values."""
    return {
        key: decode_text(each, f"{argument}.{readable(key)}") for key, each in decode_mapping(value, argument).items()
    }


def _wrong(argument: str, value: t.Any, wanted: str) -> BlueprintError:
    """A rendered text may be a password, and is not repeated."""
    return BlueprintError(f"The argument {argument} is not {wanted}: {shown_value(value)}.")


__all__ = ("decode_bool", "decode_mapping", "decode_text", "decode_text_mapping", "decode_texts")
