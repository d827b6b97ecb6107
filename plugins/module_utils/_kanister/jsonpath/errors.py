# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with a JSONPath."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError

#: What kubectl's words mean, each by one name.
Meaning: t.TypeAlias = t.Literal[
    # while it is read
    "unclosed action",
    "unknown character",
    "two descents",
    "bad number",
    "unclosed array",
    "bad index",
    "unclosed filter",
    "unclosed text",
    "bad escape",
    # while it is evaluated
    "not found",
    "not a list",
    "out of bounds",
    "start after end",
    "bad step",
    "several values",
    "not comparable",
    "other types",
    "unknown operator",
    "unknown word",
    "end without range",
    "nothing to go through",
    # ours
    "too much",
]


class JsonPathError(BlueprintError):
    """A JSONPath that cannot be read, or finds no value. ``meaning`` is what kubectl would have said."""

    def __init__(self, message: str, meaning: Meaning, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.meaning = meaning


class JsonPathSyntaxError(JsonPathError):
    """The text is no JSONPath."""


class TooMuchError(JsonPathError):
    """A budget is used up."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "too much", hint="Name the fields instead of descending into everything.")


__all__ = ("JsonPathError", "JsonPathSyntaxError", "Meaning", "TooMuchError")
