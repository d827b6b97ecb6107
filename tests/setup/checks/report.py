# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was checked, and how it went."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import time
import typing as t
import xml.etree.ElementTree as ET

from checks.console import CheckError, note, say

#: Of each step; and how much of what a failed test says.
_SHOWN_FAILURES = 20
_SHOWN_CHARACTERS = 300


@dataclasses.dataclass(slots=True)
class Step:
    """One check: the numbers are of tests where the tool counts them, else of the check itself.

    ``failures`` says which tests failed, or why the check did, and ``unsteady`` which ones passed only when they ran
    again. ``computed`` are the seconds of a processor that the programs took which were run; those of a cluster are
    not in it.
    """

    name: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    computed: float = 0.0
    failures: list[str] = dataclasses.field(default_factory=list)
    unsteady: list[str] = dataclasses.field(default_factory=list)

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
        failures: list[str] = []
        for file in files:
            root = ET.parse(file).getroot()
            failures += _failures(root)
            for suite in root.iter("testsuite"):
                tests += int(suite.get("tests", "0"))
                failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        failed = 0 if code == 0 and tests else max(failed, 1)
        self.passed += max(tests - failed, 0)
        self.failed += failed
        if failed:
            self.failures += failures

    def count_again(self, code: int, file: pathlib.Path) -> None:
        """Count the failed tests once more, by the JUnit report of their second run."""
        again = Step(self.name)
        again.count_junit(code, [file] if file.exists() else [])
        if again.failed:
            self.failures += [f"(again) {failure}" for failure in again.failures]
            return
        self.unsteady, self.failures = self.failures, []
        self.passed, self.failed = self.passed + self.failed, 0


def _failures(root: ET.Element) -> list[str]:
    """A line for each failed test: its file and name, and what it says."""
    found = []
    for case in root.iter("testcase"):
        for outcome in (*case.iter("failure"), *case.iter("error")):
            said = _beginning(outcome.get("message") or outcome.text or "")
            where = case.get("classname", "").rpartition(".")[2]
            found.append(f"{where}::{case.get('name', '')}: {said}")
    return found


def _beginning(said: str) -> str:
    """The beginning of what went wrong, as a line."""
    return " ".join(said.split())[:_SHOWN_CHARACTERS]


def _computed() -> float:
    """The processor seconds of this process and of those that it ran to their end."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


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
        started, computed = time.monotonic(), _computed()
        try:
            yield step
        except CheckError as exc:
            step.failed += 1
            step.failures.append(_beginning(str(exc)))
            note(str(exc))
        finally:
            step.seconds, step.computed = time.monotonic() - started, _computed() - computed

    def close(self) -> int:
        """Print the summary; the exit code."""
        passed = sum(step.passed for step in self.steps)
        failed = sum(step.failed for step in self.steps)
        width = max((len(step.name) for step in self.steps), default=0)
        say("Summary")
        for step in self.steps:
            verdict = "FAILED" if step.failed else "ok"
            counts = f"{step.passed:>5} passed  {step.failed:>3} failed"
            took = f"{step.seconds:>7.1f} s  {step.computed:>6.1f} s of a processor"
            note(f"{step.name:<{width}}  {verdict:<6}  {counts}  {took}")
        self._list_tests("Passed only when they ran again", [(step.name, step.unsteady) for step in self.steps])
        self._list_tests("Failed", [(step.name, step.failures) for step in self.steps])
        print(f"{passed} passed, {failed} failed", flush=True)
        return 1 if failed or not passed else 0

    def _list_tests(self, title: str, found: t.Iterable[tuple[str, list[str]]]) -> None:
        listed = [(name, tests) for name, tests in found if tests]
        if not listed:
            return
        say(title)
        for name, tests in listed:
            for test in tests[:_SHOWN_FAILURES]:
                note(f"{name}: {test}")
            if len(tests) > _SHOWN_FAILURES:
                note(f"{name}: and {len(tests) - _SHOWN_FAILURES} more")


__all__ = ("Report", "Step")
