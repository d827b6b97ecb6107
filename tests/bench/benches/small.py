# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a small task takes: a play with one backup of a few ConfigMaps against a play with one ping.

Both are whole runs of ansible-playbook, with the start of Ansible and all imports; they alternate, and the median of
the differences counts. The processor's time is that of all their processes, which other work on the machine hardly
changes.
"""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import typing as t

from benches.small_objects import NAMESPACE
from benches.steps import BenchError, Result, note, run, say

ROUNDS = 7
_PLAYBOOKS = pathlib.Path(__file__).resolve().parents[1]

#: Seconds that the backup may take more than the ping, with 20 ConfigMaps.
BOUND = 0.8
AIM = 0.6


class _Spent(t.NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


class SmallBench:
    """One run: ``measure`` makes the objects, and leaves them."""

    def __init__(self, kubeconfig: str, wanted: int) -> None:
        self._kubeconfig = kubeconfig
        self._wanted = wanted

    def measure(self) -> Result:
        say(f"Making {self._wanted} ConfigMaps")
        self._objects("make")
        with tempfile.TemporaryDirectory(prefix="arkive-bench-") as name:
            return self._measure(pathlib.Path(name))

    def remove(self) -> None:
        say("Removing the objects")
        self._objects("remove")

    def _measure(self, folder: pathlib.Path) -> Result:
        say("Warming up")
        self._ping()
        self._backup(folder, "warm")
        backups: list[_Spent] = []
        pings: list[_Spent] = []
        for number in range(1, ROUNDS + 1):
            if number % 2:
                pings.append(self._ping())
            backups.append(self._backup(folder, f"small-{number}"))
            if number % 2 == 0:
                pings.append(self._ping())
            note(f"round {number}: {backups[-1].wall:.2f} s, ping {pings[-1].wall:.2f} s")
        return _summary(self._wanted, backups, pings)

    def _backup(self, folder: pathlib.Path, name: str) -> _Spent:
        given = {"kubeconfig": self._kubeconfig, "folder": str(folder), "included": NAMESPACE, "backup": name}
        spent = _play("small.yml", given)
        with tarfile.open(folder / "backups" / name / f"{name}.tar.gz") as archive:
            stored = [path for path in archive.getnames() if path.startswith("resources/configmaps/namespaces/")]
        # The cluster puts its root certificate beside them.
        if len(stored) < self._wanted:
            raise BenchError(f"The backup holds {len(stored)} ConfigMaps, not {self._wanted}.")
        return spent

    @staticmethod
    def _ping() -> _Spent:
        return _play("ping.yml", {})

    def _objects(self, action: str) -> None:
        run([sys.executable, "-m", "benches.small_objects", self._kubeconfig, action, str(self._wanted)])


def _play(playbook: str, given: dict[str, str]) -> _Spent:
    program = pathlib.Path(sys.executable).with_name("ansible-playbook")
    variables = json.dumps({**given, "python": sys.executable})
    argv = [str(program), "-i", "localhost,", "-e", variables, str(_PLAYBOOKS / playbook)]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT)
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise BenchError(f"{playbook} failed with exit code {process.returncode}:\n{output.read()[-4000:]}")
    return _Spent(wall, usage.ru_utime + usage.ru_stime)


def _summary(wanted: int, backups: list[_Spent], pings: list[_Spent]) -> Result:
    more = [_Spent(ours.wall - ping.wall, ours.cpu - ping.cpu) for ours, ping in zip(backups, pings, strict=True)]
    return {
        "configmaps": wanted,
        "seconds_more": _median(more, "wall"),
        "cpu_seconds_more": _median(more, "cpu"),
        "least_cpu_seconds_more": round(min(one.cpu for one in backups) - min(one.cpu for one in pings), 3),
        "backup_seconds": _median(backups, "wall"),
        "ping_seconds": _median(pings, "wall"),
        "cpu_seconds": [_median(backups, "cpu"), _median(pings, "cpu")],
        "bounds": {"seconds_more": BOUND},
        "aims": {"seconds_more": AIM},
    }


def _median(spent: list[_Spent], name: str) -> float:
    return round(float(statistics.median(getattr(one, name) for one in spent)), 3)


__all__ = ("AIM", "BOUND", "SmallBench")
