# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions for what may be missing."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import is_true


def is_empty(value: t.Any) -> bool:
    """As sprig judges: what ``if`` takes for false."""
    return value is None or not is_true(value)


def _default(default: t.Any, *given: t.Any) -> t.Any:
    return default if not given or is_empty(given[0]) else given[0]


def _coalesce(*values: t.Any) -> t.Any:
    return next((value for value in values if not is_empty(value)), None)


def _ternary(if_true: t.Any, if_false: t.Any, condition: bool) -> t.Any:
    return if_true if condition else if_false


def _fail(message: str) -> t.NoReturn:
    raise Fault("failed", "the template says so", detail=message)


DEFAULT_FUNCTIONS = table(
    function("default", _default, "any any...", shallow=True),
    function("empty", is_empty, "any", shallow=True),
    function("coalesce", _coalesce, "any...", shallow=True),
    function("ternary", _ternary, "any any bool", shallow=True),
    function("fail", _fail, "string"),
)

__all__ = ("DEFAULT_FUNCTIONS", "is_empty")
