# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a template, or went wrong while it was rendered."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

#: What an error means. The first five are said when a template is parsed.
Kind: t.TypeAlias = t.Literal[
    "unclosed",
    "syntax",
    "undefined function",
    "undefined variable",
    "refused",
    "missing key",
    "nil pointer",
    "no such field",
    "no such template",
    "argument count",
    "argument type",
    "not a function",
    "comparison",
    "index",
    "range",
    "failed",
    "known later",
    "budget",
]


class TemplateError(ArkiveError):
    """A template that cannot be parsed or rendered.

    ``tainted`` says that a secret had been looked at by then: the message holds nothing of the values in that case.
    """

    def __init__(self, message: str, *, kind: Kind, line: int, hint: str | None = None, tainted: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.line = line
        self.tainted = tainted


class Fault(Exception):
    """The same inside of the engine, which adds where it was: no sentence, no place.

    ``detail`` may hold a part of a value, and is left out where that might be a secret.
    """

    def __init__(self, kind: Kind, what: str, *, hint: str | None = None, detail: str = "") -> None:
        super().__init__(what)
        self.kind: Kind = kind
        self.what = what
        self.hint = hint
        self.detail = detail


__all__ = ("Fault", "Kind", "TemplateError")
