# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Equality as ``reflect.DeepEqual`` has it: of the same type, all the way down."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Opaque,
    Pointer,
    Struct,
    is_nil,
    type_of,
)


def deep_equal(first: t.Any, other: t.Any, budget: Budget) -> bool:
    budget.step()
    if first is None or other is None:
        return first is other
    if not _same_type(first, other):
        return False
    if isinstance(first, (str, bytes, int, float)):
        return bool(first == other)
    budget.enter()
    same = _same_contents(first, other, budget)
    budget.leave()
    return same


def _same_type(first: t.Any, other: t.Any) -> bool:
    types = type_of(first), type_of(other)
    return types[0] is types[1] or (types[0] is not None and types[1] is not None and types[0].name == types[1].name)


def _same_contents(first: t.Any, other: t.Any, budget: Budget) -> bool:
    if isinstance(first, Opaque):
        return bool(first == other)
    if isinstance(first, Pointer):
        return deep_equal(first.target, other.target, budget)
    if isinstance(first, Struct):
        first, other = first.fields, other.fields
    elif is_nil(first) != is_nil(other):
        return False
    if len(first) != len(other):
        return False
    if isinstance(first, dict):
        return all(key in other and deep_equal(value, other[key], budget) for key, value in first.items())
    return all(deep_equal(value, match, budget) for value, match in zip(first, other, strict=True))


__all__ = ("deep_equal",)
