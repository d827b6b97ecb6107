# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the window of a database is: PostgreSQL in mode light against a freeze of the same volume.

One pod with one volume, under a writer. Each measurement is a process of its own; they alternate, and medians are
compared.
"""

from __future__ import annotations

import json
import statistics
import sys

from benches.steps import BenchError, Result, note, run, say

#: What is to be reached: from the checkpoint's answer to the last handle, as a multiple of how long a freeze lasts.
BOUND = 1.3


class DatabasesBench:
    """One run: ``measure`` makes what is missing in the cluster, and leaves it so."""

    def __init__(self, kubeconfig: str, wanted: int) -> None:
        """``wanted``: rounds."""
        self._kubeconfig = kubeconfig
        self._rounds = wanted

    def measure(self) -> Result:
        say("Making a pod with PostgreSQL, and a writer")
        self._module("make")
        found: dict[str, list[float]] = {"light": [], "freeze": []}
        frozen: list[float] = []
        for number in range(1, self._rounds + 1):
            # Whoever comes later finds a cluster that is warmer: they take turns in that as well.
            for mode in sorted(found, reverse=bool(number % 2)):
                result = self._taken(mode)
                found[mode].append(float(result["window_seconds"]))
                frozen += [float(result["frozen_seconds"])] if mode == "freeze" else []
            note(f"round {number}: light {found['light'][-1]:.3f} s, frozen {frozen[-1]:.3f} s")
        light, freeze, handle = (statistics.median(each) for each in (found["light"], frozen, found["freeze"]))
        return {
            "rounds": self._rounds,
            "light_seconds": round(light, 3),
            "freeze_seconds": round(freeze, 3),
            "frozen_to_handle_seconds": round(handle, 3),
            "ratio": round(light / freeze, 3),
            "bound": BOUND,
        }

    def remove(self) -> None:
        say("Removing the pod and its claim")
        self._module("remove")

    def _taken(self, mode: str) -> Result:
        result: Result = json.loads(self._module(mode))
        if result["errors"] or not result["consistent"]:
            raise BenchError(f"The snapshot is not what it should be: {result}")
        return result

    def _module(self, action: str) -> str:
        return run([sys.executable, "-m", "benches.databases_run", self._kubeconfig, action])


__all__ = ("BOUND", "DatabasesBench")
