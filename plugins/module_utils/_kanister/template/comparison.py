# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``eq``, ``lt`` and their like: what may be compared with what."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Opaque,
    Pointer,
    Struct,
    is_nil,
    to_bytes,
    type_name,
    type_of,
)

_HINT = 'Both must be of one kind: compare texts with texts, as in eq (toString .x) "3", and numbers with numbers.'


def equal(first: t.Any, *others: t.Any) -> bool:
    """Whether ``first`` is one of the others."""
    if not others:
        raise Fault("comparison", "there is nothing to compare with")
    return any(_equal(first, other) for other in others)


def not_equal(first: t.Any, other: t.Any) -> bool:
    return not equal(first, other)


def less(first: t.Any, other: t.Any) -> bool:
    kind, other_kind = _basic(first), _basic(other)
    if kind is None or other_kind is None or kind == "bool":
        raise Fault("comparison", f"{_types(first, other)} have no order", hint=_HINT)
    if kind != other_kind:
        raise Fault("comparison", f"{_types(first, other)} cannot be compared", hint=_HINT)
    if isinstance(first, str):
        return to_bytes(first) < to_bytes(other)
    return bool(first < other)


def less_or_equal(first: t.Any, other: t.Any) -> bool:
    return less(first, other) or equal(first, other)


def greater(first: t.Any, other: t.Any) -> bool:
    return not less_or_equal(first, other)


def greater_or_equal(first: t.Any, other: t.Any) -> bool:
    return not less(first, other)


def _equal(first: t.Any, other: t.Any) -> bool:
    kind, other_kind = _basic(first), _basic(other)
    if kind != other_kind:
        if first is None or other is None:
            return False
        raise Fault("comparison", f"{_types(first, other)} cannot be compared", hint=_HINT)
    if kind is not None:
        return bool(first == other)
    return _equal_composites(first, other)


def _equal_composites(first: t.Any, other: t.Any) -> bool:
    if first is not None and other is not None and _kind(first) != _kind(other):
        raise Fault("comparison", f"{_types(first, other)} cannot be compared", hint=_HINT)
    if is_nil(first) or is_nil(other):
        return is_nil(first) and is_nil(other)
    if isinstance(other, Opaque):
        return type(first) is type(other) and first == other
    if isinstance(other, Pointer):
        return first is other
    if isinstance(other, Struct) and isinstance(first, Struct):
        return first.go_type is other.go_type and first.fields == other.fields
    raise Fault("comparison", f"{_types(first, other)} cannot be compared", hint=_HINT)


def _kind(value: t.Any) -> str:
    found = type_of(value)
    return "" if found is None else found.kind


def _basic(value: t.Any) -> str | None:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) else None


def _types(first: t.Any, other: t.Any) -> str:
    return f"values of type {type_name(first)} and {type_name(other)}"


__all__ = ("equal", "greater", "greater_or_equal", "less", "less_or_equal", "not_equal")
