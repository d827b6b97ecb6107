# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a JSONPath as kubectl does (client-go 0.34, docs/compatibility 15.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import (
    JsonPathSyntaxError,
    Meaning,
    TooMuchError,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.go_text import unquote
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.nodes import (
    Action,
    Descent,
    Field,
    Filter,
    Node,
    Number,
    Slice,
    Steps,
    Text,
    Truth,
    Union,
    Wildcard,
    Word,
)

#: No condition that a person wrote is longer.
LONGEST = 64 << 10

_INT64 = 1 << 63
_ENDS_WORD = frozenset(" \t\r\n.,[]$@{}")
_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_FILTER = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


def parse_jsonpath(text: str) -> tuple[Text | Action, ...]:
    """The texts and actions of ``text``. Raises ``JsonPathSyntaxError``."""
    if len(text) > LONGEST:
        raise TooMuchError(f"A JSONPath is longer than {LONGEST >> 10} KiB.")
    return _Parser(text).parse()


def _steps_of(text: str) -> Steps:
    """The steps of a part of an action, which is read like an action of its own."""
    first = _Parser("{" + text + "}").parse()[0]
    return first.steps if isinstance(first, Action) else ()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def parse(self) -> tuple[Text | Action, ...]:
        found: list[Text | Action] = []
        while (brace := self.text.find("{", self.at)) >= 0:
            if brace > self.at:
                found.append(Text(self.text[self.at : brace]))
            self.at = brace + 1
            found.append(Action(self.action()))
        if self.at < len(self.text):
            found.append(Text(self.text[self.at :]))
        return tuple(found)

    def action(self) -> Steps:
        """The steps up to the closing brace, which is passed."""
        steps: list[Node] = []
        while not self.text.startswith("}", self.at):
            self.step(steps)
        self.at += 1
        return tuple(steps)

    def step(self, steps: list[Node]) -> None:
        text, at = self.text, self.at
        char = text[at : at + 1]
        if text.startswith("[?(", at):
            steps.append(self.filter())
        elif text.startswith("..", at):
            self.descent(steps)
        elif char in ("", "\r", "\n"):
            raise self.wrong("an action has no closing brace", "unclosed action")
        elif char in " @$":
            self.at += 1
        elif char == "[":
            steps.extend(self.array())
        elif char in "'\"":
            steps.append(self.quoted(char))
        elif char == ".":
            self.at += 1
            steps.append(self.field())
        elif char in "+-" or char.isdecimal():
            steps.append(self.number())
        elif char == "_" or char.isalpha():
            steps.append(self.word())
        else:
            raise self.wrong(f"an action has the character {char!r}", "unknown character")

    def word(self) -> Node:
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] not in _ENDS_WORD:
            self.at += 1
        name = self.text[begin : self.at]
        return Truth(name == "true") if name in ("true", "false") else Word(name)

    def field(self) -> Node:
        """A name up to the next sign that ends one; a backslash takes the meaning from any."""
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] not in _ENDS_WORD:
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at = min(self.at, len(self.text))
        name = self.text[begin : self.at]
        return Wildcard() if name == "*" else Field(name.replace("\\", ""))

    def descent(self, steps: list[Node]) -> None:
        if steps and isinstance(steps[-1], Descent):
            raise self.wrong("'..' follows '..'", "two descents")
        self.at += 2
        steps.append(Descent())
        follows = self.text[self.at : self.at + 1]
        if follows == "_" or follows.isalpha() or follows.isdecimal():
            steps.append(self.field())

    def number(self) -> Node:
        begin = self.at
        self.at += self.text[self.at] in "+-"
        while self.at < len(self.text) and (self.text[self.at] == "." or self.text[self.at].isdecimal()):
            self.at += 1
        written = self.text[begin : self.at]
        if _INTEGER.fullmatch(written) and -_INT64 <= _integer(written) < _INT64:
            return Number(_integer(written))
        if _FLOAT.fullmatch(written) and (value := float(written)) not in (float("inf"), float("-inf")):
            return Number(value)
        raise self.wrong(f"'{readable(written)}' is not a number", "bad number")

    def quoted(self, quote: str) -> Node:
        begin = self.at
        end = self.end_of_quoted(quote)
        try:
            return Text(unquote(self.text[begin:end]))
        except ValueError as exc:
            raise self.wrong(f"a quoted text cannot be read: {exc}", "bad escape") from exc

    def end_of_quoted(self, quote: str) -> int:
        self.at += 1
        while self.text[self.at : self.at + 1] not in ("", "\n"):
            self.at += 1
            if self.text[self.at - 1] == quote and self.text[self.at - 2] != "\\":
                return self.at
        raise self.wrong("a quoted text does not end", "unclosed text")

    def array(self) -> Steps:
        begin = self.at
        end = self.text.find("]", begin)
        line = self.text.find("\n", begin)
        if end < 0 or 0 <= line < end:
            raise self.wrong("a '[' has no ']'", "unclosed array")
        self.at = end + 1
        inside = self.text[begin + 1 : end]
        members = inside.split(",")
        if len(members) > 1:
            return (Union(tuple(_steps_of(f"[{member.strip(' ')}]") for member in members)),)
        if key := _DICT_KEY.fullmatch(inside):
            return _steps_of(f".{key[1]}")
        return (self.slice(":" if inside == "*" else inside),)

    def slice(self, inside: str) -> Slice:
        found = _SLICE.fullmatch(inside)
        if found is None:
            raise self.wrong(f"'[{readable(inside)}]' is no index", "bad index")
        start, end, step = ((found[each] or "").removeprefix(":") for each in (1, 2, 3))
        one = found[2] is None
        first = self.index(start)
        return Slice(first, (first or 0) + 1 if one else self.index(end), self.index(step), one)

    def index(self, written: str) -> int | None:
        if not written:
            return None
        if written == "-" or not -_INT64 <= _integer(written) < _INT64:
            raise self.wrong(f"the index '{readable(written)}' is not a number", "bad index")
        return _integer(written)

    def filter(self) -> Node:
        begin = self.at = self.at + len("[?(")
        opened = closed = False
        pair = ""
        while True:
            char = self.text[self.at : self.at + 1]
            if char in ("", "\n"):
                raise self.wrong("a filter does not end", "unclosed filter")
            self.at += 1
            if char in "'\"":
                if not opened:
                    opened, pair = True, char
                elif self.text[self.at - 2] != "\\" and char == pair:
                    closed = True
            elif char == ")" and opened == closed:
                break
        if not self.text.startswith("]", self.at):
            raise self.wrong("a filter has no ']' after its ')'", "unclosed filter")
        inside = self.text[begin : self.at - 1]
        self.at += 1
        if parts := _FILTER.fullmatch(inside):
            return Filter(_steps_of(parts[1]), parts[2], _steps_of(parts[3]))
        return Filter(_steps_of(inside), "exists")

    def wrong(self, why: str, meaning: Meaning) -> JsonPathSyntaxError:
        return JsonPathSyntaxError(f"'{readable(self.text)}' is not a JSONPath: {why}.", meaning)


def _integer(written: str) -> int:
    """Digits that may be very many: beyond what Go counts it does not matter how much."""
    digits = written.lstrip("+-").lstrip("0")
    value = int(digits[:20] or "0")
    return -value if written.startswith("-") else value


__all__ = ("LONGEST", "parse_jsonpath")
