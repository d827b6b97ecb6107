# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a kind of database is asked, and in which order. It knows no cluster: statements go out, answers come in."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

Mode: t.TypeAlias = str
#: In the place of a server's code: there is no server any more.
LOST = "lost"
#: Claims, as namespace/name: those that are cut first, those that are cut when these are, and so on.
Waves: t.TypeAlias = "tuple[tuple[str, ...], ...]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder:
    """How one database is to be held. ``mode``: one of the kind's. ``user`` empty: the one that the container knows.

    ``label``: by which the server's administrator finds us. ``lease_seconds``: how long it may be held without a word
    from us. ``longest_seconds``: how long a statement may take before something is held. ``lock_seconds``: for how long
    it is tried again where somebody is in the way. ``counts``: tables whose rows are counted.
    ``require_lease``: a server that cannot let go by itself is not held.
    """

    mode: Mode
    label: str
    user: str = ""
    lease_seconds: float = 60.0
    longest_seconds: float = 300.0
    lock_seconds: float = 30.0
    counts: tuple[str, ...] = ()
    require_lease: bool = False


class Server(t.Protocol):
    """The server at the other end of one session."""

    def ask(self, statement: str) -> list[list[str]]:
        """The rows of its answer. Raises ``StatementRefused`` and ``SessionLost``."""

    def real_path(self, path: str) -> str:
        """``path`` in the container, with its links followed; empty where that cannot be found out."""

    def look(self, *argv: str) -> str | None:
        """What a program of the container prints that only looks; None where it is not there, or fails."""

    def wait(self, seconds: float) -> None:
        """Sleep. Raises ``Cancelled``."""

    def flush(self, path: str) -> bool:
        """Write what the kernel holds of the file system at ``path`` to its disk. False where that cannot be done."""

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        """Raise ``DatabaseError`` unless these paths, by what lies there, can be snapshotted as it is right.

        That is at one moment, or, with ``ranks`` (of each place), those of a lower rank before those of a higher one.
        With ``ranks`` that are empty, in any order: nothing of it is written to.
        The claims are returned, by what is cut first. A path that is not known is empty. ``unwritten``: why the disk
        may not have what the server has written, a clause; only a freeze helps then.
        """


@dataclasses.dataclass(slots=True, kw_only=True)
class HoldFacts:
    """What the server said. ``facts``: of this kind alone, by the names under which they are returned."""

    mode: Mode = ""
    version: str = ""
    role: str = ""
    #: ``server``: it lets go by itself. ``timer``: a process in its container unlocks it. ``stream``: only when the
    #: stream to its client ends.
    lease: t.Literal["", "server", "timer", "stream"] = ""
    facts: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    #: By the monotonic clock: so long it stays held when its session is lost and nobody undoes it. 0: it ends with it.
    outlasts_until: float = 0.0
    #: In which order its claims are to be cut. Less than two: all at once.
    waves: Waves = ()


class Hold(t.Protocol):
    """One database, held once: ``begin``, ``keep`` as often as you like, ``end``; all in one session."""

    @property
    def known(self) -> HoldFacts:
        """What is known of it by now."""

    def foresee(self, server: Server) -> None:
        """Look whether it can be held, and how, as ``begin`` does. Nothing is changed, and nothing is held.

        Raises where ``begin`` would, as far as reading tells. What ``begin`` would wait for is a warning.
        """

    def begin(self, server: Server) -> None:
        """Look whether it can be held, arm the server's own lease, and hold it.

        Raises ``LockBusy`` where another attempt may be worth it.
        """

    def keep(self, server: Server) -> None:
        """A sign of life, which renews the lease. Raises unless it is held still."""

    def undo(self, server: Server) -> None:
        """Let go of what outlives the session, also in another one: ``begin`` has raised, or the session was lost."""

    def end(self, server: Server) -> None:
        """Let go. Raises unless the server's answer proves that it was held until now."""


@t.runtime_checkable
class StagedHold(Hold, t.Protocol):
    """One with ``known.waves`` whose claims are cut one after the other."""

    def advance(self, server: Server, wave: int) -> None:
        """All before the claims of that number in ``known.waves`` are cut. Raises unless it is held still."""


class DatabaseKind(t.Protocol):
    """One kind of database, and the client by which it is spoken with."""

    def clients(self, order: HoldOrder) -> tuple[tuple[str, ...], ...]:
        """Commands that read statements from stdin; the next one for containers that cannot run the one before."""

    def framed(self, statement: str, token: str) -> str:
        """``statement`` as the client reads it, after which it says ``token`` at the start of a line."""

    def error_in(self, lines: t.Sequence[str], words: str) -> tuple[str, str]:
        """The error, and its code, in the lines of an answer or in what the client said after the token; else empty.

        The code is ``LOST`` where the client is there still, and its connection to the server is not.
        """

    def cells(self, line: str) -> list[str]:
        """The values in a line of an answer."""

    def ended_by(self, said: str) -> str:
        """Who ended the session, by the client's last words: ``lease``, ``server``, or empty where nobody knows."""

    def statements(self, mode: Mode) -> tuple[str, ...]:
        """Those that hold and release, for people to read beforehand."""

    def hold(self, order: HoldOrder) -> Hold:
        """Nothing is done yet."""


__all__ = (
    "LOST",
    "DatabaseKind",
    "Hold",
    "HoldFacts",
    "HoldOrder",
    "Mode",
    "Server",
    "StagedHold",
    "Waves",
)
