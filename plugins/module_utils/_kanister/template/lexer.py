# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A template as tokens: text, and what is between braces."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

Name: t.TypeAlias = t.Literal[
    "error", "bool", "char", "rune", "assign", "declare", "end", "field", "identifier", "left", "(", "number",
    "complex", "|", "raw", "right", ")", "space", "string", "text", "variable", "keyword", "dot", "nil",
]  # fmt: skip


class Token(t.NamedTuple):
    """``value`` as it is written; of an error, what is wrong."""

    name: Name
    value: str
    line: int


KEYWORDS = frozenset(("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"))
_LEFT, _RIGHT = "{{", "}}"
_SPACES = " \t\r\n"
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
#: A quoted text or a rune, to its end: no newline in it, and whatever follows a backslash belongs to it.
_QUOTED = {quote: re.compile(rf"{quote}(?:[^\\\n{quote}]|\\[^\n])*{quote}") for quote in "\"'"}
_SINGLE: dict[str, Name] = {"|": "|", "=": "assign"}


def tokens(text: str) -> list[Token]:
    """The tokens of a template. The last one is ``end`` or ``error``."""
    lexer = _Lexer(text)
    lexer.run()
    return lexer.found


class _Stop(Exception):
    """An error was found: nothing more is read."""


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Token] = []
        self._at = 0
        self._line = 1
        self._parentheses = 0

    def run(self) -> None:
        try:
            while (left := self.text.find(_LEFT, self._at)) >= 0:
                self._read_text(left)
                self._read_braces()
            if self._at < len(self.text):
                self._emit("text", len(self.text))
            self.found.append(Token("end", "", self._line))
        except _Stop:
            pass

    def _emit(self, name: Name, end: int) -> None:
        value = self.text[self._at : end]
        self.found.append(Token(name, value, self._line))
        self._skip(end)

    def _skip(self, end: int) -> None:
        self._line += self.text.count("\n", self._at, end)
        self._at = end

    def _fail(self, what: str) -> t.NoReturn:
        self.found.append(Token("error", what, self._line))
        raise _Stop

    def _read_text(self, left: int) -> None:
        end = left
        if self._trims_left(left + len(_LEFT)):
            end = self._at + len(self.text[self._at : left].rstrip(_SPACES))
        if end > self._at:
            self._emit("text", end)
        self._skip(left)

    def _trims_left(self, at: int) -> bool:
        """Whether ``- `` is there."""
        return self.text.startswith("-", at) and self.text[at + 1 : at + 2] in _SPACES and at + 1 < len(self.text)

    def _trims_right(self, at: int) -> bool:
        """Whether `` -}}`` is there."""
        return self.text[at : at + 1] in _SPACES and self.text.startswith(f"-{_RIGHT}", at + 1)

    def _read_braces(self) -> None:
        inside = self._at + len(_LEFT)
        after = inside + 2 if self._trims_left(inside) else inside
        if self.text.startswith("/*", after):
            self._read_comment(after)
            return
        self._emit("left", inside)
        self._skip(after)
        self._parentheses = 0
        while not self._read_right():
            self._read_token()

    def _read_comment(self, start: int) -> None:
        close = self.text.find("*/", start + 2)
        if close < 0:
            self._fail("unclosed comment")
        end = close + 2
        trims = self._trims_right(end)
        if not trims and not self.text.startswith(_RIGHT, end):
            self._fail("comment ends before closing delimiter")
        self._skip(end + len(_RIGHT) + (2 if trims else 0))
        if trims:
            self._trim()

    def _trim(self) -> None:
        rest = self._at
        while rest < len(self.text) and self.text[rest] in _SPACES:
            rest += 1
        self._skip(rest)

    def _read_right(self) -> bool:
        trims = self._trims_right(self._at)
        if not trims and not self.text.startswith(_RIGHT, self._at):
            return False
        if self._parentheses:
            self._fail("unclosed left paren")
        if trims:
            self._skip(self._at + 2)
        self._emit("right", self._at + len(_RIGHT))
        if trims:
            self._trim()
        return True

    def _read_token(self) -> None:
        char = self.text[self._at : self._at + 1]
        following = self.text[self._at + 1 : self._at + 2]
        if not char:
            self._fail("unclosed action")
        elif char in _SPACES:
            self._read_space()
        elif char in _SINGLE:
            self._emit(_SINGLE[char], self._at + 1)
        elif char == ":":
            if following != "=":
                self._fail("expected :=")
            self._emit("declare", self._at + 2)
        elif char in "\"'":
            self._read_quoted(char)
        elif char == "`":
            self._read_raw()
        elif char in "$." and not (char == "." and following.isascii() and following.isdigit()):
            self._read_name(char)
        elif char in "+-.0123456789":
            self._read_number()
        elif _is_alphanumeric(char):
            self._read_word()
        elif char in "()":
            self._read_parenthesis(char)
        elif char.isascii() and char.isprintable():
            self._emit("char", self._at + 1)
        else:
            self._fail(f"unrecognized character in action: U+{ord(char):04X}")

    def _read_space(self) -> None:
        end = self._at
        while self.text[end : end + 1] and self.text[end] in _SPACES:
            end += 1
        if self._trims_right(end - 1):
            end -= 1  # the last one belongs to the trim marker
        if end > self._at:
            self._emit("space", end)

    def _read_quoted(self, quote: str) -> None:
        found = _QUOTED[quote].match(self.text, self._at)
        if found is None:
            self._fail("unterminated quoted string" if quote == '"' else "unterminated character constant")
        self._emit("string" if quote == '"' else "rune", found.end())

    def _read_raw(self) -> None:
        close = self.text.find("`", self._at + 1)
        if close < 0:
            self._fail("unterminated raw quoted string")
        self._emit("raw", close + 1)

    def _read_name(self, first: str) -> None:
        """``.``, ``$``, ``.name`` or ``$name``."""
        end = self._end_of_word(self._at + 1)
        if end == self._at + 1:
            self._emit("dot" if first == "." else "variable", end)
        else:
            self._emit("field" if first == "." else "variable", end)

    def _read_word(self) -> None:
        end = self._end_of_word(self._at)
        word = self.text[self._at : end]
        if word in KEYWORDS:
            self._emit("keyword", end)
        elif word == "nil":
            self._emit("nil", end)
        else:
            self._emit("bool" if word in ("true", "false") else "identifier", end)

    def _end_of_word(self, end: int) -> int:
        while end < len(self.text) and _is_alphanumeric(self.text[end]):
            end += 1
        if end < len(self.text) and self.text[end] not in " \t\r\n.,|:)(" and not self.text.startswith(_RIGHT, end):
            char = self.text[end]
            self._fail(f"bad character U+{ord(char):04X} {char!r}")
        return end

    def _read_number(self) -> None:
        end = self._number_end(self._at)
        name: Name = "number"
        if self.text[end : end + 1] in ("+", "-"):
            end, name = self._number_end(end), "complex"
            if self.text[end - 1] != "i":
                self._fail(f"bad number syntax: {self.text[self._at : end]!r}")
        self._emit("complex" if self.text[end - 1] == "i" else name, end)

    def _number_end(self, start: int) -> int:
        found = t.cast("re.Match[str]", _NUMBER.match(self.text, start))
        if found.end() < len(self.text) and _is_alphanumeric(self.text[found.end()]):
            self._fail(f"bad number syntax: {self.text[self._at : found.end() + 1]!r}")
        return found.end()

    def _read_parenthesis(self, char: str) -> None:
        self._parentheses += 1 if char == "(" else -1
        if self._parentheses < 0:
            self._fail("unexpected right paren")
        self._emit("(" if char == "(" else ")", self._at + 1)


def _is_alphanumeric(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


__all__ = ("KEYWORDS", "Token", "tokens")
