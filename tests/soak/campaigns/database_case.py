# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One case of the campaign of databases: what goes wrong, and before which step of the session."""

from __future__ import annotations

import dataclasses
import random
import typing as t

LEASE = 3.0

#: In the order of what they hit: the run, the way to the API server, the client, the server, the pod.
FAULTS = (
    "none",
    "kill",
    "stop for long",
    "stop",
    "cut",
    "reset",
    "stall",
    "end session",
    "kill client",
    "stop client for long",
    "stop client",
    "kill server",
    "stop server",
    "delete pod",
)
#: What was held cannot be proven any more after these.
LETHAL = frozenset({"cut", "reset", "stall", "end session", "kill client", "kill server", "delete pod"})
#: The server ends what is held in the meantime.
LAPSING = frozenset({"stop for long", "stop client for long"})

#: What of a case there is to choose from, by mode: how many statements there are in ``begin`` and in ``release``.
Steps: t.TypeAlias = t.Mapping[str, t.Mapping[str, int]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``number``: of the step in ``begin`` or ``release``. ``delay``: after it is held. ``seconds``: of what is short.

    ``is_last``: of the release, which closes what is proven by then.
    """

    mode: str
    fault: str
    phase: t.Literal["begin", "held", "release"]
    number: int
    delay: float
    seconds: float
    is_last: bool = False

    def __str__(self) -> str:
        at = f"{self.delay:.2f} s after" if self.phase == "held" else f"before step {self.number} of"
        short = f" for {self.seconds:.2f} s" if self.fault in ("stop", "stop client", "stop server") else ""
        return f"mode {self.mode}, {self.fault}{short}, {at} {self.phase}"

    @property
    def gate(self) -> tuple[str, int]:
        return (self.phase, self.number) if self.phase != "held" else ("", -1)


def draw(chance: random.Random, steps: Steps) -> Case:
    mode = chance.choice(sorted(steps))
    phase: t.Literal["begin", "held", "release"] = chance.choice(("begin", "held", "release"))
    first, last = {"begin": (0, steps[mode]["begin"]), "held": (0, 0), "release": (1, steps[mode]["release"])}[phase]
    number = chance.randint(first, last)
    return Case(
        mode=mode,
        fault=chance.choice(FAULTS),
        phase=phase,
        number=number,
        is_last=phase == "release" and number == last,
        delay=chance.uniform(0.0, LEASE),
        seconds=chance.uniform(0.2, LEASE + 3.0),
    )


__all__ = ("FAULTS", "LAPSING", "LEASE", "LETHAL", "Case", "Steps", "draw")
