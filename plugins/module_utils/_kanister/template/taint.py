# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets in values: found, and taken out of their marks."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Pointer,
    Struct,
    Tainted,
    TypedList,
    TypedMap,
)

_CONTAINERS = (dict, list, Struct, Pointer, Tainted)


def reveal(value: t.Any, budget: Budget) -> tuple[t.Any, bool]:
    """``value`` without marks anywhere in it, and whether there was one. What had none is the same object."""
    if not isinstance(value, _CONTAINERS):
        return value, False
    found = _Found()
    return _revealed(value, budget, found), found.any


class _Found:
    any = False


def _revealed(value: t.Any, budget: Budget, found: _Found) -> t.Any:
    while isinstance(value, Tainted):
        found.any = True
        value = value.value
    if not isinstance(value, _CONTAINERS):
        return value
    budget.step()
    budget.enter()
    made = _opened(value, budget, found)
    budget.leave()
    return made


def _opened(value: t.Any, budget: Budget, found: _Found) -> t.Any:
    if isinstance(value, dict):
        return _opened_map(value, budget, found)
    if isinstance(value, list):
        return _opened_list(value, budget, found)
    if isinstance(value, Pointer):
        target = None if value.target is None else _revealed(value.target, budget, found)
        return value if target is value.target else Pointer(value.go_type, target)
    fields = {name: _revealed(field, budget, found) for name, field in value.fields.items()}
    if all(field is value.fields[name] for name, field in fields.items()):
        return value
    return Struct(value.go_type, fields)


def _opened_map(value: dict[str, t.Any], budget: Budget, found: _Found) -> dict[str, t.Any]:
    changed = {
        key: opened
        for key, item in value.items()
        if isinstance(item, _CONTAINERS) and (opened := _revealed(item, budget, found)) is not item
    }
    if not changed:
        return value
    if isinstance(value, TypedMap):
        return TypedMap({**value, **changed}, value.go_type, is_nil=value.is_nil)
    return {**value, **changed}


def _opened_list(value: list[t.Any], budget: Budget, found: _Found) -> list[t.Any]:
    items = [_revealed(item, budget, found) if isinstance(item, _CONTAINERS) else item for item in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return TypedList(items, value.go_type, is_nil=value.is_nil) if isinstance(value, TypedList) else items


__all__ = ("reveal",)
