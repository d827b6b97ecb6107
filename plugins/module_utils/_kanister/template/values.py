# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that a template works with.

What JSON knows is what Python makes of it: a dict is a ``map[string]interface {}``, a list an ``[]interface {}``, an
int an ``int64``, as the numbers of live objects are, a bytes a ``[]byte``. A str is a text of Go, whose bytes that are
no UTF-8 are surrogates. The rest is here.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import (
    ANYTHING,
    BOOL,
    BYTES,
    FLOAT64,
    INT,
    INT64,
    OBJECT,
    STRING,
    UINT8,
    GoType,
    StructType,
)

_BITS = 64


class Int(int):
    """An ``int``: a number that is written in a template, or a length."""

    __slots__ = ()


class Uint8(int):
    """A byte of a text."""

    __slots__ = ()


class TypedList(list[t.Any]):
    """A slice of another type than ``[]interface {}``, or one that is nil."""

    __slots__ = ("go_type", "is_nil")

    def __init__(self, items: t.Iterable[t.Any], go_type: GoType, *, is_nil: bool = False) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.is_nil = is_nil


class TypedMap(dict[str, t.Any]):
    """A map of another type than ``map[string]interface {}``, or one that is nil."""

    __slots__ = ("go_type", "is_nil")

    def __init__(self, items: t.Mapping[str, t.Any], go_type: GoType, *, is_nil: bool = False) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.is_nil = is_nil


class Struct:
    """A struct: a field that its type does not have is an error, one that was not given is zero.

    ``fields`` may be plain values: they are made of the fields' types.
    """

    __slots__ = ("fields", "go_type")

    def __init__(self, go_type: StructType, fields: t.Mapping[str, t.Any]) -> None:
        unknown = fields.keys() - go_type.fields.keys()
        if unknown:
            raise TypeError(f"{go_type.name} has no field {', '.join(sorted(unknown))}")
        self.go_type = go_type
        self.fields = {name: of_type(fields.get(name), field) for name, field in go_type.fields.items()}


class Pointer:
    """A pointer to a struct; nil without a ``target``, and an error to whoever wants a field of it then."""

    __slots__ = ("go_type", "target")

    def __init__(self, go_type: GoType, target: Struct | None) -> None:
        self.go_type = go_type
        self.target = target


class Tainted:
    """A secret, anywhere in the data: a rendering that looks at it is tainted as a whole."""

    __slots__ = ("value",)

    def __init__(self, value: t.Any) -> None:
        self.value = value


class Opaque:
    """What has methods and a text, and no fields: a time, a version."""

    __slots__ = ()

    go_type: t.ClassVar[GoType]
    #: ``Function``s by name: what a template may call, with the value before its arguments.
    methods: t.ClassVar[t.Mapping[str, t.Any]] = {}

    def text(self) -> str:
        """What it prints."""
        raise NotImplementedError

    def to_json(self) -> t.Any:
        return self.text()


class _Invalid:
    """No value at all, as against ``None``, which is a nil in a map or a list."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID = _Invalid()

_OF_PYTHON: dict[type, GoType] = {
    bool: BOOL,
    Int: INT,
    Uint8: UINT8,
    int: INT64,
    float: FLOAT64,
    str: STRING,
    bytes: BYTES,
    dict: OBJECT,
    list: ANYTHING,
}


def type_of(value: t.Any) -> GoType | None:
    """None for nil."""
    found = _OF_PYTHON.get(type(value))
    if found is not None:
        return found
    return None if value is None or value is INVALID else t.cast(GoType, value.go_type)


def type_name(value: t.Any) -> str:
    """What ``%T`` prints."""
    found = type_of(value)
    return "<nil>" if found is None else found.name


def zero(go_type: GoType) -> t.Any:
    """The zero value of a type."""
    kind = go_type.kind
    if kind in _ZEROS:
        return _ZEROS[kind]
    if go_type is BYTES:
        return b""
    if kind == "slice":
        return TypedList((), go_type, is_nil=True)
    if kind == "map":
        return TypedMap({}, go_type, is_nil=True)
    if kind == "ptr":
        return Pointer(go_type, None)
    return Struct(go_type, {}) if isinstance(go_type, StructType) else None


_ZEROS: dict[str, t.Any] = {
    "bool": False,
    "int": Int(0),
    "int64": 0,
    "uint8": Uint8(0),
    "float64": 0.0,
    "string": "",
    "interface": None,
}


def of_type(value: t.Any, go_type: GoType) -> t.Any:
    """Plain dicts and lists as the maps, slices, structs and pointers of ``go_type``; None as its zero value."""
    if isinstance(value, Tainted):
        return Tainted(of_type(value.value, go_type))
    if value is None:
        return zero(go_type)
    if isinstance(value, (TypedList, TypedMap, Struct, Pointer, bytes)) or go_type is OBJECT or go_type is ANYTHING:
        return value
    if isinstance(go_type, StructType):
        return Struct(go_type, value)
    if go_type.kind == "int":
        return Int(value)
    if go_type.element is None:
        return value
    if go_type.kind == "ptr":
        return Pointer(go_type, of_type(value, go_type.element))
    if go_type.kind == "map":
        return TypedMap({key: of_type(item, go_type.element) for key, item in value.items()}, go_type)
    return TypedList((of_type(item, go_type.element) for item in value), go_type)


def is_nil(value: t.Any) -> bool:
    """Whether it is nil, or nil of its type."""
    if value is None or value is INVALID:
        return True
    if isinstance(value, (TypedList, TypedMap)):
        return value.is_nil
    return isinstance(value, Pointer) and value.target is None


def is_true(value: t.Any) -> bool:
    """As ``if`` judges: false, 0, nil and what is empty are not true; everything else is, the text "false" as well."""
    if isinstance(value, Pointer):
        return value.target is not None
    if isinstance(value, (Struct, Opaque)):
        return True
    return value is not INVALID and bool(value)


def indirect(value: t.Any) -> t.Any:
    """What a pointer points to; a nil pointer itself."""
    return value.target if isinstance(value, Pointer) and value.target is not None else value


def wrap(number: int) -> int:
    """What is left of a number in 64 bits."""
    number &= (1 << _BITS) - 1
    return number - (1 << _BITS) if number >> (_BITS - 1) else number


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def is_integer(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


__all__ = (
    "INVALID",
    "Int",
    "Opaque",
    "Pointer",
    "Struct",
    "Tainted",
    "TypedList",
    "TypedMap",
    "Uint8",
    "from_bytes",
    "indirect",
    "is_integer",
    "is_nil",
    "is_true",
    "of_type",
    "to_bytes",
    "type_name",
    "type_of",
    "wrap",
    "zero",
)
