# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One case of the campaign of the mover: a task, the step at which something goes wrong, and what that is."""

from __future__ import annotations

import dataclasses
import random
import typing as t

#: What is done, and how often of a hundred.
TASKS = {"moved": 30, "files": 22, "restore": 18, "fill": 12, "delete": 9, "maintained": 9}
#: At which of its pods it goes wrong. ``written`` has none: all copies are there, and the backup is not stored yet.
_STEPS = {
    "moved": ("create", "open", "upload", "upload", "upload", "written"),
    "files": ("create", "open", "upload", "upload", "upload", "written"),
    "restore": ("download",),
    # No pod of the mover: a command in the pod that is restored.
    "fill": ("fill",),
    "delete": ("forget",),
    "maintained": ("look", "maintain"),
}
#: In the order of what they hit: the pod, the node, the run, the way to the server, the room of all pods.
POD_FAULTS = ("kill pod", "kill kopia", "term pod", "delete pod", "delete pod now")
NODE_FAULTS = ("stop kubelet", "kill kubelet", "take kubelet down")
#: ``kill run, pod ends``: what the pod was to do is done before the next run comes.
RUN_FAULTS = ("kill run", "term run", "kill run and pod", "kill run, pod ends")
STORE_FAULTS = ("cut S3", "stall S3", "S3 refuses writes", "cut S3 for all")
ROOM_FAULTS = ("little memory", "full disk")
#: What the run itself does not survive: what it left is for the next one.
DEADLY = frozenset({"kill run", "kill run and pod", "kill run, pod ends"})
#: What had been copied may stay in the repository without a name: nobody could take it out.
LEAVING = DEADLY | frozenset(STORE_FAULTS)
#: How many cases of a hundred have a second fault, of another kind than the first, while the first lasts.
_TWICE = 35
#: Longest time between the beginning of a step and the fault, in seconds: so long the slowed pods are at work.
_LONGEST_DELAY = {"upload": 3.5, "download": 3.5, "fill": 7.0}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``delay``: from the step's beginning, in seconds; ``seconds``: of what is short. ``room``: of pods, in KiB.

    ``also``: a second fault, ``also_delay`` seconds after the first.
    """

    task: str
    step: str
    fault: str
    delay: float = 0.0
    seconds: float = 5.0
    room: int = 0
    also: str = ""
    also_delay: float = 0.0

    def __str__(self) -> str:
        room = f" of {self.room} KiB" if self.room else ""
        short = f" for {self.seconds:.1f} s" if self.faults & {*NODE_FAULTS, *STORE_FAULTS} else ""
        at = "" if self.room and not self.also else f", {self.delay:.2f} s after {self.step}"
        also = f", and {self.also} {self.also_delay:.2f} s later" if self.also else ""
        return f"{self.task}, {self.fault}{room}{short}{at}{also}"

    @property
    def faults(self) -> frozenset[str]:
        return frozenset(filter(None, (self.fault, self.also)))

    @property
    def is_backup(self) -> bool:
        return self.task in ("moved", "files")


def draw(chance: random.Random, tasks: t.Mapping[str, int]) -> Case:
    """``tasks``: how often of the sum of all each is to be."""
    task = chance.choices(list(tasks), list(tasks.values()))[0]
    step = chance.choice(_STEPS[task])
    faults: t.Sequence[str] = (*POD_FAULTS, *NODE_FAULTS, *RUN_FAULTS, *RUN_FAULTS, *STORE_FAULTS, *ROOM_FAULTS)
    if step == "written":
        faults = ("kill run", "term run", "stop kubelet", "cut S3 for all")
    if task == "fill":  # its pod does not end with it, and its room is that of the pod
        faults = tuple(each for each in faults if each not in (*ROOM_FAULTS, "kill run, pod ends"))
    fault = chance.choice(faults)
    room = 0
    if fault == "little memory":
        room = chance.randrange(16 << 10, 96 << 10, 4 << 10)
    elif fault == "full disk":
        room = int(2 ** chance.uniform(6, 13))
    also = _second(chance, fault) if chance.randrange(100) < _TWICE and step != "written" else ""
    also = "kill run" if task == "fill" and also == "kill run, pod ends" else also
    return Case(
        task=task,
        step=step,
        fault=fault,
        also=also,
        also_delay=chance.uniform(0.0, 2.0) if also else 0.0,
        delay=chance.uniform(0.0, _LONGEST_DELAY.get(step, 1.0)),
        seconds=chance.uniform(2.0, 14.0),
        room=room,
    )


def _second(chance: random.Random, first: str) -> str:
    """One of another kind; none after one that ends the run, which nothing more happens to."""
    kinds = [kind for kind in (POD_FAULTS, NODE_FAULTS, RUN_FAULTS, STORE_FAULTS) if first not in kind]
    return "" if first in DEADLY else chance.choice(chance.choice(kinds))


__all__ = ("LEAVING", "NODE_FAULTS", "POD_FAULTS", "STORE_FAULTS", "TASKS", "Case", "draw")
