# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``index``, ``slice`` and ``len``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import GoType
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    INVALID,
    Int,
    Pointer,
    TypedList,
    TypedMap,
    Uint8,
    from_bytes,
    indirect,
    is_integer,
    to_bytes,
    type_name,
    zero,
)


class Opens(Run, t.Protocol):
    """A rendering to which it can be said that a secret was looked at."""

    def open(self, value: t.Any) -> t.Any:
        """The value, which is noted as secret where it is marked so."""


def index(run: Opens, value: t.Any, *keys: t.Any) -> t.Any:
    """``value[key][key]``: the zero value for a key that a map has not, an error for a place that a list has not."""
    if value is None:
        raise Fault("index", "nil has no elements", hint="Is the key before it spelled right?")
    for key in keys:
        value = _element(indirect(run.open(value)), run.open(key))
    return run.open(value)


def _element(value: t.Any, key: t.Any) -> t.Any:
    if isinstance(value, dict):
        return _value_of_key(value, key)
    if value is None or isinstance(value, Pointer):
        raise Fault("index", "nil has no elements", hint="Is the key before it spelled right?")
    if isinstance(value, str):
        data = to_bytes(value)
        return Uint8(data[_place(key, len(data) - 1)])
    if isinstance(value, (list, bytes)):
        element = value[_place(key, len(value) - 1)]
        return Uint8(element) if isinstance(value, bytes) else element
    raise Fault("index", f"a value of type {type_name(value)} has no elements")


def _value_of_key(value: dict[str, t.Any], key: t.Any) -> t.Any:
    if not isinstance(key, str):
        raise Fault("index", f"the keys of a map are texts, and this is of type {type_name(key)}")
    if key in value:
        return value[key]
    return zero(t.cast(GoType, value.go_type.element)) if isinstance(value, TypedMap) else None


def _place(key: t.Any, last: int) -> int:
    if not is_integer(key):
        raise Fault("index", f"a place in a list is a number, and this is of type {type_name(key)}")
    if not 0 <= key <= last:
        raise Fault("index", "there is no such element", detail=f"{key} of {last + 1}")
    return int(key)


def cut(value: t.Any, *places: t.Any) -> t.Any:
    """``value[from:to]`` of a text or a list."""
    value = indirect(value)
    if value is None or isinstance(value, Pointer):
        raise Fault("index", "nil cannot be sliced")
    if len(places) > 3:
        raise Fault("index", f"slice takes three places at most, and was given {len(places)}")
    if isinstance(value, str):
        if len(places) == 3:
            raise Fault("index", "a text is sliced with two places at most")
        first, last = _span(to_bytes(value), places)
        return from_bytes(to_bytes(value)[first:last])
    if isinstance(value, (list, bytes)):
        first, last = _span(value, places)
        part = value[first:last]
        return TypedList(part, value.go_type) if isinstance(value, TypedList) else part
    raise Fault("index", f"a value of type {type_name(value)} cannot be sliced")


def _span(value: t.Sized, places: t.Sequence[t.Any]) -> tuple[int, int]:
    spots = [_place(place, len(value)) for place in places]
    bounds = spots + [0, len(value)][len(spots) :]
    if any(before > after for before, after in itertools.pairwise(bounds)):
        raise Fault("index", "the places of a slice are not in order")
    return bounds[0], bounds[1]


def length(value: t.Any) -> Int:
    value = indirect(value)
    if isinstance(value, str):
        return Int(len(to_bytes(value)))
    if isinstance(value, (list, dict, bytes)):
        return Int(len(value))
    if value is None or value is INVALID or isinstance(value, Pointer):
        raise Fault("index", "nil has no length")
    raise Fault("index", f"a value of type {type_name(value)} has no length")


__all__ = ("cut", "index", "length")
