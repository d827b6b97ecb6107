# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outputs of a phase, as commands write them among other lines (docs/compatibility 15.9)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError

MARKER = b"###Phase-output###:"

#: What an ActionSet could hold at all is less.
MOST_OUTPUT = 4 << 20

#: Of a line without a marker, so much is kept: its end may be the beginning of one.
_TAIL = len(MARKER) - 1


class PhaseOutput:
    """Reads a stream in pieces of any size, and keeps the outputs; each other piece of a line is log.

    Raises ``BlueprintError`` for what follows a marker and is no output, and for outputs beyond all bounds.
    """

    def __init__(self, log: t.Callable[[str], None] | None = None) -> None:
        self._log = log or (lambda _line: None)
        self._line = bytearray()
        #: Where the search for a marker goes on, and where the output of this line begins if it has one.
        self._searched = 0
        self._begin = -1
        self._size = 0
        self.outputs: dict[str, str] = {}

    def feed(self, piece: bytes) -> None:
        """Take what came next."""
        while piece:
            end = piece.find(b"\n")
            if end < 0:
                self._take(piece)
                return
            self._take(piece[:end])
            self._end_line()
            piece = piece[end + 1 :]

    def finish(self) -> dict[str, str]:
        """The outputs; a last line without its end counts."""
        if self._line:
            self._end_line()
        return dict(self.outputs)

    def _take(self, piece: bytes) -> None:
        self._line += piece
        if self._begin < 0:
            at = self._line.find(MARKER, self._searched)
            self._begin = at + len(MARKER) if at >= 0 else -1
            self._searched = max(0, len(self._line) - _TAIL)
        if self._begin >= 0 and len(self._line) - self._begin > MOST_OUTPUT:
            raise BlueprintError(f"An output of the phase is longer than {MOST_OUTPUT >> 20} MiB.")
        if self._begin < 0 and len(self._line) > MOST_OUTPUT:
            self._log_part(len(self._line) - _TAIL)

    def _log_part(self, size: int) -> None:
        """Hand a part of an endless line on, so that it is not kept."""
        self._log(self._line[:size].decode("utf-8", "replace"))
        del self._line[:size]
        self._searched = 0

    def _end_line(self) -> None:
        line, begin = bytes(self._line).removesuffix(b"\r"), self._begin
        self._line.clear()
        self._searched, self._begin = 0, -1
        before = line if begin < 0 else line[: begin - len(MARKER)]
        if before:
            self._log(before.decode("utf-8", "replace"))
        if begin >= 0 and (content := line[begin:].decode("utf-8", "replace").strip()):
            self._keep(*read_output(content))

    def _keep(self, key: str, value: str) -> None:
        self._size += len(key) + len(value)
        if self._size > MOST_OUTPUT:
            raise BlueprintError(f"The outputs of the phase are longer than {MOST_OUTPUT >> 20} MiB.")
        self.outputs[key] = value


def read_output(content: str) -> tuple[str, str]:
    """Key and value of what follows a marker. Raises ``BlueprintError``; what is there may be secret, and is not shown.

    As Go reads it: other members are left aside, names match in any case, and what is not there or null is empty.
    """
    hint = 'Write ###Phase-output###: {"key":"name","value":"text"} on a line of its own.'
    try:
        given: t.Any = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise BlueprintError("What follows ###Phase-output###: is not one JSON object.", hint=hint) from exc
    if not isinstance(given, dict):
        raise BlueprintError(
            f"What follows ###Phase-output###: is not one JSON object: {shown_value(given)}.", hint=hint
        )
    found = {"key": "", "value": ""}
    for name, member in given.items():
        if (known := name.lower()) not in found or member is None:
            continue
        if not isinstance(member, str):
            raise BlueprintError(
                f"The {known} of an output is not text: {shown_value(member)}.", hint="Put it in quotes."
            )
        found[known] = member
    return found["key"], found["value"]


def _no_constant(name: str) -> t.NoReturn:
    raise ValueError(readable(name))


__all__ = ("MARKER", "MOST_OUTPUT", "PhaseOutput", "read_output")
