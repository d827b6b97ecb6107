# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the window of a database is: PostgreSQL in mode light against a freeze of the same volume.

One pod with one volume, under a writer. Each measurement is a process of its own; they alternate, and medians are
compared. A database in mode light goes on writing while its snapshot is taken, which a frozen one does not: what that
costs the storage is told by a snapshot under the same writer with nothing held. Beside it: whether the memory of a dump
grows with it, and what the checksum of a dump of Redis costs.
"""

from __future__ import annotations

import json
import statistics
import sys

from benches.steps import BenchError, Result, note, run, say

#: What is to be reached: from the checkpoint's answer to the last handle, as a multiple of the freeze path from the
#: freeze's answer to the last handle.
BOUND = 1.3
#: By the name of the database: how many rows of a table are dumped. What the larger one may take of memory more.
_ROWS = {"small": 50_000, "large": 800_000}
DUMP_GROWTH_BOUND = 1.1
_CHECKSUM_MIB = 64


class DatabasesBench:
    """One run: ``measure`` makes what is missing in the cluster, and leaves it so."""

    def __init__(self, kubeconfig: str, wanted: int) -> None:
        """``wanted``: rounds."""
        self._kubeconfig = kubeconfig
        self._rounds = wanted

    def measure(self) -> Result:
        say("Making a pod with PostgreSQL, and a writer")
        self._module("make")
        found: dict[str, list[float]] = {"light": [], "freeze": [], "plain": []}
        asked: list[float] = []
        frozen: list[float] = []
        for number in range(1, self._rounds + 1):
            # Whoever comes later finds a cluster that is warmer: they take turns in that as well.
            for mode in sorted(found, reverse=bool(number % 2)):
                result = self._taken(mode)
                found[mode].append(float(result["window_seconds"]))
                frozen += [float(result["frozen_seconds"])] if mode == "freeze" else []
                asked += [float(result["asked_seconds"])] if mode == "light" else []
            note(f"round {number}: light {found['light'][-1]:.3f} s, frozen {frozen[-1]:.3f} s")
        windows = (found["light"], frozen, found["freeze"], found["plain"])
        light, freeze, handle, plain = (statistics.median(each) for each in windows)
        return {
            "rounds": self._rounds,
            "light_seconds": round(light, 3),
            "freeze_seconds": round(freeze, 3),
            "frozen_to_handle_seconds": round(handle, 3),
            "ratio": round(light / handle, 3),
            "bound": BOUND,
            "ratio_to_frozen": round(light / freeze, 3),
            "ratio_to_plain": round(light / plain, 3),
            "asked_after_seconds": round(statistics.median(asked), 4),
            **self._dumps(),
        }

    def _dumps(self) -> Result:
        say("Dumps")
        found: dict[str, Result] = {}
        for name, rows in _ROWS.items():
            self._dump("fill", self._kubeconfig, name, str(rows))
            found[name] = json.loads(self._dump("dump", self._kubeconfig, name))
        large = found["large"]
        mib = large["bytes"] / (1 << 20)
        checksum = json.loads(self._dump("checksum", str(_CHECKSUM_MIB)))
        return {
            "dump_mib": round(mib, 1),
            "dump_mib_per_second": round(mib / large["seconds"], 1),
            "dump_rss_mb": round(large["rss_kb"] / 1024, 1),
            "dump_rss_growth": round(large["rss_kb"] / found["small"]["rss_kb"], 3),
            "dump_rss_growth_bound": DUMP_GROWTH_BOUND,
            "rdb_checksum_mib_per_second": round(_CHECKSUM_MIB / checksum["checksum_seconds"], 1),
            "rdb_checksum_to_sha256": round(checksum["checksum_seconds"] / checksum["sha256_seconds"], 2),
        }

    def remove(self) -> None:
        say("Removing the pod and its claim")
        self._module("remove")

    def _taken(self, mode: str) -> Result:
        result: Result = json.loads(self._module(mode))
        if result["errors"] or not result["consistent"]:
            raise BenchError(f"The snapshot is not what it should be: {result}")
        return result

    def _dump(self, *arguments: str) -> str:
        return run([sys.executable, "-m", "benches.dumps_run", *arguments])

    def _module(self, action: str) -> str:
        return run([sys.executable, "-m", "benches.databases_run", self._kubeconfig, action])


__all__ = ("BOUND", "DUMP_GROWTH_BOUND", "DatabasesBench")
