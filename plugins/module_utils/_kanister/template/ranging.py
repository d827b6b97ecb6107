# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a range goes over."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    INVALID,
    Int,
    Uint8,
    is_integer,
    to_bytes,
    type_name,
)


def elements_of(value: t.Any, variables: int) -> t.Iterator[tuple[t.Any, t.Any]]:
    """Places or keys, and elements; the keys of a map are in order. ``variables`` is how many the range declares."""
    if value is INVALID or value is None:
        return iter(())
    if isinstance(value, dict):
        return iter([(key, value[key]) for key in sorted(value, key=to_bytes)])
    if isinstance(value, list):
        return ((Int(place), value[place]) for place in range(len(value)))
    if isinstance(value, bytes):
        return ((Int(place), Uint8(byte)) for place, byte in enumerate(value))
    if not is_integer(value):
        raise Fault("range", f"a range cannot go over a value of type {type_name(value)}")
    if variables > 1:
        raise Fault("range", "a range over a number has one variable only")
    return ((INVALID, type(value)(number)) for number in range(value))


__all__ = ("elements_of",)
