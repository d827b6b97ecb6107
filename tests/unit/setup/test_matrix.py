# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pairs `make matrix` runs."""

from __future__ import annotations

import pathlib

import pytest
from checks import environments, matrix
from checks.console import CheckError


def test_pairs() -> None:
    every = matrix.pairs([])
    assert len(every) == len(set(every)) == 14
    assert {str(pair) for pair in every} >= {"3.11/2.16", "3.11/2.19", "3.12/2.21", "3.13/2.18"}
    assert matrix.pairs(["3.13/2.21"]) == [matrix.Pair("3.13", "2.21")]
    with pytest.raises(CheckError, match=r"There is no pair 3.11/2.21"):
        matrix.pairs(["3.11/2.21"])


def test_the_pairs_of_ci_are_among_them() -> None:
    assert set(environments.ANSIBLE_CORES) <= set(matrix.CORES["3.11"])


def test_each_python_runs_all_unit_tests_once() -> None:
    whole = [pair for pair in matrix.pairs([]) if pair.tests == ("tests/unit/plugins",)]
    assert [str(pair) for pair in whole] == ["3.11/2.19", "3.12/2.21", "3.13/2.21"]


def test_a_python_of_pyenv_is_found(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert matrix.find_python("3.12") is None
    for version in ("3.12.1", "3.12.7", "3.13.0"):
        program = tmp_path / "versions" / version / "bin" / f"python{version.rpartition('.')[0]}"
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    assert matrix.find_python("3.12") == str(tmp_path / "versions" / "3.12.7" / "bin" / "python3.12")
