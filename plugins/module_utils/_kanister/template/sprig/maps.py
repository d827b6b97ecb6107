# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions of maps. ``set``, ``unset`` and ``merge`` change the map that they are given."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.copying import copied
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.conversion import texts, to_text
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import TypedList, TypedMap, is_true

_Map: t.TypeAlias = dict[str, t.Any]


def _dict(run: Run, *values: t.Any) -> _Map:
    """A key without a value gets an empty text."""
    keys = [to_text(key, run.budget) for key in values[::2]]
    return dict(zip(keys, [*values[1::2], *([""] if len(values) % 2 else [])], strict=True))


def _set(values: _Map, key: str, value: t.Any) -> _Map:
    if isinstance(values, TypedMap) and values.is_nil:
        raise Fault("failed", "a nil map cannot be changed")
    values[key] = value
    return values


def _unset(values: _Map, key: str) -> _Map:
    values.pop(key, None)
    return values


def _pluck(key: str, *maps: _Map) -> list[t.Any]:
    return [values[key] for values in maps if key in values]


def _keys(run: Run, *maps: _Map) -> TypedList:
    run.budget.step(sum(map(len, maps)))
    return texts(key for values in maps for key in values)


def _values(run: Run, values: _Map) -> list[t.Any]:
    run.budget.step(len(values))
    return list(values.values())


def _pick(values: _Map, *keys: str) -> _Map:
    return {key: values[key] for key in keys if key in values}


def _omit(run: Run, values: _Map, *keys: str) -> _Map:
    run.budget.step(len(values))
    return {key: value for key, value in values.items() if key not in keys}


def _merge(run: Run, target: _Map, *sources: _Map) -> _Map:
    """What the target has stays, unless it is empty."""
    for source in sources:
        _merge_one(run, target, source, overwrites=False)
    return target


def _merge_overwrite(run: Run, target: _Map, *sources: _Map) -> _Map:
    for source in sources:
        _merge_one(run, target, source, overwrites=True)
    return target


def _merge_one(run: Run, target: _Map, source: _Map, *, overwrites: bool) -> None:
    run.budget.enter()
    for key, value in source.items():
        run.budget.step()
        if value is None:
            if overwrites:
                target[key] = None
            continue
        there = target.get(key)
        if isinstance(value, dict) and isinstance(there, dict) and (there or not value):
            if there is not value:
                _merge_one(run, there, value, overwrites=overwrites)
        elif overwrites or not _is_set(there):
            target[key] = value
    run.budget.leave()


def _is_set(value: t.Any) -> bool:
    return value is not None and is_true(value)


def _deep_copy(run: Run, value: t.Any) -> t.Any:
    if value is None:
        raise Fault("failed", "nil cannot be copied")
    return copied(value, run.budget)


MAP_FUNCTIONS = table(
    function("dict", _dict, "any...", with_run=True, shallow=True),
    function("set", _set, "map string any", shallow=True),
    function("unset", _unset, "map string", shallow=True),
    function("hasKey", lambda values, key: key in values, "map string", shallow=True),
    function("pluck", _pluck, "string map...", shallow=True),
    function("keys", _keys, "map...", with_run=True, shallow=True),
    function("values", _values, "map", with_run=True, shallow=True),
    function("pick", _pick, "map string...", shallow=True),
    function("omit", _omit, "map string...", with_run=True, shallow=True),
    function("merge", _merge, "map map...", with_run=True),
    function("mergeOverwrite", _merge_overwrite, "map map...", with_run=True),
    function("deepCopy", _deep_copy, "any", with_run=True, shallow=True),
)

__all__ = ("MAP_FUNCTIONS",)
