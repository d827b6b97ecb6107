# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a restore is: the engine against raw parallel POSTs of the same bodies, both into namespaces that are new.

Each measurement is a process of its own; they alternate, and medians are compared. What the engine made is compared
with the archive, object by object; then it restores once more, with nothing left to do.
"""

from __future__ import annotations

import json
import pathlib
import secrets
import statistics
import sys
import tempfile

from benches import objects
from benches.steps import BenchError, Result, note, run, say

ROUNDS = 3
_BACKUP = "source"

#: What is to be reached with 10,000 objects.
BOUNDS = {"wall_ratio": 1.3, "rss_mb": 200, "second_ratio": 0.35}


class RestoreBench:
    """One run: ``measure`` fills the cluster as far as is needed, and takes away what it restored."""

    def __init__(self, kubeconfig: str, wanted: int) -> None:
        self._kubeconfig = kubeconfig
        self._wanted = wanted
        #: No two runs restore into namespaces of the same names.
        self._mark = "r" + secrets.token_hex(3)

    def measure(self) -> Result:
        with tempfile.TemporaryDirectory(prefix="arkive-bench-") as name:
            try:
                return self._measure(pathlib.Path(name))
            finally:
                run([sys.executable, "-m", "benches.restore_source", "forget", self._kubeconfig, self._mark])

    def remove(self) -> None:
        say("Removing the objects")
        self._module("fill", "0")

    def _measure(self, folder: pathlib.Path) -> Result:
        say(f"Filling the cluster: {self._wanted} objects")
        self._module("fill", str(self._wanted))
        namespaces = objects.namespaces(self._wanted)
        say("Making the backup that is restored")
        source = [sys.executable, "-m", "benches.restore_source"]
        run([*source, "backup", self._kubeconfig, str(folder), _BACKUP, *namespaces])
        first: list[Result] = []
        second: list[Result] = []
        raw: list[Result] = []
        for number in range(1, ROUNDS + 1):
            mark = f"{self._mark}{number}"
            bodies = str(folder / "bodies")
            run([*source, "bodies", str(folder), _BACKUP, f"{mark}r", bodies])
            # Whoever comes later finds a fuller cluster: they take turns in that as well.
            if number % 2 == 0:
                raw.append(json.loads(self._module("raw_posts", bodies)))
            first.append(self._engine(folder, mark, "first", namespaces))
            if number % 2:
                raw.append(json.loads(self._module("raw_posts", bodies)))
            second.append(self._engine(folder, mark, "second", namespaces))
            self._module("restore_check", str(folder), _BACKUP, f"{mark}e", str(self._wanted))
            seconds = (round(each[-1]["seconds"], 2) for each in (first, raw, second))
            note(
                "round {}: {} s, raw {} s, once more {} s; the cluster holds what the archive holds".format(
                    number, *seconds
                )
            )
        return _summary(self._wanted, first, raw, second)

    def _engine(self, folder: pathlib.Path, mark: str, turn: str, namespaces: list[str]) -> Result:
        given = (str(folder), _BACKUP, f"{mark}-{turn}", f"{mark}e", *namespaces)
        result: Result = json.loads(self._module("restore_run", *given))
        if result["phase"] != "Completed":
            raise BenchError(f"The restore ended as {result['phase']}: {result['errors']}")
        if result["changed"] != (turn == "first"):
            raise BenchError(f"The {turn} restore says changed={result['changed']}: {result['summary']}")
        return result

    def _module(self, name: str, *arguments: str) -> str:
        return run([sys.executable, "-m", f"benches.{name}", self._kubeconfig, *arguments])


def _summary(wanted: int, first: list[Result], raw: list[Result], second: list[Result]) -> Result:
    turns = (first, raw, second)
    wall, wall_raw, wall_second = (statistics.median(one["seconds"] for one in each) for each in turns)
    return {
        "objects": wanted,
        "wall_ratio": round(wall / wall_raw, 3),
        "wall_seconds": round(wall, 3),
        "raw_seconds": round(wall_raw, 3),
        "rss_mb": round(max(one["rss_kb"] for one in (*first, *second)) / 1024, 1),
        "second_ratio": round(wall_second / wall, 3),
        "second_seconds": round(wall_second, 3),
        "cpu_seconds": [
            round(statistics.median(one["cpu_seconds"] for one in each), 3) for each in (first, raw, second)
        ],
        "requests": [max(one["requests"] for one in each) for each in (first, raw, second)],
        "timings": [first[-1]["timings"], second[-1]["timings"]],
        "bounds": BOUNDS,
    }


__all__ = ("BOUNDS", "RestoreBench")
