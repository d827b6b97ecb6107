# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Split a shell script into simple commands: as much of the language as it takes to see which programs it calls."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

_OPERATORS = ";&|()\n"
_EXPANDED = "$`*?[~"

SHELLS = ("sh", "bash", "ash", "dash", "ksh", "zsh")
#: Programs that run the command behind them, here, and end with its exit code.
WRAPPERS = ("busybox", "chrt", "command", "doas", "env", "exec", "ionice", "nice", "nohup", "stdbuf", "sudo", "time")
#: The same, but their exit code may be one of their own.
LOOSE_WRAPPERS = ("timeout",)
#: Words of the shell's grammar that a command may follow.
RESERVED = ("!", "do", "elif", "else", "if", "then", "until", "while", "{", "}")


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """One word with its quotes taken off. ``fixed``: the shell expands nothing in it, the text is what is meant."""

    text: str
    fixed: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class ShellCommand:
    """The words of a simple command without its redirections, and the operator that ends it (empty at the end)."""

    words: tuple[Word, ...]
    ender: str = ""


def split_script(script: str) -> list[ShellCommand]:
    """The simple commands of ``script``, in order. Raises ``ValueError`` when a quote is not closed."""
    return _Reader(script).read()


class _Reader:
    def __init__(self, script: str) -> None:
        self._script = script
        self._at = 0
        self._commands: list[ShellCommand] = []
        self._words: list[Word] = []
        self._text: list[str] | None = None
        self._fixed = True
        self._skips_target = False

    def read(self) -> list[ShellCommand]:
        while self._at < len(self._script):
            self._step(self._script[self._at])
        self._end_command("")
        return self._commands

    def _step(self, char: str) -> None:
        start = self._at
        self._at += 1
        if char in " \t\r":
            self._end_word()
        elif char == "#" and self._text is None:
            end = self._script.find("\n", self._at)
            self._at = len(self._script) if end < 0 else end
        elif char in "<>" or (char == "&" and self._script[self._at : self._at + 1] == ">"):
            self._redirect()
        elif char in _OPERATORS:
            self._at += char not in "()\n" and self._script[self._at : self._at + 1] == char
            self._end_command(self._script[start : self._at])
        elif char == "\\":
            escaped = self._script[self._at : self._at + 1]
            self._at += 1
            if escaped != "\n":
                self._add(escaped)
        elif char == "'":
            self._add(self._until("'"))
        elif char == '"':
            self._double_quoted()
        elif char == "`":
            self._add(f"`{self._until('`')}`", fixed=False)
        elif char == "$" and self._script[self._at : self._at + 1] == "(":
            self._add("$" + self._parenthesis(), fixed=False)
        else:
            self._add(char, fixed=char not in _EXPANDED)

    def _add(self, text: str, *, fixed: bool = True) -> None:
        self._text = [*(self._text or []), text]
        self._fixed = self._fixed and fixed

    def _until(self, quote: str) -> str:
        end = self._script.index(quote, self._at)
        text = self._script[self._at : end]
        self._at = end + 1
        return text

    def _double_quoted(self) -> None:
        chars: list[str] = []
        fixed = True
        while (char := self._script[self._at : self._at + 1]) != '"':
            if not char:
                raise ValueError("a double quote is not closed")
            self._at += 1
            if char == "\\" and self._script[self._at : self._at + 1] in ("$", "`", '"', "\\", "\n"):
                char = self._script[self._at].replace("\n", "")
                self._at += 1
            else:
                fixed = fixed and char not in "$`"
            chars.append(char)
        self._at += 1
        self._add("".join(chars), fixed=fixed)

    def _parenthesis(self) -> str:
        start, depth = self._at, 0
        while True:
            char = self._script[self._at : self._at + 1]
            if not char:
                raise ValueError("a parenthesis is not closed")
            self._at += 1
            depth += (char == "(") - (char == ")")
            if not depth:
                return self._script[start : self._at]

    def _redirect(self) -> None:
        if self._text is not None and "".join(self._text).isdigit():
            self._text = None
        self._end_word()
        while self._script[self._at : self._at + 1] in ("<", ">", "&", "|"):
            self._at += 1
        self._skips_target = True

    def _end_word(self) -> None:
        if self._text is not None:
            if not self._skips_target:
                self._words.append(Word("".join(self._text), self._fixed))
            self._skips_target = False
        self._text, self._fixed = None, True

    def _end_command(self, ender: str) -> None:
        self._end_word()
        self._skips_target = False
        if self._words:
            self._commands.append(ShellCommand(tuple(self._words), ender))
        self._words = []


__all__ = ("LOOSE_WRAPPERS", "RESERVED", "SHELLS", "WRAPPERS", "ShellCommand", "Word", "split_script")
