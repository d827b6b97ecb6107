# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The functions that Go's templates have without sprig."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template import comparison
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.escaping import (
    escape_html,
    escape_js,
    escape_query,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.indexing import cut, index, length
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.fmt import (
    print_format,
    print_line,
    print_values,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import is_true, type_name


def _call(value: t.Any, *_arguments: t.Any) -> t.NoReturn:
    """There are no functions among the values."""
    raise Fault("not a function", f"a value of type {type_name(value)} cannot be called")


def _not(value: t.Any) -> bool:
    return not is_true(value)


def _never(*_values: t.Any) -> t.NoReturn:
    raise NotImplementedError  # and, or: the evaluator stops at the value that decides


def _print(run: Run, *values: t.Any) -> str:
    return print_values(values, run.budget)


def _printf(run: Run, form: str, *values: t.Any) -> str:
    return print_format(form, values, run.budget)


def _println(run: Run, *values: t.Any) -> str:
    return print_line(values, run.budget)


BUILTINS = table(
    function("and", _never, "value value..."),
    function("or", _never, "value value..."),
    function("not", _not, "value", shallow=True),
    function("call", _call, "value value..."),
    function("html", escape_html, "any...", with_run=True),
    function("js", escape_js, "any...", with_run=True),
    function("urlquery", escape_query, "any...", with_run=True),
    function("index", index, "value value...", with_run=True, shallow=True),
    function("slice", cut, "value value..."),
    function("len", length, "value", shallow=True),
    function("print", _print, "any...", with_run=True),
    function("printf", _printf, "string any...", with_run=True),
    function("println", _println, "any...", with_run=True),
    function("eq", comparison.equal, "value value..."),
    function("ne", comparison.not_equal, "value value"),
    function("lt", comparison.less, "value value"),
    function("le", comparison.less_or_equal, "value value"),
    function("gt", comparison.greater, "value value"),
    function("ge", comparison.greater_or_equal, "value value"),
)

__all__ = ("BUILTINS",)
