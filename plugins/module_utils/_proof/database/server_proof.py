# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the proof of one kind of database consists of. It knows no cluster: commands go out, answers come in."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Shell

CheckState: t.TypeAlias = t.Literal["passed", "failed", "unavailable"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One look by the server's own means. ``tool``: with its version. ``found``: what it complained of, its lines.

    ``unavailable``: the image has no such tool, or it has nothing to look at; ``found`` says which.
    """

    name: str
    tool: str
    state: CheckState
    seconds: float = 0.0
    found: tuple[str, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        return {
            "name": self.name,
            "tool": self.tool,
            "state": self.state,
            "seconds": round(self.seconds, 2),
            "found": list(self.found),
        }


@dataclasses.dataclass(slots=True, kw_only=True)
class ServerFacts:
    """``position``: in the kind's own words (LSN, GTID, offset). ``facts``: of this kind alone, as they return."""

    version: str = ""
    position: str = ""
    facts: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProofOrder:
    """``mounts``: where volumes from snapshots are in the container. ``user``: of the database, empty if not named.

    ``facts``: what was recorded of the server as it was held. ``arguments``: more of them for the server.
    """

    shell: Shell
    mounts: tuple[str, ...]
    user: str = ""
    facts: ObjectView = dataclasses.field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    check_seconds: float = 7200.0


#: Asks the live server one statement; rows of its answer.
Ask: t.TypeAlias = t.Callable[[str], list[list[str]]]


class ServerProof(t.Protocol):
    """One server, from its files to its end; the methods are called in this order, each once but ``serves``.

    Each may raise ``ProofError``, and a ``KubeError`` where a command could not be run.
    """

    @property
    def known(self) -> ServerFacts:
        """What is known of it by now."""

    def find(self) -> None:
        """Look for its files. Raises where there are none: an empty server proves nothing."""

    def check_files(self) -> list[Check]:
        """What can be looked at before it runs."""

    def start(self) -> None:
        """Have it begin, cut off: no archiving, no replication, no schedulers, no port."""

    def serves(self) -> bool:
        """Whether its recovery is over."""

    def check_isolation(self) -> None:
        """Raise unless the server itself says that it is cut off."""

    def checks(self) -> t.Iterator[Check]:
        """What it can be asked while it runs."""

    def problems(self) -> list[str]:
        """Where it falls short of what was recorded, a sentence each."""

    def stop(self) -> None:
        """In good order."""

    def check_stopped(self) -> list[Check]:
        """What can be looked at only now."""

    def lost_since(self, ask: Ask) -> dict[str, t.Any]:
        """How far the live server is ahead."""


__all__ = ("Ask", "Check", "CheckState", "ProofOrder", "ServerFacts", "ServerProof")
