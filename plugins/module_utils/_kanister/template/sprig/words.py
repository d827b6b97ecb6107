# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""snake_case, camelCase and kebab-case, by the rules of huandu/xstrings."""

# Private: not for use outside of this collection.

from __future__ import annotations

import unicodedata

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Run, function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.characters import (
    is_space,
    lower,
    upper,
)

_INVALID, _NUMBER, _UPPER, _ALPHABET, _CONNECTOR, _PUNCTUATION, _OTHER = range(7)
_FIRST_CJK = "\u3400"


def _is_connector(char: str) -> bool:
    return char in "-_" or is_space(char)


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] == "P"


def _is_number(char: str) -> bool:
    return unicodedata.category(char)[0] == "N"


def _is_alphabet(char: str) -> bool:
    """A letter that is no Chinese, Japanese or Korean character."""
    return char.isalpha() and char < _FIRST_CJK


def _kind(char: str) -> int:
    if _is_connector(char):
        return _CONNECTOR
    if _is_punctuation(char):
        return _PUNCTUATION
    if char.isupper():
        return _UPPER
    if _is_alphabet(char):
        return _ALPHABET
    return _NUMBER if _is_number(char) else _OTHER


def _next_word(text: str, start: int) -> tuple[int, int]:
    """The kind of the word at ``start``, and where it ends."""
    if start >= len(text):
        return _INVALID, start
    kind = _kind(text[start])
    if kind == _UPPER:
        return kind, _end_of_upper(text, start)
    end = start + 1
    while end < len(text) and _continues(kind, text[end]):
        end += 1
    return kind, end


def _continues(kind: int, char: str) -> bool:
    if kind == _ALPHABET:
        return _is_alphabet(char) and not char.isupper()
    if kind == _CONNECTOR:
        return _is_connector(char)
    if kind == _PUNCTUATION:
        return _is_punctuation(char)
    if kind == _NUMBER:
        return _is_number(char)
    return not (_is_connector(char) or _is_alphabet(char) or _is_number(char) or _is_punctuation(char))


def _end_of_upper(text: str, start: int) -> int:
    end = start + 1
    if text[end : end + 1].isupper():
        while end < len(text) and text[end].isupper():
            end += 1
        # HTTPServer is HTTP and Server.
        return end - 1 if end < len(text) and _is_alphabet(text[end]) else end
    while end < len(text) and _is_alphabet(text[end]) and not text[end].isupper():
        end += 1
    return end


class _Lowering:
    """One conversion to lower case with connectors."""

    def __init__(self, run: Run, text: str, connector: str) -> None:
        self._run = run
        self._connector = connector
        self._made: list[str] = []
        self._text = text
        self._kind, self._end = _next_word(text, 0)
        self._word = text[: self._end]

    def run(self) -> str:
        while self._end < len(self._text):
            self._run.budget.step()
            if self._kind != _CONNECTOR:
                self._write(self._kind, self._word)
            before, last = self._kind, self._word
            self._advance()
            if before == _NUMBER:
                self._after_number()
            elif before == _CONNECTOR:
                self._write(before, last)
            elif before != _PUNCTUATION:
                self._after_word()
        self._write(self._kind, self._word)
        return "".join(self._made)

    def _advance(self) -> None:
        start = self._end
        self._kind, self._end = _next_word(self._text, start)
        self._word = self._text[start : self._end]

    def _write(self, kind: int, word: str) -> None:
        if kind == _CONNECTOR:
            word = self._connector * len(word)
        elif kind == _UPPER:
            word = lower(word)
        self._made.append(word)

    def _connect(self, *except_before: int) -> None:
        if self._kind not in except_before:
            self._made.append(self._connector)

    def _after_number(self) -> None:
        self._write_letters_and_numbers()
        self._connect(_INVALID, _PUNCTUATION, _CONNECTOR)

    def _write_letters_and_numbers(self) -> None:
        while self._kind in (_ALPHABET, _NUMBER):
            self._write(self._kind, self._word)
            self._advance()

    def _after_word(self) -> None:
        if self._kind != _NUMBER:
            self._connect(_CONNECTOR, _PUNCTUATION)
            return
        if self._end >= len(self._text):
            return
        number = self._word
        self._advance()
        if self._kind != _ALPHABET:
            self._write(_NUMBER, number)
            self._connect(_CONNECTOR, _PUNCTUATION)
            return
        self._made.append(self._connector)
        self._write(_NUMBER, number)
        self._write_letters_and_numbers()
        self._connect(_INVALID, _CONNECTOR, _PUNCTUATION)


def _snake(run: Run, text: str) -> str:
    return _Lowering(run, text, "_").run()


def _kebab(run: Run, text: str) -> str:
    return _Lowering(run, text, "-").run()


def _camel(text: str) -> str:
    start = 0
    while start < len(text) and _is_connector(text[start]):
        start += 1
    if start == len(text):
        return text + text[-1:]  # as xstrings does
    made = [text[:start]]
    char = upper(text[start])
    for following in text[start + 1 :]:
        before, char = char, following
        if _is_connector(char) and _is_connector(before):
            made.append(before)
        elif _is_connector(before):
            char = upper(char)
        else:
            made.append(before)
    return "".join([*made, char])


WORD_FUNCTIONS = table(
    function("snakecase", _snake, "string", with_run=True),
    function("kebabcase", _kebab, "string", with_run=True),
    function("camelcase", _camel, "string"),
)

__all__ = ("WORD_FUNCTIONS",)
