# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a freeze lasts: the engine against the slowest of as many snapshots of the same volumes, not frozen.

Once with one pod that has all volumes, and once with one pod for each of them. Each measurement is a process of its
own; they alternate, and medians are compared.
"""

from __future__ import annotations

import json
import statistics
import sys

from benches import freeze_objects
from benches.steps import BenchError, Result, note, run, say

ROUNDS = 3

#: What is to be reached: the window, as a multiple of the slowest handle and two exec round trips.
BOUND = 1.2


class FreezeBench:
    """One run: ``measure`` makes what is missing in the cluster, and leaves it so."""

    def __init__(self, kubeconfig: str, wanted: int) -> None:
        self._kubeconfig = kubeconfig
        self._wanted = wanted

    def measure(self) -> Result:
        say(f"Making {2 * self._wanted} claims, one pod with {self._wanted} of them, and {self._wanted} pods with one")
        self._module("freeze_objects", "make", str(self._wanted))
        layouts = {name: self._measure(name) for name in freeze_objects.LAYOUTS}
        worst = max(layouts.values(), key=lambda layout: layout["ratio"])
        return {"pvcs": self._wanted, **worst, "layouts": layouts, "bound": BOUND}

    def remove(self) -> None:
        say("Removing the pods and the claims")
        self._module("freeze_objects", "remove", "0")

    def _measure(self, layout: str) -> Result:
        say(f"Layout {layout}: {freeze_objects.LAYOUTS[layout]}")
        ours: list[Result] = []
        raw: list[Result] = []
        for number in range(1, ROUNDS + 1):
            # Whoever comes later finds a cluster that is warmer: they take turns in that as well.
            if number % 2:
                raw.append(self._raw(layout))
            ours.append(self._engine(layout))
            if number % 2 == 0:
                raw.append(self._raw(layout))
            note(
                f"round {number}: frozen for {ours[-1]['freeze_seconds']:.2f} s, slowest handle "
                f"{raw[-1]['slowest_handle_seconds']:.2f} s, exec {raw[-1]['exec_round_trip_seconds']:.3f} s"
            )
        return _summary(ours, raw)

    def _engine(self, layout: str) -> Result:
        result: Result = json.loads(self._module("freeze_run", layout))
        if result["errors"] or result["snapshots"] != self._wanted or result["frozen"] != self._wanted:
            raise BenchError(f"The snapshots are not what they should be: {result}")
        return result

    def _raw(self, layout: str) -> Result:
        result: Result = json.loads(self._module("freeze_raw", layout, str(self._wanted)))
        return result

    def _module(self, name: str, *arguments: str) -> str:
        return run([sys.executable, "-m", f"benches.{name}", self._kubeconfig, *arguments])


def _summary(ours: list[Result], raw: list[Result]) -> Result:
    freeze = _median(ours, "freeze_seconds")
    handle = _median(raw, "slowest_handle_seconds")
    trip = _median(raw, "exec_round_trip_seconds")
    return {
        "freeze_seconds": round(freeze, 3),
        "slowest_handle_seconds": round(handle, 3),
        "exec_round_trip_seconds": round(trip, 3),
        "ratio": round(freeze / (handle + 2 * trip), 3),
        "longest_of_one_seconds": round(_median(ours, "longest_of_one_seconds"), 3),
        "timings": ours[-1]["timings"],
    }


def _median(runs: list[Result], name: str) -> float:
    return float(statistics.median(one[name] for one in runs))


__all__ = ("BOUND", "FreezeBench")
