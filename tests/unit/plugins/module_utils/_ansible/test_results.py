# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task returns, and the lines that it shows on the way."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.progress_file import progress_to
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import (
    clean_details,
    only_output,
    refused_phase,
    text_diff,
)


@pytest.mark.parametrize(
    ("phase", "fail_on_partial", "refused"),
    [
        ("Completed", True, False),
        ("PartiallyFailed", True, True),
        ("PartiallyFailed", False, False),
        ("Failed", False, True),
        ("FailedValidation", False, True),
        ("", True, False),
    ],
)
def test_phases_that_fail_the_task(phase: str, fail_on_partial: bool, refused: bool) -> None:
    """docs/compatibility 14.16: ``fail_on_partial: false`` lets PartiallyFailed pass, and nothing else."""
    assert refused_phase(phase, fail_on_partial=fail_on_partial) is refused


def test_counts_have_a_name_that_jinja_can_reach() -> None:
    details = {"items": {"pods": 1}, "hooks": [{"argv": ["ls"], "stdout": "secret", "stdout_truncated": False}]}
    assert clean_details(details, with_output=False) == {"item_counts": {"pods": 1}, "hooks": [{"argv": ["ls"]}]}
    assert clean_details(details, with_output=True)["hooks"][0]["stdout"] == "secret"


@pytest.mark.parametrize(
    ("states", "with_output", "found"),
    [
        pytest.param(["ok"], True, (3, "o0", "e0"), id="one"),
        pytest.param(["failed"], True, (3, "o0", "e0"), id="one that failed"),
        pytest.param(["ok"], False, (3, None, None), id="one, kept secret"),
        pytest.param(["ok", "skipped"], True, (3, "o0", "e0"), id="one of two"),
        pytest.param(["ok", "ok"], True, (None, None, None), id="two"),
        pytest.param(["planned"], True, (None, None, None), id="check mode"),
        pytest.param([], True, (None, None, None), id="none"),
    ],
)
def test_output_of_the_only_command(states: list[str], with_output: bool, found: tuple[t.Any, ...]) -> None:
    hooks = [{"state": state, "rc": 3, "stdout": f"o{at}", "stderr": f"e{at}"} for at, state in enumerate(states)]
    assert tuple(only_output(hooks, with_output=with_output).values()) == found


def test_diff_of_what_is_not_there() -> None:
    diff = text_diff(None, {"b": 1, "a": 2}, title="backup x")
    assert (diff["before"], diff["after"]) == ("", '{\n  "a": 2,\n  "b": 1\n}\n')


def test_progress_lines(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "progress"
    path.touch(mode=0o600)
    show = progress_to(str(path))
    show("pods: 3 found")
    show("two\nlines and a long one " + "x" * 1000)
    first, second = path.read_text().splitlines()
    assert first == "pods: 3 found"
    assert second.startswith("two lines and a long one x")
    assert len(second) == 300
    assert second.endswith("x...")  # that something is cut is seen


def test_progress_that_nobody_reads(tmp_path: pathlib.Path) -> None:
    progress_to(None)("x")
    progress_to(str(tmp_path / "gone"))("x")
    assert os.listdir(tmp_path) == []
