# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that were written for a shell, and are run without one: what to write instead."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import re
import shlex
import typing as t

#: What a shell acts upon, as a whole argument: redirections, pipes and the ends of commands.
_OPERATOR = re.compile(r"[0-9]?(>>?|<)(&[0-9-])?|[0-9]?>&[0-9-]|\|\|?|&&?|;")
#: The same within a text of one piece, and expansions.
_SHELL_TEXT = re.compile(r"[<>|;&]|\$[({A-Za-z_]|`")
_SHELLS = frozenset({"ash", "bash", "busybox", "dash", "ksh", "sh", "zsh"})


def shell_advice(argv: t.Sequence[str]) -> str:
    """A clause about a command that means something to a shell only; empty for all others."""
    if not argv or _is_shell(argv):
        return ""
    if len(argv) == 1:
        return _of_text(argv[0])
    operators = [word for word in argv[1:] if _OPERATOR.fullmatch(word)]
    if not operators:
        return ""
    return f"no shell is run, and {argv[0]} is given '{operators[0]}' as a word: write {_for_shell(_joined(argv))}"


def is_one_word(argv: t.Sequence[str]) -> bool:
    """True for a whole command line in the place of a program's name: nothing of that name can be started."""
    return len(argv) == 1 and " " in argv[0].strip()


def _of_text(text: str) -> str:
    if not is_one_word((text,)):
        return ""
    why = "no shell is run, and a program with this whole text as its name is looked for"
    if _SHELL_TEXT.search(text):
        return f"{why}: write {_for_shell(text)}"
    try:
        words = shlex.split(text)
    except ValueError:
        return f"{why}: write {_for_shell(text)}"
    return f"{why}: write {json.dumps(words)}"


def _is_shell(argv: t.Sequence[str]) -> bool:
    return argv[0].rpartition("/")[2] in _SHELLS


def _joined(argv: t.Sequence[str]) -> str:
    return " ".join(word if _OPERATOR.fullmatch(word) else shlex.quote(word) for word in argv)


def _for_shell(text: str) -> str:
    return json.dumps(["/bin/sh", "-c", text])


__all__ = ("is_one_word", "shell_advice")
