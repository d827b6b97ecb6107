# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole test run in lanes: processes that run side by side, each with a copy of the tree and a cluster of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from checks.console import end_group, note
from checks.paths import CHECKOUT, LOGS
from checks.report import Report, Step

_PROGRAM = CHECKOUT / "tests" / "setup" / "run.py"


@dataclasses.dataclass(slots=True)
class Lane:
    """One lane that runs: what it prints is repeated with its name before each line."""

    name: str
    process: subprocess.Popen[str]
    reader: threading.Thread


class Lanes:
    """Use as a context: what still runs at its end is ended."""

    def __init__(self) -> None:
        self._lanes: list[Lane] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, *_exc: object) -> None:
        for lane in self._lanes:
            if lane.process.poll() is None:
                end_group(lane.process)
            lane.reader.join()

    def start(self, name: str, *arguments: str) -> None:
        """Run ``tests/setup/run lane NAME RESULT ARGUMENTS`` beside what runs already."""
        LOGS.mkdir(parents=True, exist_ok=True)
        result = _result(name)
        result.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), "lane", name, str(result), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "ARKIVE_TEST_LANE": name, "PYTHONUNBUFFERED": "1"},
            process_group=0,
        )
        reader = threading.Thread(target=self._repeat, args=(name, process), daemon=True)
        reader.start()
        self._lanes.append(Lane(name, process, reader))

    def _repeat(self, name: str, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            with self._lock:
                print(f"{name:<12}| {line}", end="", flush=True)

    def join(self, report: Report) -> None:
        """Wait for every lane and add its steps to ``report``."""
        while any(lane.process.poll() is None for lane in self._lanes):
            time.sleep(0.5)
        for lane in self._lanes:
            lane.reader.join()
            report.steps += _steps(lane)


def _result(name: str) -> pathlib.Path:
    return LOGS / f"lane-{name}.json"


def steps_of(name: str) -> list[Step]:
    """What a lane of the last whole run did, as far as it got."""
    with contextlib.suppress(OSError, ValueError):
        return [Step(**entry) for entry in json.loads(_result(name).read_text())]
    return []


def _steps(lane: Lane) -> list[Step]:
    """What the lane did; one that broke has a failure, whatever it wrote."""
    steps = steps_of(lane.name)
    for step in steps:
        step.name = f"{lane.name}: {step.name}"
    if lane.process.returncode and not any(step.failed for step in steps):
        note(f"{lane.name} ended with exit code {lane.process.returncode}")
        steps.append(Step(f"{lane.name}: exit code {lane.process.returncode}", failed=1))
    return steps


def write_steps(report: Report, result: str) -> None:
    """Hand a lane's steps over to the run that it is part of."""
    pathlib.Path(result).write_text(json.dumps([dataclasses.asdict(step) for step in report.steps]))


__all__ = ("Lanes", "steps_of", "write_steps")
