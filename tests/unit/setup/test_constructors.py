# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which constructors take too much."""

from __future__ import annotations

import pathlib

import pytest
from checks.constructors import MOST, check_constructors

_DATA = "@dataclasses.dataclass\n"
_CONTEXT = """
import dataclasses

@dataclasses.dataclass(frozen=True)
class RunContext:
    progress: object
    cancel: object
"""
_IMPORT = """
import dataclasses
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
"""


def _fields(count: int) -> str:
    return "".join(f"    field_{number}: int = 0\n" for number in range(count))


def _written(count: int) -> str:
    return f"    def __init__(self, {', '.join(f'a{number}: int' for number in range(count))}) -> None: ...\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param(f"class Engine:\n{_written(MOST)}", [], id="six"),
        pytest.param(f"class Engine:\n{_written(MOST + 1)}", ["Engine"], id="seven"),
        pytest.param(f"class OddError(Exception):\n{_written(MOST + 1)}", [], id="an exception"),
        pytest.param(f"{_DATA}class Record:\n{_fields(20)}", [], id="a record"),
        pytest.param(f"{_DATA}class Ready:\n    run: RunContext\n{_fields(6)}", ["Ready"], id="of a run"),
        pytest.param(
            "@dataclasses.dataclass\nclass Ready:\n    run: 'RunContext | None'\n" + _fields(6),
            ["Ready"],
            id="as a text",
        ),
        pytest.param(
            f"class Engine:\n    def __init__(self, run: RunContext) -> None: ...\n"
            f"{_DATA}class Ready:\n    engine: Engine\n{_fields(6)}",
            ["Ready"],
            id="through another class",
        ),
        pytest.param(f"{_DATA}class Wider(RunContext):\n{_fields(5)}", ["Wider"], id="a parent counts"),
        pytest.param(f"{_DATA}class Wider(RunContext):\n{_fields(4)}", [], id="six with the parent"),
    ],
)
def test_who_takes_too_much(tmp_path: pathlib.Path, text: str, named: list[str]) -> None:
    rooms = tmp_path / "plugins" / "module_utils"
    for name, content in (("_core/run_context.py", _CONTEXT), ("_backup/engine.py", f"{_IMPORT}\n{text}")):
        (rooms / name).parent.mkdir(parents=True)
        (rooms / name).write_text(content)
    problems = check_constructors(tmp_path)
    assert [problem.split()[1] for problem in problems] == named
    assert all("plugins/module_utils/_backup/engine.py:" in problem for problem in problems)
