# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions of the function Wait: templates with JSONPaths of a live object in them (docs/compatibility 15.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.jsonpath import render_jsonpath
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.parser import LONGEST, parse_jsonpath

#: Where in the template a path stands: in its text, bare in an action, in a quoted or in a raw text of an action.
Place: t.TypeAlias = t.Literal["text", "bare", "quoted", "raw"]

_PATH = re.compile(r"\{\s*+\$([^}]*+)\}")
_COMMENT = re.compile(r"\{\{(?:-\s+)?/\*")
_COMMENT_END = re.compile(r"\*/(?:\s+-)?\}\}")
_VARIABLE = re.compile(r"\{\{-?\s*\$")
_LITERAL = re.compile(r"true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


@dataclasses.dataclass(frozen=True, slots=True)
class ConditionPath:
    """A JSONPath of a condition, as kubectl takes it, and where it stands."""

    path: str
    place: Place


@dataclasses.dataclass(frozen=True, slots=True)
class WaitCondition:
    """A condition that was read: pieces of a template, with paths between them."""

    pieces: tuple[str | ConditionPath, ...]

    @property
    def paths(self) -> tuple[ConditionPath, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, ConditionPath))

    def template(self, obj: t.Any) -> str:
        """The template to evaluate, with what the paths find in ``obj``. Raises ``JsonPathError``: not yet, ask again.

        What is found is put in as a value, and never as a part of the template: Kanister puts the bare text in, so
        that a quote in it breaks the condition.
        """
        budget = Budget()
        return "".join(
            piece if isinstance(piece, str) else _put(render_jsonpath(piece.path, obj, budget=budget), piece.place)
            for piece in self.pieces
        )


def read_wait_condition(text: str) -> WaitCondition:
    """Read ``text``. Raises ``JsonPathSyntaxError`` for a path that Kanister would silently take for an empty text."""
    if len(text) > LONGEST:
        raise BlueprintError(f"A condition is longer than {LONGEST >> 10} KiB.")
    pieces: list[str | ConditionPath] = []
    begin = 0
    for start, end, found in _paths(text):
        parse_jsonpath(found.path)
        pieces += [text[begin:start], found]
        begin = end
    return WaitCondition((*pieces, text[begin:]))


def uses_go_variables(text: str) -> bool:
    """True where an action begins with ``$``: Kanister takes that for a JSONPath, and the condition stays false."""
    return bool(_VARIABLE.search(text))


def _paths(text: str) -> t.Iterator[tuple[int, int, ConditionPath]]:
    """Where each path begins and ends. In quotes, quotes of the path's own do not end the text around it."""
    place: Place = "text"
    at, last_brace = 0, text.rfind("}")
    while at < len(text):
        if place == "text" and text.startswith("{{", at):
            place, at = _after_opening(text, at)
        elif text[at] == "{" and at < last_brace and (found := _PATH.match(text, at)):
            yield at, found.end(), ConditionPath("{" + found[1].strip() + "}", place)
            at = found.end()
        elif place == "bare":
            place, at = _in_action(text, at)
        elif (place == "quoted" and text[at] == '"') or (place == "raw" and text[at] == "`"):
            place, at = "bare", at + 1
        else:
            at += 2 if place == "quoted" and text[at] == "\\" else 1


def _after_opening(text: str, at: int) -> tuple[Place, int]:
    """Into an action, or behind a comment, which is one of its own."""
    if (opening := _COMMENT.match(text, at)) and (close := text.find("*/", opening.end())) >= 0:
        comment = _COMMENT_END.match(text, close)
        return ("text", comment.end()) if comment else ("bare", at + 2)
    return "bare", at + 2


def _in_action(text: str, at: int) -> tuple[Place, int]:
    if text.startswith("}}", at):
        return "text", at + 2
    if text[at] in '"`':
        return ("quoted" if text[at] == '"' else "raw"), at + 1
    return "bare", at + 1


def _put(value: str, place: Place) -> str:
    literal = json.dumps(value, ensure_ascii=False)
    if place == "bare":
        return value if _LITERAL.fullmatch(value) else literal
    if place == "quoted":
        return literal[1:-1]
    if place == "text":
        return "{{" + literal + "}}" if value else ""
    if "`" in value:
        raise BlueprintError(
            f"The condition has a path in backquotes, and what it finds has one: '{readable(value)}'.",
            hint='Put the path in "double quotes".',
        )
    return value


__all__ = ("ConditionPath", "WaitCondition", "read_wait_condition", "uses_go_variables")
