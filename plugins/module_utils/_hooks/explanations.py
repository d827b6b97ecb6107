# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a command in a container failed: what it said itself, and what that usually means."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.shell_words import is_one_word, shell_advice

_LONGEST_LINE = 200
_FREEZES = re.compile(r"\b(fs|xfs_)freeze\b")
_TRACEBACK = "Traceback (most recent call last)"

_NO_FREEZE_TOOL = (
    "the image has no such program: freeze from a container whose image has fsfreeze (util-linux), "
    "which mounts the same claim"
)
#: Of a command that freezes or thaws: what it says, and the remedy. The first that fits counts. The words are those of
#: util-linux 2.31 to 2.40, xfsprogs 6 and busybox 1.36, with glibc and musl.
_FREEZE_CAUSES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"not permitted|permission denied", re.IGNORECASE),
        "the container may not freeze: it needs securityContext.privileged: true, or CAP_SYS_ADMIN as root; "
        "or freeze from a sidecar that has it and mounts the same claim",
    ),
    (
        re.compile(r"unrecognized option|invalid option|unknown option|^usage:", re.IGNORECASE | re.MULTILINE),
        "busybox knows only the long options, --freeze and --unfreeze",
    ),
    (
        re.compile(r"cannot open|can't open|cannot stat|is not a directory|not a directory", re.IGNORECASE),
        "the container has no such directory: name the path that the claim is mounted at there",
    ),
    (
        re.compile(
            r"not supported|inappropriate ioctl|not a typewriter|not on an? xfs|not a mount ?point", re.IGNORECASE
        ),
        "what is mounted there cannot be frozen: ext4, xfs and btrfs can, overlay, tmpfs, NFS and CephFS cannot; "
        "name the path that the claim is mounted at",
    ),
    (
        re.compile(r"read-only file system", re.IGNORECASE),
        "the file system is mounted read-only: nothing writes to it, and no freeze is needed",
    ),
    (re.compile(r"invalid argument", re.IGNORECASE), "it was not frozen"),
)
_NO_PROGRAM = re.compile(
    r"executable file not found|command not found|: not found|(exec|stat)[ :].*no such file or directory", re.IGNORECASE
)
_BY_CODE = {
    126: "the program is there, but may not be run",
    127: "the image has no such program",
    137: "it was killed: by the kernel because the container has too little memory, or by somebody",
}


def explain_exit(argv: t.Sequence[str], rc: int, stderr: bytes, *, with_output: bool = True) -> str:
    """The error of a command that ended with ``rc``, as a clause without a full stop.

    ``with_output`` False leaves out what it said.
    """
    text = stderr.decode("utf-8", "replace")
    said = _first_line(text) if with_output else ""
    cause = explain_cause(argv, text, rc=rc)
    return f"command terminated with exit code {rc}" + (f": {said}" if said else "") + (f" ({cause})" if cause else "")


def explain_cause(argv: t.Sequence[str], said: str, *, rc: int | None = None) -> str:
    """What the words of a command, or of the runtime that could not start it, usually mean; empty when nobody knows."""
    advice = shell_advice(argv)
    if advice and (not is_one_word(argv) or rc == 127 or _NO_PROGRAM.search(said)):
        return advice
    freezes = any(_FREEZES.search(word) for word in argv)
    if rc == 127 or _NO_PROGRAM.search(said):
        return _NO_FREEZE_TOOL if freezes else _BY_CODE[127]
    if freezes and "busy" not in said:
        for words, cause in _FREEZE_CAUSES:
            if words.search(said):
                return cause
    return _BY_CODE.get(rc or 0, "")


def lacks_program(said: str) -> bool:
    """True where a command could not be started because the container has no such program."""
    return _NO_PROGRAM.search(said) is not None


def _first_line(text: str) -> str:
    """The first line that says something, of a Python traceback the last; without control characters."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("+ ")]
    if not lines:
        return ""
    line = lines[-1] if lines[0].startswith(_TRACEBACK) else lines[0]
    clean = " ".join("".join(char if char.isprintable() else " " for char in line).split()).rstrip(". ")
    return clean if len(clean) <= _LONGEST_LINE else f"{clean[:_LONGEST_LINE]} ..."


__all__ = ("explain_cause", "explain_exit", "lacks_program")
