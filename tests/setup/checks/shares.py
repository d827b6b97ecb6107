# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live tests shared out among lanes, by the seconds that each file took when it was last measured."""

from __future__ import annotations

import json
import pathlib
import typing as t
import xml.etree.ElementTree as ET

from checks.paths import CHECKOUT
from checks.pytests import LIVE

#: Seconds for each file, and for all integration targets, renewed by ``make durations`` after a whole run.
MEASURED = CHECKOUT / "tests" / "setup" / "durations.json"

#: For a file that was not measured yet.
_UNKNOWN_SECONDS = 30.0


#: The lane that runs these takes the last share of the live tests as well: a smaller one.
TARGETS = "tests/integration/targets"

#: Live tests that need the machine's kernel and no cluster. They wait nearly all of their time: a lane of their own.
WITHOUT_CLUSTER = (f"{LIVE}/quiesce/test_timer_scripts.py",)

#: What the files of these folders share (a Velero server, and backups that it knows; Flux's controllers) takes long to
#: make: one lane does.
_TOGETHER = (f"{LIVE}/velero/", f"{LIVE}/gitops/")


def share_out(lanes: int) -> list[list[str]]:
    """The files that need a cluster, for each of ``lanes``: the longest first, each to the one with the least to do.

    The last lane has the integration targets to do before.
    """
    measured = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    seconds: dict[str, float] = {}
    files = [file for file in live_files() if file not in WITHOUT_CLUSTER]
    for file in files:
        part = _part_of(file)
        seconds[part] = seconds.get(part, 0.0) + measured.get(file, _UNKNOWN_SECONDS)
    shares = divide(seconds, [*(0.0 for _lane in range(lanes - 1)), measured.get(TARGETS, 0.0)])
    return [[file for file in files if _part_of(file) in share] for share in shares]


def _part_of(file: str) -> str:
    """What goes to a lane as a whole: the folder, or the file alone."""
    return next((folder for folder in _TOGETHER if file.startswith(folder)), file)


def live_files() -> list[str]:
    return sorted(str(file.relative_to(CHECKOUT)) for file in (CHECKOUT / LIVE).rglob("test_*.py"))


def divide(seconds: t.Mapping[str, float], before: t.Sequence[float]) -> list[list[str]]:
    """Each lane's files in the order of their names, so that those of a folder follow one another.

    ``before``: for each lane, the seconds that it is busy with something else.
    """
    shares: list[list[str]] = [[] for _lane in before]
    loads = list(before)
    for file, needed in sorted(seconds.items(), key=lambda entry: (-entry[1], entry[0])):
        lane = loads.index(min(loads))
        shares[lane].append(file)
        loads[lane] += needed
    return [sorted(share) for share in shares]


def case_seconds(results: t.Iterable[pathlib.Path]) -> dict[tuple[str, str], float]:
    """The seconds of each test in JUnit files of pytest, by its module and its name."""
    return {
        (case.get("classname", ""), case.get("name", "")): float(case.get("time", "0"))
        for file in results
        for case in ET.parse(file).getroot().iter("testcase")
    }


def renew(results: t.Iterable[pathlib.Path], targets: float) -> int:
    """Write what the last run measured, with the seconds of the integration ``targets``; how many files that were."""
    known = {file.removesuffix(".py").replace("/", "."): file for file in live_files()}
    seconds: dict[str, float] = {}
    for (module, _name), taken in case_seconds(results).items():
        file = known.get(module) or known.get(module.rpartition(".")[0])  # a class of tests is named after its module
        if file:
            seconds[file] = seconds.get(file, 0.0) + taken
    rounded = {file: round(taken, 1) for file, taken in sorted({**seconds, TARGETS: targets}.items())}
    MEASURED.write_text(json.dumps(rounded, indent=1) + "\n")
    return len(seconds)


__all__ = ("MEASURED", "TARGETS", "WITHOUT_CLUSTER", "case_seconds", "divide", "live_files", "renew", "share_out")
