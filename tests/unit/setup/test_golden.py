# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Golden tests that are not current are found, and the engines run only when something changed."""

from __future__ import annotations

import pathlib

import pytest
from checks import golden


@pytest.fixture
def checkout(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A checkout whose engines answer with the cases, in capitals."""
    program = tmp_path / "golden"
    program.write_text('#!/bin/sh\necho "$1" >> "$(dirname "$0")/ran"\ntr a-z A-Z < "$2"\n')
    program.chmod(0o755)
    for engine in ("cron", "jsonpath", "templates"):
        folder = tmp_path / "checkout" / "tests" / "golden" / engine
        folder.mkdir(parents=True)
        (folder / "cases.yml").write_text(f"cases of {engine}")
    monkeypatch.setattr(golden, "_program", lambda: str(program))
    monkeypatch.setattr(golden, "_CURRENT", tmp_path / "current")
    return tmp_path / "checkout"


def test_expectations_that_are_missing_or_old_are_found(checkout: pathlib.Path) -> None:
    golden.write_golden(checkout)
    (checkout / "tests/golden/templates/cases.yml").write_text("other cases")
    (checkout / "tests/golden/jsonpath/expected.json").unlink()

    problems = golden.check_golden(checkout)

    assert [problem.split()[0] for problem in problems] == [
        "tests/golden/jsonpath/expected.json",
        "tests/golden/templates/expected.json",
    ]
    assert all("make golden" in problem for problem in problems)


def test_what_is_written_is_current(checkout: pathlib.Path) -> None:
    golden.write_golden(checkout)

    assert (checkout / "tests/golden/templates/expected.json").read_text() == "CASES OF TEMPLATES"
    assert golden.check_golden(checkout) == []


def test_the_engines_run_once_for_each_content(checkout: pathlib.Path) -> None:
    ran = checkout.parent / "ran"
    golden.write_golden(checkout)
    golden.check_golden(checkout)
    ran.unlink()

    assert golden.check_golden(checkout) == []
    assert not ran.exists()

    (checkout / "tests/golden/templates/expected.json").write_text("by hand")
    assert golden.check_golden(checkout) != []
    assert ran.exists()
