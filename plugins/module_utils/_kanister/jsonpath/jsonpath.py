# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes' JSONPath, as kubectl has it: text with paths in braces, and what they find in an object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.evaluation import Evaluation, Values
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.parser import parse_jsonpath
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.values import print_value


def find_values(text: str, value: t.Any, *, allow_missing: bool = False, budget: Budget | None = None) -> list[Values]:
    """What each part of ``text`` finds in ``value``, an object of JSON types. Raises ``JsonPathError``."""
    return Evaluation(parse_jsonpath(text), budget or Budget(), allow_missing=allow_missing).find(value)


def render_jsonpath(text: str, value: t.Any, *, allow_missing: bool = False, budget: Budget | None = None) -> str:
    """``text`` with each path replaced by what it finds: several values with a blank between them.

    Raises ``JsonPathError``, for a field that is not there as well unless ``allow_missing``.
    """
    budget = budget or Budget()
    pieces = []
    for found in find_values(text, value, allow_missing=allow_missing, budget=budget):
        pieces.append(" ".join(print_value(each, budget) for each in found))
        budget.write(len(found))
    return "".join(pieces)


__all__ = ("find_values", "render_jsonpath")
