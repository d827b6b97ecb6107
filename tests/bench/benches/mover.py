# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long moving data takes beside kopia run by hand on the same volume: many files, one large file, many volumes.

Each measurement is a process and a repository of its own; both ways take turns, and medians are compared. That of the
mover is whole: Job, pod, what it does before and after its copy. By hand it is the snapshot alone.
"""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import statistics
import subprocess
import sys

from benches.steps import BenchError, Result, note, run, say

#: What is to be reached: at most so many times kopia's own time, and so many seconds for pods.
RATIO_BOUND, POD_SECONDS_BOUND = 1.15, 8.0
#: Of a second run that finds nothing new, in seconds: all of it, with the look at the repository before.
AGAIN_BOUND = 10.0
_ROUNDS = 3
#: By claim: its size, what fills it, and how many megabytes that is.
_VOLUMES = {
    "many": (
        "3Gi",
        "head -c 1G /dev/urandom >all; mkdir files; cd files; split -a 4 -d -n 10000 ../all f; rm ../all",
        1024,
    ),
    "one": ("3Gi", "head -c 2G /dev/urandom >one", 2048),
}
_SMALL = ("64Mi", "head -c 8M /dev/urandom >data")
_AT_ONCE = 5
_LAB = pathlib.Path(__file__).resolve().parents[2] / "cluster" / "lab.py"


class MoverBench:
    """One run: ``measure`` makes what is missing in the cluster, and leaves it so."""

    def __init__(self, kubeconfig: str, wanted: int) -> None:
        """``wanted``: volumes that are moved at once."""
        self._kubeconfig = kubeconfig
        self._wanted = wanted

    def measure(self) -> Result:
        say("Making the image that moves data, and volumes")
        subprocess.run(
            [sys.executable, str(_LAB), "kopia", "image", "--state", os.environ["ARKIVE_TEST_STATE"]], check=True
        )
        for claim, (size, script, _megabytes) in _VOLUMES.items():
            self._module("make", claim, size, script)
        found: Result = {}
        for claim in _VOLUMES:
            found |= self._one(claim)
        found["rss_ratio"] = round(found["one_rss_kb"] / found["many_rss_kb"], 3)
        found |= self._at_once()
        bounds = [name for name in found if name.endswith("_bound_seconds")]
        found["missed"] = [name for name in bounds if found[name.replace("_bound", "")] > found[name]]
        return found

    def _one(self, claim: str) -> Result:
        say(f"Volume {claim}: {_VOLUMES[claim][2]} MB")
        ours: list[float] = []
        again: list[float] = []
        hand: list[float] = []
        rss = 0
        for number in range(1, _ROUNDS + 1):
            for is_ours in (True, False) if number % 2 else (False, True):
                prefix = f"bench-{claim}-{secrets.token_hex(3)}"
                if not is_ours:
                    hand.append(float(self._module("by_hand", prefix, claim)["seconds"]))
                    continue
                first = self._module("upload", "1", prefix, claim)
                ours.append(float(first["seconds"]))
                rss = max(rss, int(first["rss_kb"]))
                second = self._module("upload", "1", prefix, claim)
                again.append(float(second["probe_seconds"]) + float(second["seconds"]))
            load = os.getloadavg()[0]
            note(
                f"round {number}: {ours[-1]:.1f} s, by hand {hand[-1]:.1f} s, second run {again[-1]:.1f} s, "
                f"load {load:.1f}"
            )
        mine, kopia = statistics.median(ours), statistics.median(hand)
        return {
            f"{claim}_seconds": round(mine, 2),
            f"{claim}_by_hand_seconds": round(kopia, 2),
            f"{claim}_bound_seconds": round(RATIO_BOUND * kopia + POD_SECONDS_BOUND, 2),
            f"{claim}_again_seconds": round(statistics.median(again), 2),
            f"{claim}_again_bound_seconds": AGAIN_BOUND,
            f"{claim}_rss_kb": rss,
        }

    def _at_once(self) -> Result:
        say(f"{self._wanted} small volumes")
        claims = [f"small-{number}" for number in range(self._wanted)]
        for claim in claims:
            self._module("make", claim, *_SMALL)
        singles = [self._module("upload", "1", f"bench-{secrets.token_hex(3)}", claims[0]) for _round in range(_ROUNDS)]
        single = statistics.median(float(each["seconds"]) for each in singles)
        together = float(self._module("upload", str(_AT_ONCE), f"bench-{secrets.token_hex(3)}", *claims)["seconds"])
        return {
            "volumes": self._wanted,
            "concurrency": _AT_ONCE,
            "volumes_seconds": round(together, 2),
            "volumes_bound_seconds": round(RATIO_BOUND * single * self._wanted / _AT_ONCE + POD_SECONDS_BOUND, 2),
            "one_volume_seconds": round(single, 2),
            #: Below 1 by as many as are moved at once, where the machine has room for these.
            "volumes_to_waits": round(together / (single * self._wanted), 3),
        }

    def remove(self) -> None:
        say("Removing the volumes")
        self._module("remove")

    def _module(self, *arguments: str) -> Result:
        printed = run([sys.executable, "-m", "benches.mover_run", *arguments], ARKIVE_TEST_KUBECONFIG=self._kubeconfig)
        result: Result = json.loads(printed)
        if result.get("errors"):
            raise BenchError(f"Moving data failed: {result['errors']}")
        return result


__all__ = ("AGAIN_BOUND", "POD_SECONDS_BOUND", "RATIO_BOUND", "MoverBench")
