# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of Go, as far as a template can tell them apart."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class GoType:
    """``name`` is what ``%T`` prints, ``kind`` what reflection says; ``element`` of a slice, a map or a pointer."""

    name: str
    kind: str
    element: GoType | None = None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class StructType(GoType):
    """``fields`` in their order. ``names`` are those of JSON, where they are others; an empty one is left out."""

    fields: t.Mapping[str, GoType] = dataclasses.field(default_factory=dict)
    names: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def struct_type(name: str, fields: t.Mapping[str, GoType], names: t.Mapping[str, str] | None = None) -> StructType:
    """A struct, such as ``struct_type("param.NamespaceParams", {"Name": STRING})``."""
    return StructType(name, "struct", None, fields, names or {})


def slice_of(element: GoType) -> GoType:
    return GoType(f"[]{element.name}", "slice", element)


def map_of(element: GoType) -> GoType:
    """A map whose keys are texts."""
    return GoType(f"map[string]{element.name}", "map", element)


def pointer_to(element: GoType) -> GoType:
    return GoType(f"*{element.name}", "ptr", element)


INTERFACE = GoType("interface {}", "interface")
BOOL = GoType("bool", "bool")
INT = GoType("int", "int")
INT64 = GoType("int64", "int64")
UINT8 = GoType("uint8", "uint8")
FLOAT64 = GoType("float64", "float64")
STRING = GoType("string", "string")
BYTES = slice_of(UINT8)
ANYTHING = slice_of(INTERFACE)
INTS = slice_of(INT)
STRINGS = slice_of(STRING)
OBJECT = map_of(INTERFACE)
TEXTS = map_of(STRING)
DATA = map_of(BYTES)

__all__ = (
    "ANYTHING",
    "BOOL",
    "BYTES",
    "DATA",
    "FLOAT64",
    "INT",
    "INT64",
    "INTERFACE",
    "INTS",
    "OBJECT",
    "STRING",
    "STRINGS",
    "TEXTS",
    "UINT8",
    "GoType",
    "StructType",
    "map_of",
    "pointer_to",
    "slice_of",
    "struct_type",
)
