# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields, methods and keys: what ``.name`` means for a value."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Function
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import GoType, StructType
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    INVALID,
    Opaque,
    Pointer,
    Struct,
    TypedMap,
    type_name,
    zero,
)


def method_of(value: t.Any, name: str) -> Function | None:
    """What ``.name`` calls, of a time or a version."""
    return value.methods.get(name) if isinstance(value, Opaque) else None


def field_of(value: t.Any, name: str, missing: str, *, is_called: bool) -> t.Any:
    """``value.name``; ``missing`` says what becomes of a key that a map has not.

    No field can be called, but that is only wrong where there is one, as in Go.
    """
    if value is INVALID:
        if missing == "error":
            raise Fault("missing key", f"there is nothing that the key {name!r} could be of", hint=_GUARD)
        return INVALID
    if value is None:
        raise Fault("nil pointer", f"what {name!r} is wanted of is nil", hint=_GUARD)
    if isinstance(value, dict):
        _check_call(name, is_called)
        return _key_of(value, name, missing)
    if isinstance(value, Pointer):
        value = _target_of(value, name)
    if isinstance(value, Struct):
        return _field_of_struct(value, name, is_called)
    raise Fault("no such field", f"a value of type {type_name(value)} has no field {name!r}")


def _key_of(value: dict[str, t.Any], name: str, missing: str) -> t.Any:
    if name in value:
        return value[name]
    if missing == "error":
        raise Fault("missing key", f"there is no key {name!r}", hint=_GUARD)
    if missing == "default":
        return INVALID
    return zero(t.cast(GoType, value.go_type.element)) if isinstance(value, TypedMap) else None


def _check_call(name: str, is_called: bool) -> None:
    if is_called:
        raise Fault("not a function", f"{name} is no function, and cannot be given an argument")


def _field_of_struct(value: Struct, name: str, is_called: bool) -> t.Any:
    if name not in value.fields:
        raise _no_field(value.go_type, name)
    _check_call(name, is_called)
    return value.fields[name]


def _target_of(value: Pointer, name: str) -> Struct:
    if value.target is not None:
        return value.target
    struct = t.cast(StructType, value.go_type.element)
    if name not in struct.fields:
        raise _no_field(struct, name)
    raise Fault(
        "nil pointer",
        f"what {name!r} is wanted of, a {struct.name}, is not there",
        hint="Only the parameters of the kind of the subject are set; .Object always is.",
    )


def _no_field(struct: StructType, name: str) -> Fault:
    return Fault(
        "no such field",
        f"a {struct.name} has no field {name!r}",
        hint=f"It has {', '.join(struct.fields)}." if struct.fields else None,
    )


_GUARD = 'Where it may be missing, ask with index, as in {{ index .Options "name" }}, or with if.'

__all__ = ("field_of", "method_of")
