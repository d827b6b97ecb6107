# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a case of the freeze campaign is: everything that is left to chance, drawn at once."""

from __future__ import annotations

import dataclasses
import random
import typing as t

Entry: t.TypeAlias = t.Literal["tasks", "command", "backup", "snapshot", "role"]
Fault: t.TypeAlias = t.Literal[
    "kill module",
    "kill all",
    "term module",
    "term play",
    "stop and kill module",
    "stop and kill all",
    "delete pod",
    "delete pod now",
    "kill container",
    "stop freezer",
    "kill timer",
    "kill timer and parent",
    "cut stream",
    "cut for long",
    "pause server",
    "restart server",
    "take store away",
    "second run",
    "rollout",
]

LEASE_SECONDS = 4
#: How long a hook that freezes may take, and how long it has, with what is before it, until its lease begins.
ARM_SECONDS = 5
#: A hook that thaws holds the volume before it does; the longest outlasts the lease.
_HOLDS = (2, 1, 3, 7)

#: Nothing of the controller is left after these, or it cannot reach the server for longer than it tries.
END_THE_RUN: frozenset[Fault] = frozenset(
    {
        "kill module",
        "kill all",
        "stop and kill module",
        "stop and kill all",
        "cut for long",
        "pause server",
        "restart server",
    }
)
#: The container's timer may be gone after these.
END_THE_TIMER: frozenset[Fault] = frozenset(
    {"delete pod", "delete pod now", "kill container", "rollout", "kill timer and parent"}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """When a fault happens: this many seconds after the run was started, or after the first frozen write was seen."""

    fault: Fault
    frozen: bool
    seconds: float

    def __str__(self) -> str:
        return f"{self.fault} {self.seconds:.1f} s after {'the freeze' if self.frozen else 'the start'}"


@dataclasses.dataclass(frozen=True, slots=True)
class FreezeCase:
    """``pods`` share their claims, of which there are ``claims``; ``hold``: how long the frozen work takes."""

    entry: Entry
    storage_class: str
    pods: int
    claims: int
    hold: int
    moments: tuple[Moment, ...]

    def __str__(self) -> str:
        place = f"{self.pods} pod(s), {self.claims} claim(s) of {self.storage_class}, {self.hold} s of work"
        return f"{self.entry}, {place}: {', then '.join(str(moment) for moment in self.moments)}"

    @property
    def faults(self) -> frozenset[Fault]:
        return frozenset(moment.fault for moment in self.moments)

    @property
    def longest_seconds(self) -> float:
        """After the last thing that happened, nothing may be frozen for longer."""
        return LEASE_SECONDS + 10 + (ARM_SECONDS if "stop freezer" in self.faults else 0)


def leaves_no_guard(made: t.AbstractSet[Fault]) -> bool:
    """Neither run nor timer may be left after these faults: then a later run has to find what is frozen."""
    return bool(made & END_THE_TIMER) and bool(made & END_THE_RUN)


def draw(chance: random.Random) -> FreezeCase:
    """A case made of ``chance`` alone."""
    entry: Entry = chance.choice(t.get_args(Entry))
    faults: list[Fault] = [fault for fault in t.get_args(Fault) if fault != "take store away" or entry == "backup"]
    hold = chance.choice(_HOLDS)
    moments = []
    for fault in chance.sample(faults, chance.choice((1, 1, 1, 2))):
        frozen = chance.random() < 0.8
        seconds = chance.uniform(0.0, hold + 0.3) if frozen else chance.uniform(0.5, 8.0)
        moments.append(Moment(fault, frozen, round(seconds, 1)))
    return FreezeCase(
        entry=entry,
        storage_class=chance.choice(("loopfile", "loopfile", "loopfile-xfs")),
        pods=chance.choice((1, 1, 2)),
        claims=chance.choice((1, 1, 2)),
        hold=hold,
        moments=tuple(moments),
    )


__all__ = (
    "ARM_SECONDS",
    "LEASE_SECONDS",
    "Entry",
    "Fault",
    "FreezeCase",
    "Moment",
    "draw",
    "leaves_no_guard",
)
