# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``html``, ``js`` and ``urlquery``: texts as parts of others."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.fmt import print_values, printable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.printing.quoting import is_printable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import to_bytes

_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def escape_html(run: Run, *values: t.Any) -> str:
    return _text(run, values).translate(_HTML)


def escape_js(run: Run, *values: t.Any) -> str:
    return "".join(_escaped_js(char) for char in _text(run, values))


def _escaped_js(char: str) -> str:
    if char in _JS:
        return _JS[char]
    if char < " ":
        return f"\\u00{ord(char):02X}"
    if char < "\x80" or is_printable(char) or "\ud800" <= char <= "\udfff":
        return char
    return f"\\u{ord(char):04X}"


def escape_query(run: Run, *values: t.Any) -> str:
    return urllib.parse.quote_plus(to_bytes(_text(run, values)), safe="~")


def _text(run: Run, values: t.Sequence[t.Any]) -> str:
    """What Go prints of the values, and ``<no value>`` for nil."""
    made = print_values(["<no value>" if value is None else printable(value) for value in values], run.budget)
    run.budget.make(8 * len(made))
    return made


__all__ = ("escape_html", "escape_js", "escape_query")
