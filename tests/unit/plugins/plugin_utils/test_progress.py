# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that the action plugins show while a module runs."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.plugin_utils import _progress
from ansible_collections.arkive.k8s.plugins.plugin_utils._progress import ProgressTail


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []

    class Screen:
        def display(self, text: str, *, stderr: bool) -> None:
            assert stderr  # the standard output belongs to callbacks that print JSON
            lines.append(text)

    monkeypatch.setattr(_progress, "Display", Screen)
    return lines


def write(path: pathlib.Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def until(condition: t.Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_lines_are_shown_while_it_runs(tmp_path: pathlib.Path, shown: list[str]) -> None:
    path = tmp_path / "progress"
    path.touch()
    with ProgressTail(str(path), host="web1", interval=0.01):
        write(path, "one\nhal")
        until(lambda: shown == ["arkive: [web1] one"])
        write(path, "f\n")
        until(lambda: len(shown) == 2)
        write(path, "last\n")
    assert shown == ["arkive: [web1] one", "arkive: [web1] half", "arkive: [web1] last"]


@pytest.mark.parametrize(("lines", "said"), [(9, "(1 line left out)"), (20, "(12 lines left out)")])
def test_a_flood_is_cut(tmp_path: pathlib.Path, shown: list[str], lines: int, said: str) -> None:
    path = tmp_path / "progress"
    path.write_text("".join(f"{number}\n" for number in range(lines)))
    with ProgressTail(str(path), host="h", interval=60):
        pass
    assert shown[0] == f"arkive: [h] {said}"
    assert shown[-1] == f"arkive: [h] {lines - 1}"
    assert len(shown) == 9


def test_the_plan_is_never_left_out(tmp_path: pathlib.Path, shown: list[str]) -> None:
    path = tmp_path / "progress"
    path.write_text("plan: 30 create\n" + "".join(f"{number}\n" for number in range(30)))
    with ProgressTail(str(path), host="h", interval=60):
        pass
    assert shown[:2] == ["arkive: [h] plan: 30 create", "arkive: [h] (22 lines left out)"]
    assert shown[-1] == "arkive: [h] 29"


def test_nothing_steers_the_terminal(tmp_path: pathlib.Path, shown: list[str]) -> None:
    path = tmp_path / "progress"
    path.write_bytes(b"a\x1b[2Jb\xff\n")
    with ProgressTail(str(path), host="h", interval=60):
        pass
    assert shown == ["arkive: [h] a\\x1b[2Jb\ufffd"]


def test_a_file_that_is_gone(tmp_path: pathlib.Path, shown: list[str]) -> None:
    with ProgressTail(str(tmp_path / "gone"), host="h", interval=0.01):
        pass
    assert shown == []
