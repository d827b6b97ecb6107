# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions of lists. None of them changes the list that it is given."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.conversion import elements, to_int64
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.defaults import is_empty
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.equality import deep_equal
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import ANYTHING
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import TypedList, Uint8, type_name


def _nil() -> TypedList:
    return TypedList((), ANYTHING, is_nil=True)


def _items(run: Run, values: t.Any) -> list[t.Any]:
    found = elements(values, run.budget)
    return [Uint8(byte) for byte in found] if isinstance(values, bytes) else found


def _append(run: Run, values: t.Any, value: t.Any) -> list[t.Any]:
    return [*_items(run, values), value]


def _prepend(run: Run, values: t.Any, value: t.Any) -> list[t.Any]:
    return [value, *_items(run, values)]


def _first(run: Run, values: t.Any) -> t.Any:
    items = _items(run, values)
    return items[0] if items else None


def _last(run: Run, values: t.Any) -> t.Any:
    items = _items(run, values)
    return items[-1] if items else None


def _rest(run: Run, values: t.Any) -> list[t.Any]:
    return _items(run, values)[1:] or _empty(values)


def _initial(run: Run, values: t.Any) -> list[t.Any]:
    return _items(run, values)[:-1] or _empty(values)


def _empty(values: t.Sized) -> list[t.Any]:
    """What is left of a list with one element is empty; of one without any, nil."""
    return [] if len(values) else _nil()


def _reverse(run: Run, values: t.Any) -> list[t.Any]:
    return _items(run, values)[::-1]


def _compact(run: Run, values: t.Any) -> list[t.Any]:
    return [item for item in _items(run, values) if not is_empty(item)]


def _unique(run: Run, values: t.Any) -> list[t.Any]:
    kept: list[t.Any] = []
    for item in _items(run, values):
        if not _holds(run, kept, item):
            kept.append(item)
    return kept


def _without(run: Run, values: t.Any, *omitted: t.Any) -> list[t.Any]:
    return [item for item in _items(run, values) if not _holds(run, omitted, item)]


def _holds(run: Run, items: t.Iterable[t.Any], wanted: t.Any) -> bool:
    return any(deep_equal(wanted, item, run.budget) for item in items)


def _has(run: Run, wanted: t.Any, values: t.Any) -> bool:
    return values is not None and _holds(run, _items(run, values), wanted)


def _slice(run: Run, values: t.Any, *places: t.Any) -> t.Any:
    """``values[from:to]``; nil where there is nothing to slice."""
    if not isinstance(values, (list, bytes)):
        raise Fault("index", f"a list is wanted, and this is of type {type_name(values)}")
    items = _items(run, values)
    if not items:
        return None
    start = to_int64(places[0]) if places else 0
    end = to_int64(places[1]) if len(places) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise Fault("index", f"a list of {len(items)} has no elements from {start} to {end}")
    if isinstance(values, bytes):
        return values[start:end]
    return TypedList(items[start:end], values.go_type) if isinstance(values, TypedList) else items[start:end]


def _concat(run: Run, *lists: t.Any) -> list[t.Any]:
    made = [item for values in lists for item in _items(run, values)]
    return made or _nil()


LIST_FUNCTIONS = table(
    function("list", lambda *values: list(values), "any...", shallow=True),
    function("tuple", lambda *values: list(values), "any...", shallow=True),
    function("append", _append, "any any", with_run=True),
    function("push", _append, "any any", with_run=True),
    function("prepend", _prepend, "any any", with_run=True),
    function("first", _first, "any", with_run=True, shallow=True),
    function("last", _last, "any", with_run=True, shallow=True),
    function("rest", _rest, "any", with_run=True, shallow=True),
    function("initial", _initial, "any", with_run=True, shallow=True),
    function("reverse", _reverse, "any", with_run=True, shallow=True),
    function("compact", _compact, "any", with_run=True),
    function("uniq", _unique, "any", with_run=True),
    function("without", _without, "any any...", with_run=True),
    function("has", _has, "any any", with_run=True),
    function("slice", _slice, "any any...", with_run=True),
    function("concat", _concat, "any...", with_run=True, shallow=True),
)

__all__ = ("LIST_FUNCTIONS",)
