# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was checked, and how it went."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import time
import typing as t
import xml.etree.ElementTree as ET

from checks.console import CheckError, note, say


@dataclasses.dataclass(slots=True)
class Step:
    """One check: the numbers are of tests where the tool counts them, else of the check itself."""

    name: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0

    def count(self, ok: bool) -> None:
        """Count one check."""
        if ok:
            self.passed += 1
        else:
            self.failed += 1

    def count_junit(self, code: int, files: t.Iterable[pathlib.Path]) -> None:
        """Count the tests of JUnit reports.

        The tool's exit code decides: a failure that a play expects and rescues is in its report as well. A tool that
        failed has at least one failure, whatever its reports say, and so has one that ran no test.
        """
        tests = failed = 0
        for file in files:
            for suite in ET.parse(file).getroot().iter("testsuite"):
                tests += int(suite.get("tests", "0"))
                failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        failed = 0 if code == 0 and tests else max(failed, 1)
        self.passed += max(tests - failed, 0)
        self.failed += failed


class Report:
    """The steps of a run, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextlib.contextmanager
    def step(self, name: str) -> t.Iterator[Step]:
        """Announce and time a step. A CheckError in it is shown and counts as a failure, and the run goes on."""
        say(name)
        step = Step(name)
        self.steps.append(step)
        started = time.monotonic()
        try:
            yield step
        except CheckError as exc:
            step.failed += 1
            note(str(exc))
        finally:
            step.seconds = time.monotonic() - started

    def close(self) -> int:
        """Print the summary; the exit code."""
        passed = sum(step.passed for step in self.steps)
        failed = sum(step.failed for step in self.steps)
        width = max((len(step.name) for step in self.steps), default=0)
        say("Summary")
        for step in self.steps:
            verdict = "FAILED" if step.failed else "ok"
            counts = f"{step.passed:>5} passed  {step.failed:>3} failed"
            note(f"{step.name:<{width}}  {verdict:<6}  {counts}  {step.seconds:>7.1f} s")
        print(f"{passed} passed, {failed} failed", flush=True)
        return 1 if failed or not passed else 0


__all__ = ("Report", "Step")
