# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recognise commands that freeze or thaw a file system.

``fsfreeze -f/--freeze PATH`` and ``xfs_freeze -f PATH``, as an argv or inside ``sh -c``. What may be a freeze, but
cannot be read for certain, is called unclear rather than let pass.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.shell_words import (
    LOOSE_WRAPPERS,
    RESERVED,
    SHELLS,
    WRAPPERS,
    ShellCommand,
    Word,
    split_script,
)

#: What thaws a path that a hook only declares.
THAW_TOOL = "fsfreeze"
_TOOLS = (THAW_TOOL, "xfs_freeze")
#: Programs that only speak about the others.
_HARMLESS = (
    ":", "[", "[[", "cat", "cd", "echo", "egrep", "exit", "fgrep", "grep", "hash", "logger", "ls", "pgrep", "pidof",
    "pkill", "printf", "stat", "test", "touch", "type", "whereis", "which",
)  # fmt: skip
_MENTION = re.compile(r"(?<![\w.-])(?:fsfreeze|xfs_freeze)(?![\w./-])")
_FREEZE_FLAG = re.compile(r"""(?<![^\s'"(\[,=])(?:-f|--fr?e?e?z?e?)(?![^\s'")\],=])""")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
#: What a person who writes an argv seems to want expanded.
_EXPANDED = "$`*?[~"


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

    ``plain``: the command is the tool itself, so its exit code says exactly whether it worked.
    ``unclear``: it freezes something, but what cannot be read from the text (a variable, a glob).
    """

    freezes: tuple[FreezeCommand, ...] = ()
    thaws: tuple[FreezeCommand, ...] = ()
    plain: bool = False
    unclear: bool = False


def recognise(argv: t.Sequence[str]) -> Recognition:
    """Read the freezes and thaws out of ``argv``."""
    if len(argv) == 1 and " " in argv[0]:
        return Recognition()  # a single argument with blanks is one file name: it cannot run
    words = tuple(Word(text, not any(char in text for char in _EXPANDED)) for text in argv)
    found = _read_command(ShellCommand(words))
    if found is None:
        return Recognition(unclear=_may_freeze(argv))
    return found


def recognise_hook(hook: Hook) -> Recognition:
    """What a hook's command says, and what the hook declares beside it."""
    found = recognise(hook.argv)
    known = {command.path for command in (found.freezes if hook.phase == "pre" else found.thaws)}
    declared = tuple(FreezeCommand(THAW_TOOL, path) for path in hook.freezes if path not in known)
    if not declared:
        return found
    if hook.phase == "pre":
        return dataclasses.replace(found, freezes=found.freezes + declared, plain=False)
    return dataclasses.replace(found, thaws=found.thaws + declared, plain=False)


def asked_for(hook: Hook) -> str:
    """What a person asked for, for sentences: ``pre hook``; of a task ``freeze of /data`` or ``command``."""
    if hook.source != "task":
        return f"{hook.phase} hook"
    found = recognise_hook(hook)
    freezes = found.freezes if hook.phase == "pre" else ()
    paths = ", ".join(dict.fromkeys(command.path for command in freezes or found.thaws))
    return f"{'freeze' if freezes else 'thaw'} of {paths}" if paths else "command"


def _read_command(command: ShellCommand) -> Recognition | None:
    """What one simple command does; None when that is not understood."""
    words = command.words
    plain, position = True, 0
    while position < len(words):
        name = posixpath.basename(words[position].text)
        if name in _TOOLS:
            return _read_tool(words[position].text, words[position + 1 :], plain=plain)
        if name in SHELLS:
            return _read_shell(words[position + 1 :])
        if name in WRAPPERS or name in LOOSE_WRAPPERS:
            plain = plain and name not in LOOSE_WRAPPERS
            position = _behind_options(words, position + 1)
        elif name in RESERVED or _ASSIGNMENT.match(words[position].text):
            position += 1
        else:
            break
    if position >= len(words):
        return None
    # What it prints may be a script for the program behind the pipe, and its words may come from a command.
    harmless = posixpath.basename(words[position].text) in _HARMLESS and command.ender != "|"
    return Recognition() if harmless and not _may_freeze(w.text for w in words if not w.fixed) else None


def _behind_options(words: t.Sequence[Word], start: int) -> int:
    """The position of the program behind a wrapper's options and their values."""
    known = (*_TOOLS, *SHELLS, *WRAPPERS, *LOOSE_WRAPPERS)
    for position in range(start, len(words)):
        if posixpath.basename(words[position].text) in known:
            return position
    return start


def _read_shell(words: t.Sequence[Word]) -> Recognition | None:
    """A shell with its arguments; None unless it has a script behind ``-c``."""
    has_script = False
    rest = list(words)
    while rest and rest[0].text.startswith(("-", "+")):
        option = rest.pop(0).text
        has_script = has_script or (not option.startswith("--") and "c" in option)
        if option.endswith("o") and not option.startswith("--") and rest:
            rest.pop(0)
    if not has_script or not rest:
        return None
    found = _read_script(rest[0].text)
    parameters = _may_freeze([rest[0].text, *(word.text for word in rest[1:])]) if len(rest) > 1 else False
    unread = not rest[0].fixed and not found.freezes and _may_freeze([rest[0].text])
    return dataclasses.replace(found, unclear=found.unclear or unread or (parameters and not found.freezes))


def _read_script(script: str) -> Recognition:
    try:
        commands = split_script(script)
    except ValueError:
        return Recognition(unclear=_may_freeze([script]))
    freezes: list[FreezeCommand] = []
    thaws: list[FreezeCommand] = []
    unclear = False
    unread: list[str] = []
    for command in commands:
        found = _read_command(command)
        if found is None:
            unread += [word.text for word in command.words]
            continue
        freezes += found.freezes
        thaws += found.thaws
        # In the background it may freeze after everybody thinks that it is done.
        unclear = unclear or found.unclear or bool(found.freezes and command.ender == "&")
    return Recognition(tuple(freezes), tuple(thaws), unclear=unclear or _may_freeze(unread))


def _may_freeze(texts: t.Iterable[str]) -> bool:
    """Somewhere in ``texts`` one of the tools is named, and an option that freezes."""
    texts = list(texts)
    return any(map(_MENTION.search, texts)) and any(map(_FREEZE_FLAG.search, texts))


def _read_tool(tool: str, words: t.Sequence[Word], *, plain: bool) -> Recognition:
    options = [word.text for word in words if word.text.startswith("-")]
    paths = [word for word in words if not word.text.startswith("-")]
    freezing = any(_is_option(option, "freeze") for option in options)
    thawing = any(_is_option(option, "unfreeze") for option in options)
    if freezing == thawing:
        return Recognition(unclear=not freezing and any(not word.fixed for word in words))
    if len(paths) != 1 or not paths[0].fixed:
        return Recognition(unclear=freezing)
    command = (FreezeCommand(tool, paths[0].text),)
    return Recognition(freezes=command, plain=plain) if freezing else Recognition(thaws=command, plain=plain)


def _is_option(text: str, name: str) -> bool:
    """True for ``-f`` and for ``--freeze``, which may be cut short."""
    if text.startswith("--"):
        return len(text) > 2 and f"--{name}".startswith(text)
    return name[0] in text


__all__ = ("THAW_TOOL", "FreezeCommand", "Recognition", "asked_for", "recognise", "recognise_hook")
