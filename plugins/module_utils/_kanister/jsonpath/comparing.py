# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How filters compare: by Go's kinds, so that a text is never equal to a number (docs/compatibility 15.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import JsonPathError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.values import plain_number

_LOGICAL = frozenset({"==", "!="})


def compare(left: t.Any, operator: str, right: t.Any) -> bool:
    """Raises ``JsonPathError`` for values that Go does not compare, and for an operator that there is not."""
    if operator not in ("==", "!=", "<", "<=", ">", ">="):
        raise JsonPathError(f"A filter has the operator '{operator}', which there is not.", "unknown operator")
    left, right = plain_number(left), plain_number(right)
    kind, other = _kind(left), _kind(right)
    if kind != other:
        raise JsonPathError(
            f"A filter compares {kind} with {other}.",
            "other types",
            hint="Put in quotes what is text, and nothing else.",
        )
    if kind == "a truth value" and operator not in _LOGICAL:
        raise JsonPathError("A filter asks which of true and false is less.", "not comparable")
    if operator in ("==", "!="):
        return bool((left == right) is (operator == "=="))
    # Go says that what is not less or equal is greater, also of what is no number.
    less, equal = bool(left < right), bool(left == right)
    return {"<": less, "<=": less or equal, ">": not (less or equal), ">=": not less}[operator]


def _kind(value: t.Any) -> str:
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a fraction"
    if isinstance(value, str):
        return "a text"
    raise JsonPathError("A filter compares what is no text, number or truth value.", "not comparable")


__all__ = ("compare",)
