# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Recognise commands that freeze or thaw a file system.

``fsfreeze -f/--freeze PATH`` and ``xfs_freeze -f PATH``, as an argv or inside ``sh -c``.
"""

from __future__ import annotations

import dataclasses
import posixpath
import shlex
import typing as t

_SHELLS = ("sh", "bash", "ash", "dash", "ksh", "zsh", "busybox")
_TOOLS = ("fsfreeze", "xfs_freeze")
_FREEZE_FLAGS = ("-f", "--freeze")
_THAW_FLAGS = ("-u", "--unfreeze")
_SEPARATORS = (";", "&", "&&", "|", "||", "(", ")", "\n", "{", "}")
#: Words that hand over to the command behind them.
_WRAPPERS = (
    "exec",
    "sudo",
    "env",
    "nice",
    "ionice",
    "command",
    "busybox",
    "then",
    "do",
    "else",
    "!",
    "if",
    "setsid",
    "nohup",
)


@dataclasses.dataclass(frozen=True, slots=True)
class FreezeCommand:
    """One freeze or thaw: the tool as written, and the path as written."""

    tool: str
    path: str

    @property
    def thaw_argv(self) -> tuple[str, ...]:
        """The command that undoes it. The long option is the one that busybox knows too."""
        if posixpath.basename(self.tool) == "xfs_freeze":
            return (self.tool, "-u", self.path)
        return (self.tool, "--unfreeze", self.path)


@dataclasses.dataclass(frozen=True, slots=True)
class Recognition:
    """What a command does to file systems.

    ``plain``: the command is the tool itself, so its exit code tells exactly whether it worked.
    ``unclear``: it freezes something, but what cannot be read from the text (a variable, a glob).
    """

    freezes: tuple[FreezeCommand, ...] = ()
    thaws: tuple[FreezeCommand, ...] = ()
    plain: bool = False
    unclear: bool = False


def recognise(argv: t.Sequence[str]) -> Recognition:
    """Read the freezes and thaws out of ``argv``."""
    words = list(argv)
    if len(words) == 1 and " " in words[0]:
        return Recognition()  # a single argument with blanks is one file name: it cannot run
    found = _read_simple(words)
    if found is not None:
        return dataclasses.replace(found, plain=not found.unclear)
    script = _shell_script(words)
    if script is None:
        return Recognition()
    return _read_script(script)


def _shell_script(words: list[str]) -> str | None:
    """The text behind ``-c`` when ``words`` call a shell, also behind wrappers such as ``nice``."""
    for position, word in enumerate(words):
        if posixpath.basename(word) in _SHELLS:
            for index in range(position + 1, len(words) - 1):
                option = words[index]
                if option.startswith("-") and not option.startswith("--") and option.endswith("c"):
                    return words[index + 1]
            return None
    return None


def _read_script(script: str) -> Recognition:
    lexer = shlex.shlex(script, posix=True, punctuation_chars=";&|()\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        tokens = list(lexer)
    except ValueError:
        return Recognition(unclear=any(tool in script for tool in _TOOLS))
    freezes: list[FreezeCommand] = []
    thaws: list[FreezeCommand] = []
    unclear = False
    command: list[str] = []
    for token in [*tokens, ";"]:
        if token not in _SEPARATORS and token.strip(";&|()\n"):
            command.append(token)
            continue
        found = _read_simple(command) if command else None
        nested = None if found else _shell_script(command)
        if nested is not None:
            found = _read_script(nested)
        if found:
            freezes += found.freezes
            thaws += found.thaws
            unclear = unclear or found.unclear
        command = []
    mentioned = any(posixpath.basename(token) in _TOOLS for token in tokens)
    return Recognition(tuple(freezes), tuple(thaws), unclear=unclear or (mentioned and not freezes and not thaws))


def _read_simple(words: list[str]) -> Recognition | None:
    """A simple command whose program is one of the tools; None when it is something else."""
    position = 0
    while position < len(words) and (words[position] in _WRAPPERS or "=" in words[position].split("/")[0]):
        position += 1
    if position >= len(words) or posixpath.basename(words[position]) not in _TOOLS:
        return None
    tool, rest = words[position], words[position + 1 :]
    paths = [word for word in rest if not word.startswith("-") and not word.startswith((">", "<", "2>", "1>"))]
    freezing = any(flag in _FREEZE_FLAGS for flag in rest)
    thawing = any(flag in _THAW_FLAGS for flag in rest)
    if freezing == thawing:
        return Recognition()
    if len(paths) != 1 or any(char in paths[0] for char in "$`*?[~"):
        return Recognition(unclear=freezing)
    command = (FreezeCommand(tool, paths[0]),)
    return Recognition(freezes=command) if freezing else Recognition(thaws=command)


__all__ = ("FreezeCommand", "Recognition", "recognise")
