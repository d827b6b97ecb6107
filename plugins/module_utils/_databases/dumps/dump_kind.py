# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a kind of database is dumped and filled again by its own programs. It knows no cluster: commands, and bytes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

#: The exit code of our scripts, and of shells, where the container has no such program.
NO_PROGRAM = 127
#: In front of the name of that program, on standard error.
MISSING = "arkive: there is no program"
#: What a command that fills a database says, with its exit code, when it will use no more. It reads on until the stream
#: ends, as an API server may hang with one that nobody reads from.
ENDED = "arkive: ended"
#: How a script runs a program that says little.
RUN = 'run() { exec "$@"; }'
#: One that dumps: for as long as somebody is there. A program whose output nobody takes any more would wait for
#: ever, with its transaction open. Nothing may be left that is not waited for: its parent would be the server, and
#: PostgreSQL takes a child that was killed for one of its own, and starts anew. Behind a dump that went well is a line
#: with our mark, and the end waits until whoever reads has it (see ``WholeOutput``).
_RUN_DUMP = """
run() {
  exec 4<&0
  "$@" &
  p=$!
  (while read -r line <&4; do :; done; kill "$p") >/dev/null 2>&1 &
  w=$!
  wait "$p"
  rc=$?
  kill "$w" 2>/dev/null
  wait "$w" 2>/dev/null
  if [ "$rc" = 0 ]; then
    echo
    echo MARK
    while read -r line <&4; do :; done
  fi
  exit "$rc"
}
"""
#: One that fills a database.
RUN_FILL = f'run() {{ "$@"; rc=$?; echo; echo "{ENDED} $rc"; cat >/dev/null; exit $rc; }}'
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$-")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DumpOrder:
    """What is dumped, or filled. ``database`` empty: the whole server. ``user`` empty: as the container was started.

    ``with_password``: the first line of the command's standard input is the user's password. ``mark``: what stands
    behind the dump, and in none.
    """

    database: str = ""
    user: str = ""
    with_password: bool = False
    mark: str = dataclasses.field(default_factory=lambda: secrets.token_hex(16))

    def validate(self) -> None:
        """Raises ``ValidationError`` for a name that a program would read as something else."""
        for what, name in (("database", self.database), ("user", self.user)):
            if name and (name.startswith("-") or not _NAME_CHARACTERS.issuperset(name)):
                raise ValidationError(
                    f"The {what} '{name}' has a name that cannot be given to the database's programs.",
                    hint="Letters, digits, '_', '.', '$' and '-' can.",
                )

    @property
    def words(self) -> tuple[str, str]:
        """The first two arguments of each script."""
        return self.user, "given" if self.with_password else "own"


def run_dump(order: DumpOrder) -> str:
    """How a script runs the program that dumps: the function ``run`` of a shell."""
    return _RUN_DUMP.replace("MARK", order.mark)


class WholeOutput:
    """The dump in what ``run_dump`` writes: all before the line that says that it is whole.

    The end of what a command writes may be left out by the API server where the command ends right behind it, and its
    exit code is 0 all the same (kubernetes/kubernetes#124571). So the command waits, and the line is what counts.
    """

    def __init__(self, mark: str) -> None:
        self._line = f"\n{mark}\n".encode()
        self._held = b""
        self.is_whole = False

    def feed(self, data: bytes) -> bytes:
        """What of it, and of what was kept back before, surely belongs to the dump."""
        text = self._held + data
        self.is_whole = text.endswith(self._line)
        if self.is_whole:
            self._held = b""
            return text[: -len(self._line)]
        self._held = text[-len(self._line) :]
        return text[: -len(self._line)]


class Ending(t.Protocol):
    """Looks for the end of a dump in its bytes, as they go by."""

    def feed(self, data: bytes) -> bytes:
        """What of it, and of what was kept back before, surely belongs to the dump."""

    def finish(self) -> bytes:
        """The rest of the dump. Raises ``DatabaseError`` unless it has come to its end."""


class DumpKind(t.Protocol):
    """One kind of database."""

    def program(self, order: DumpOrder) -> str:
        """The one that dumps it, for people."""

    def extension(self, order: DumpOrder) -> str:
        """Of the file, without the one of its compression."""

    def dump_command(self, order: DumpOrder) -> tuple[str, ...]:
        """Writes the dump to standard output, until its standard input ends."""

    def ending(self, order: DumpOrder) -> Ending:
        """Of a dump by that command."""

    def look_command(self, order: DumpOrder) -> tuple[str, ...]:
        """Says what there is already, for ``look``."""

    def look(self, order: DumpOrder, answer: str) -> Target:
        """What ``look_command`` has said. Raises ``DatabaseError`` where nothing can be restored into it."""

    def fill_command(self, order: DumpOrder, size: int, target: Target) -> tuple[str, ...]:
        """Reads a dump of ``size`` bytes from standard input, fills the database, and says ``ENDED``."""

    def filling(self, order: DumpOrder, target: Target, pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
        """What that command is given for the pieces of a dump."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a dump is restored into.

    ``found``: what there is already, a phrase; empty where there is nothing. ``known``: names that are not made again.
    ``place``: a file that must outlive the container, which is started anew at the end; empty where neither is so.
    """

    found: str = ""
    known: frozenset[str] = frozenset()
    place: str = ""


class TextEnding:
    """A text whose last line says that it is whole. ``after``: what may begin a line behind it, beside ``--``."""

    def __init__(self, mark: str, after: str = "") -> None:
        self._mark = mark
        self._after = (after.encode(),) if after else ()
        self._end = b""

    def feed(self, data: bytes) -> bytes:
        self._end = (self._end + data)[-2048:]
        return data

    def finish(self) -> bytes:
        lines = self._end.splitlines()
        while lines and (lines[-1].strip() in (b"", b"--") or lines[-1].startswith(self._after)):
            lines.pop()
        if not lines or not lines[-1].startswith(self._mark.encode()) or not self._end.endswith(b"\n"):
            raise DatabaseError(f"The dump does not end with the line '{self._mark}': it is not whole.")
        return b""


__all__ = (
    "ENDED",
    "MISSING",
    "NO_PROGRAM",
    "RUN",
    "RUN_FILL",
    "DumpKind",
    "DumpOrder",
    "Ending",
    "Target",
    "TextEnding",
    "WholeOutput",
    "run_dump",
)
