# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of data, so that a template that changes its own changes nobody else's."""

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


def copied(value: t.Any, budget: Budget) -> t.Any:
    """``value`` with maps and lists of its own, and the marks of its secrets."""
    if not isinstance(value, (dict, list, Struct, Pointer, Tainted)):
        return value
    budget.step()
    budget.enter()
    made = _copied(value, budget)
    budget.leave()
    return made


def _copied(value: t.Any, budget: Budget) -> t.Any:
    if isinstance(value, Tainted):
        return Tainted(copied(value.value, budget))
    if isinstance(value, Pointer):
        return Pointer(value.go_type, t.cast("Struct | None", copied(value.target, budget)))
    if isinstance(value, Struct):
        return Struct(value.go_type, {name: copied(field, budget) for name, field in value.fields.items()})
    if isinstance(value, dict):
        items = {key: copied(item, budget) for key, item in value.items()}
        return TypedMap(items, value.go_type, is_nil=value.is_nil) if isinstance(value, TypedMap) else items
    made = [copied(item, budget) for item in value]
    return TypedList(made, value.go_type, is_nil=value.is_nil) if isinstance(value, TypedList) else made


__all__ = ("copied",)
