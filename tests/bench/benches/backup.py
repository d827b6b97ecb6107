# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a backup is: the engine against a raw parallel LIST through gzip, of the same cluster in the same run.

And against what a user would write: one list after the other, through one gzip stream.

Each measurement is a process of its own; they alternate, and medians are compared. This process stays small: what it
starts inherits its largest resident size.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

from benches.steps import BenchError, Result, note, run, say

ROUNDS = 5
SMALL = 3000
_SMALL_ROUNDS = 3
_PLAYBOOK = pathlib.Path(__file__).resolve().parents[1] / "task.yml"

#: What is to be reached with 30,000 objects.
BOUNDS = {
    "wall_ratio": 1.5,
    "wall_ratio_plain": 2.5,
    "user_ratio": 1.1,
    "user_ratio_plain": 1.3,
    "rss_mb": 150,
    "rss_growth": 1.2,
    "requests_ratio": 1.0,
    "archive_ratio": 2.0,
}


class BackupBench:
    """One run: ``measure`` fills the cluster as far as is needed, and leaves it so."""

    def __init__(self, kubeconfig: str, wanted: int) -> None:
        self._kubeconfig = kubeconfig
        self._wanted = wanted

    def measure(self) -> Result:
        with tempfile.TemporaryDirectory(prefix="arkive-bench-") as name:
            return self._measure(pathlib.Path(name))

    def remove(self) -> None:
        say("Removing the objects")
        self._module("fill", "0")

    def _measure(self, folder: pathlib.Path) -> Result:
        small = self._measure_small(folder)
        self._fill(self._wanted)
        say("Warming up")
        paths = self._engine(folder, "warm")["paths"]
        self._raw(folder, paths)
        self._user(folder, paths)
        ours: list[Result] = []
        plain: list[Result] = []
        raw: list[Result] = []
        user: list[Result] = []
        for number in range(1, ROUNDS + 1):
            ours.append(self._engine(folder, f"ours-{number}"))
            plain.append(self._engine(folder, f"plain-{number}", accelerated=False))
            raw.append(self._raw(folder, paths))
            user.append(self._user(folder, paths))
            seconds = (round(each[-1]["seconds"], 2) for each in (ours, plain, raw, user))
            note("round {}: {} s, without accelerators {} s, raw {} s, a user's {} s".format(number, *seconds))
        say("Checking what was written")
        for name in (f"ours-{ROUNDS}", f"plain-{ROUNDS}"):
            self._module("check", str(folder / "raw"), str(_backup(folder, name)), str(self._wanted))
        archive = max(
            _backup(folder, f"{kind}-{ROUNDS}").joinpath(f"{kind}-{ROUNDS}.tar.gz").stat().st_size
            for kind in ("ours", "plain")
        )
        summary = _summary(self._wanted, ours, plain, raw, small, archive)
        return summary | _against_user(summary, user) | {"task_seconds": self._task(folder)}

    def _measure_small(self, folder: pathlib.Path) -> list[Result]:
        """With few objects, for the growth of the memory; nothing when the cluster is filled already."""
        present = int(self._module("fill", "count"))
        if present > SMALL or self._wanted <= SMALL:
            note(f"the growth of the memory is not measured: {present} objects are there, {self._wanted} are wanted")
            return []
        self._fill(SMALL)
        return [self._engine(folder, f"small-{number}") for number in range(_SMALL_ROUNDS)]

    def _fill(self, wanted: int) -> None:
        say(f"Filling the cluster: {wanted} objects")
        started = time.monotonic()
        self._module("fill", str(wanted))
        note(f"{time.monotonic() - started:.0f} s")

    def _engine(self, folder: pathlib.Path, name: str, *, accelerated: bool = True) -> Result:
        _make_anew(_store(folder, name))
        variables = {} if accelerated else {"ARKIVE_ACCELERATORS": "none"}
        result: Result = json.loads(self._module("engine_run", str(_store(folder, name)), name, **variables))
        if result["phase"] != "Completed":
            raise BenchError(f"The backup ended as {result['phase']}: {result['errors']}")
        if set(result["accelerators"]) != ({"isal", "orjson"} if accelerated else set()):
            raise BenchError(f"These accelerators were used: {result['accelerators']}. Install orjson and isal.")
        return result

    def _raw(self, folder: pathlib.Path, paths: list[str]) -> Result:
        _make_anew(folder / "raw")
        result: Result = json.loads(self._module("raw_run", str(folder / "raw"), *paths))
        return result

    def _user(self, folder: pathlib.Path, paths: list[str]) -> Result:
        result: Result = json.loads(self._module("user_run", str(folder / "user.gz"), *paths))
        return result

    def _task(self, folder: pathlib.Path) -> float:
        """The whole playbook, with the start of Ansible and all imports."""
        _make_anew(folder / "task")
        given = {"kubeconfig": self._kubeconfig, "folder": str(folder / "task"), "python": sys.executable}
        program = pathlib.Path(sys.executable).with_name("ansible-playbook")
        started = time.monotonic()
        run([str(program), "-i", "localhost,", "-e", json.dumps(given), str(_PLAYBOOK)])
        return round(time.monotonic() - started, 2)

    def _module(self, name: str, *arguments: str, **variables: str) -> str:
        if name != "check":
            arguments = (self._kubeconfig, *arguments)
        return run([sys.executable, "-m", f"benches.{name}", *arguments], **variables)


def _summary(
    wanted: int, ours: list[Result], plain: list[Result], raw: list[Result], small: list[Result], archive: int
) -> Result:
    wall, wall_plain, wall_raw = (statistics.median(one["seconds"] for one in each) for each in (ours, plain, raw))
    rss = max(one["rss_kb"] for one in ours)
    grown = _median_rss(ours) / _median_rss(small) if small else None
    requests = max(one["requests"] for one in ours)
    budget = raw[-1]["pages"] + len(ours[-1]["paths"]) + 10
    return {
        "objects": wanted,
        "wall_ratio": round(wall / wall_raw, 3),
        "wall_ratio_plain": round(wall_plain / wall_raw, 3),
        "wall_seconds": round(wall, 3),
        "wall_seconds_plain": round(wall_plain, 3),
        "raw_seconds": round(wall_raw, 3),
        "cpu_seconds": [round(statistics.median(one["cpu_seconds"] for one in each), 3) for each in (ours, plain, raw)],
        "rss_mb": round(rss / 1024, 1),
        "rss_growth": None if grown is None else round(grown, 3),
        "requests": requests,
        "request_budget": budget,
        "requests_ratio": round(requests / budget, 3),
        "archive_ratio": round(archive / raw[-1]["gzip_bytes"], 3),
        "json_mb": round(raw[-1]["json_bytes"] / 1e6, 1),
        "bounds": BOUNDS,
    }


def _against_user(summary: Result, user: list[Result]) -> Result:
    seconds = statistics.median(one["seconds"] for one in user)
    return {
        "user_ratio": round(summary["wall_seconds"] / seconds, 3),
        "user_ratio_plain": round(summary["wall_seconds_plain"] / seconds, 3),
        "user_seconds": round(seconds, 3),
        "user_cpu_seconds": round(statistics.median(one["cpu_seconds"] for one in user), 3),
    }


def _median_rss(runs: list[Result]) -> float:
    return float(statistics.median(one["rss_kb"] for one in runs))


def _make_anew(folder: pathlib.Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _store(folder: pathlib.Path, name: str) -> pathlib.Path:
    return folder / name.partition("-")[0]


def _backup(folder: pathlib.Path, name: str) -> pathlib.Path:
    return _store(folder, name) / "backups" / name


__all__ = ("BOUNDS", "BackupBench")
