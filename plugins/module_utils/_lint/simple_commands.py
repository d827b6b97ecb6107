# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simple commands in the command of a hook: programs and their words, those of a shell's script as well."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.shell_words import (
    LOOSE_WRAPPERS,
    RESERVED,
    SHELLS,
    WRAPPERS,
    Word,
    split_script,
)

#: Those that are another user's, or run the command elsewhere, are for reading alone.
_WRAPPERS = (*WRAPPERS, *LOOSE_WRAPPERS, "gosu", "runuser", "su", "su-exec", "xargs")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_DEEPEST = 5


@dataclasses.dataclass(frozen=True, slots=True)
class SimpleCommand:
    """``program`` as it is written, its other words, and the variables that are set for it alone."""

    program: str
    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    in_shell: bool = False

    @property
    def name(self) -> str:
        """The program without its folder."""
        return posixpath.basename(self.program)


def commands_of(argv: t.Sequence[str]) -> list[SimpleCommand]:
    """Those of ``argv``, and of the script of a shell in it. What cannot be read is left out."""
    # Without a shell nothing is expanded: each word is what is meant.
    return list(_read(tuple(Word(text) for text in argv), in_shell=False, depth=0))


def _read(words: tuple[Word, ...], *, in_shell: bool, depth: int) -> t.Iterator[SimpleCommand]:
    assignments: list[tuple[str, Word]] = []
    position, last_script = 0, max((at for at, word in enumerate(words) if word.text == "-c"), default=-1)
    while position < len(words):
        text = words[position].text
        name = posixpath.basename(text)
        if found := _ASSIGNMENT.fullmatch(text):
            assignments.append((found[1], Word(found[2], words[position].fixed)))
        elif name in SHELLS or (name in _WRAPPERS and last_script > position):
            yield SimpleCommand(text, words[position + 1 :], tuple(assignments), in_shell)
            yield from _in_script(words[position + 1 :], depth)
            return
        elif name in _WRAPPERS:
            yield SimpleCommand(text, (), (), in_shell)
            position = _behind_options(words, position + 1) - 1
        elif name not in RESERVED:
            yield SimpleCommand(text, words[position + 1 :], tuple(assignments), in_shell)
            return
        position += 1
    if assignments:
        yield SimpleCommand("", (), tuple(assignments), in_shell)


def _behind_options(words: t.Sequence[Word], start: int) -> int:
    """Where the program behind a wrapper stands. What stands between is its options, and values of them."""
    for position in range(start, len(words)):
        text = words[position].text
        if not text.startswith("-") and not text[:1].isdigit():
            return position
    return len(words)


def _in_script(words: t.Sequence[Word], depth: int) -> t.Iterator[SimpleCommand]:
    script = next(
        (
            words[at + 1].text
            for at, word in enumerate(words[:-1])
            if word.text.startswith("-") and not word.text.startswith("--") and "c" in word.text
        ),
        None,
    )
    if script is None or depth >= _DEEPEST:
        return
    try:
        commands = split_script(script)
    except ValueError:
        return
    for command in commands:
        yield from _read(command.words, in_shell=True, depth=depth + 1)


__all__ = ("SimpleCommand", "commands_of")
