# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live tests that fail run once more: what counts then, what is named, and when nothing is run again."""

from __future__ import annotations

import dataclasses
import sys
import typing as t
from pathlib import Path

import pytest
from checks import pytests
from checks.report import Report, Step

#: Every test notes that it ran. "once": fails the first time; "always": each time; "teardown": its fixture, once.
_TESTS = """
import pathlib
import pytest

RAN = pathlib.Path(__file__).with_name("ran")

def is_first(name):
    before = RAN.read_text().split() if RAN.exists() else []
    RAN.write_text(" ".join([*before, name]))
    return name not in before

@pytest.fixture
def broken(request):
    yield
    assert not is_first(f"{request.node.name}-fixture")

"""
_KINDS = {
    "passes": "def test_NAME(): is_first('NAME')",
    "once": "def test_NAME(): assert not is_first('NAME')",
    "always": "def test_NAME(): is_first('NAME'); assert False, 'it is so'",
    "teardown": "def test_NAME(broken): is_first('NAME')",
    "fatal": "def test_NAME():\n    if not is_first('NAME'): import os; os._exit(7)\n    assert False",
}


@dataclasses.dataclass(frozen=True)
class _Tools:
    """Stands in for an environment: its pytest is that of this test."""

    folder: Path

    variables: t.ClassVar[dict[str, str]] = {}

    def program(self, name: str) -> str:
        path = self.folder / name
        path.write_text(f"#!{sys.executable}\nimport sys, pytest\nsys.exit(pytest.console_main())\n")
        path.chmod(0o755)
        return str(path)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., tuple[Step, list[str]]]:
    """``run("once", "passes")``: the step of tests of these kinds, and the names of those that ran, in order."""
    monkeypatch.setattr(pytests, "TREE", tmp_path)
    monkeypatch.setattr(pytests, "WORK", tmp_path)
    monkeypatch.setattr(pytests.environments, "tools", lambda: _Tools(tmp_path))

    def run_kinds(*kinds: str, again: bool = True) -> tuple[Step, list[str]]:
        bodies = [_KINDS[kind].replace("NAME", f"{kind}{number}") for number, kind in enumerate(kinds)]
        (tmp_path / "test_these.py").write_text(_TESTS + "\n\n".join(bodies) + "\n")
        report = Report()
        pytests.run_tests(report, "pytest, live", {}, "test_these.py", again=again)
        ran = tmp_path / "ran"
        return report.steps[0], ran.read_text().split() if ran.exists() else []

    return run_kinds


def test_all_pass(run: t.Any) -> None:
    step, ran = run("passes", "passes")
    assert (step.passed, step.failed, step.unsteady, step.failures) == (2, 0, [], [])
    assert ran == ["passes0", "passes1"]


@pytest.mark.parametrize("kind", ["once", "teardown"])
def test_one_that_passes_only_then_is_named(run: t.Any, kind: str) -> None:
    step, ran = run("passes", kind)
    assert (step.passed, step.failed, step.failures) == (2, 0, [])
    assert [test.partition(":")[0] for test in step.unsteady] == ["test_these"]
    assert ran.count("passes0") == 1, "only what failed runs again"
    assert ran.count(f"{kind}1") == 2


def test_one_that_fails_again_is_a_failure_and_says_so_twice(run: t.Any) -> None:
    step, ran = run("passes", "always", "once")
    assert (step.passed, step.failed, step.unsteady) == (1, 2, [])
    assert [test.partition(" Assertion")[0] for test in step.failures] == [
        "test_these::test_always1:",
        "test_these::test_once2:",
        "(again) test_these::test_always1:",
    ]
    assert ran == ["passes0", "always1", "once2", "always1", "once2"]


@pytest.mark.parametrize(("many", "passed", "runs"), [(3, 3, 6), (4, 0, 4)])
def test_many_failures_are_no_chance(run: t.Any, many: int, passed: int, runs: int) -> None:
    step, ran = run(*["once"] * many)
    assert (step.passed, step.failed, len(ran)) == (passed, many - passed, runs)


def test_a_second_run_that_breaks_off_proves_nothing(run: t.Any) -> None:
    step, _ran = run("passes", "fatal")
    assert (step.passed, step.failed, step.unsteady) == (1, 1, [])


def test_files_that_cannot_be_read_are_no_failed_tests(run: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_KINDS, "unreadable", "def test_NAME(:")
    step, ran = run("passes", "unreadable")
    assert (step.passed, step.failed, step.unsteady, ran) == (0, 1, [], [])


def test_other_tests_run_once(run: t.Any) -> None:
    step, ran = run("once", again=False)
    assert (step.passed, step.failed, ran) == (0, 1, ["once0"])
