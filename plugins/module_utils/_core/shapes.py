# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a document has the types that its readers count on, said once and looked at where it is read."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

_SHOWN = 120


@dataclasses.dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping of any names to values of one shape."""

    of: Shape


@dataclasses.dataclass(frozen=True, slots=True)
class OneOf:
    """A value of one of several types."""

    types: tuple[type, ...]


#: A type (``str``, ``int``, ``float``, ``bool``, ``dict``, ``list``), the members of a mapping, ``[shape]`` for a list
#: of values that are never null, ``MapOf`` or ``OneOf``. Null stands for a member that is not there; members that
#: no shape names may be anything.
Shape: t.TypeAlias = "type | dict[str, Shape] | list[Shape] | MapOf | OneOf"

_WORDS: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


_TYPES_OF = {one: frozenset({one}) for one in _WORDS}
_TEXT = _TYPES_OF[str]


def find_misfit(value: t.Any, shape: Shape, where: str = "") -> str:
    """What does not fit, as ``metadata.labels.a is not text``; empty when all does."""
    found = _find(value, shape)
    return f"{where or 'it' * found.startswith(' ')}{found}".lstrip(".") if found else ""


def readable(text: str) -> str:
    """A name from a stranger for a sentence: one line, without control characters, not endless."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return shown if shown.isprintable() else repr(shown)[1:-1]


def shown_value(value: t.Any) -> str:
    """A value of a wrong type for a sentence: numbers and the like as they are, of all else only what it is.

    Text, mappings and lists may be long, and may hold what is secret.
    """
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if abs(value) < 1 << 64 else "a very large number"
    word = _WORDS.get(type(value)) or next((_WORDS[one] for one in (str, dict, list) if isinstance(value, one)), "")
    return f"it is {word or 'a value of another kind'}"


def quoted(value: t.Any) -> str:
    """The same for what is a word where it is right, and nobody's secret: text is shown, though not all of it."""
    return f"'{readable(value)}'" if isinstance(value, str) else shown_value(value)


def _find(value: t.Any, shape: t.Any) -> str:
    return "" if value is None else _FINDERS[type(shape)](value, shape)


def _find_of_type(value: t.Any, shape: type) -> str:
    return "" if shape is type(value) else f" is not {_WORDS[shape]}"


def _find_of_types(value: t.Any, shape: OneOf) -> str:
    return "" if type(value) in shape.types else f" is not {' or '.join(_WORDS[one] for one in shape.types)}"


def _find_in_mapping(value: t.Any, members: dict[str, Shape]) -> str:
    if not isinstance(value, dict):
        return " is not a mapping"
    get = members.get
    for name, member in value.items():
        shape: t.Any = get(name)
        # Most members are of a plain type: no call for those that have it.
        if shape is None or member is None or shape is type(member):
            continue
        if found := _FINDERS[type(shape)](member, shape):
            return f".{name}{found}"
    return ""


def _find_in_list(value: t.Any, shapes: list[Shape]) -> str:
    shape = shapes[0]
    if not isinstance(value, list):
        return " is not a list"
    if isinstance(shape, type) and _TYPES_OF[shape].issuperset(map(type, value)):
        return ""
    for index, entry in enumerate(value):
        if entry is None:
            return f"[{index}] is null"
        if found := _find(entry, shape):
            return f"[{index}]{found}"
    return ""


def _find_in_map(value: t.Any, map_of: MapOf) -> str:
    shape = map_of.of
    if not isinstance(value, dict):
        return " is not a mapping"
    if (
        isinstance(shape, type)
        and _TYPES_OF[shape].issuperset(map(type, value.values()))
        and _TEXT.issuperset(map(type, value))
    ):
        return ""
    for name, member in value.items():
        if not isinstance(name, str):
            return " has a name that is not text"
        if member is None:
            return f".{readable(name)} is null"
        if found := _find(member, shape):
            return f".{readable(name)}{found}"
    return ""


_FINDERS: dict[type, t.Callable[[t.Any, t.Any], str]] = {
    type: _find_of_type,
    dict: _find_in_mapping,
    list: _find_in_list,
    MapOf: _find_in_map,
    OneOf: _find_of_types,
}

__all__ = ("MapOf", "OneOf", "Shape", "find_misfit", "quoted", "readable", "shown_value")
