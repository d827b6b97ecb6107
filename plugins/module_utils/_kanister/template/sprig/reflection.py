# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions that say of which type a value is."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.equality import deep_equal
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import type_name, type_of


def _kind(value: t.Any) -> str:
    found = type_of(value)
    return "invalid" if found is None else found.kind


def _deep_equal(run: Run, first: t.Any, other: t.Any) -> bool:
    return deep_equal(first, other, run.budget)


REFLECTION_FUNCTIONS = table(
    function("typeOf", type_name, "any", shallow=True),
    function("typeIs", lambda name, value: type_name(value) == name, "string any", shallow=True),
    function("typeIsLike", lambda name, value: type_name(value) in (name, f"*{name}"), "string any", shallow=True),
    function("kindOf", _kind, "any", shallow=True),
    function("kindIs", lambda name, value: _kind(value) == name, "string any", shallow=True),
    function("deepEqual", _deep_equal, "any any", with_run=True),
)

__all__ = ("REFLECTION_FUNCTIONS",)
