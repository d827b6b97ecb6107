# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going through the tokens of a template, one ahead."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault, Kind
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.lexer import Name, Token

_HINTS = {
    "unclosed action": "A }} is missing.",
    "unclosed left paren": "A ) is missing.",
    "unclosed comment": "A comment is written {{/* ... */}}.",
    "comment ends before closing delimiter": "A comment is written {{/* ... */}}, with nothing else in the braces.",
}


def _hint_of_unexpected(token: Token) -> str | None:
    if token.value == "{":
        return "A JSONPath in a condition is a text: write it in double quotes."
    return None


class TokenReader:
    """What a parser stands on: ``_at`` is the place of the next token, and may be set back."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._seen = 0

    @property
    def line(self) -> int:
        """The line of the last token that was looked at."""
        return self._tokens[min(self._seen, len(self._tokens) - 1)].line

    def _peek(self) -> Token:
        at = min(self._at, len(self._tokens) - 1)
        self._seen = max(self._seen, at)
        return self._tokens[at]

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _skip_space(self) -> Token:
        """The next token that is no space, not taken."""
        while self._peek().name == "space":
            self._at += 1
        return self._peek()

    def _next_word(self) -> Token:
        self._skip_space()
        return self._next()

    def _expect(self, name: Name, where: str) -> Token:
        token = self._next_word()
        if token.name != name:
            self._unexpected(token, where)
        return token

    def _unexpected(self, token: Token, where: str) -> t.NoReturn:
        if token.name == "error":
            kind: Kind = "unclosed" if token.value.startswith(("unclosed", "unterminated")) else "syntax"
            raise Fault(kind, token.value, hint=_HINTS.get(token.value))
        shown = "the end" if token.name == "end" else repr(token.value)
        raise Fault("syntax", f"unexpected {shown} in {where}", hint=_hint_of_unexpected(token))


__all__ = ("TokenReader",)
