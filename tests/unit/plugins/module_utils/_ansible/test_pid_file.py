# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file by which a task is found and asked to stop."""

from __future__ import annotations

import os
import pathlib

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.pid_file import pid_file


def test_it_is_there_as_long_as_the_task(tmp_path: pathlib.Path) -> None:
    warned: list[str] = []
    folder = tmp_path / "new"
    with pid_file(str(folder), warn=warned.append):
        (file,) = folder.iterdir()
        assert (file.name, file.read_text()) == (f"{os.getpid()}.pid", f"{os.getpid()}\n")
        assert file.stat().st_mode & 0o777 == 0o600
    assert (list(folder.iterdir()), warned) == ([], [])


def test_without_a_folder_there_is_none(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pid_file("", warn=pytest.fail):
        assert list(tmp_path.iterdir()) == []


def test_a_link_that_somebody_has_laid_is_not_followed(tmp_path: pathlib.Path) -> None:
    warned: list[str] = []
    target = tmp_path / "target"
    target.write_text("whole")
    (tmp_path / f"{os.getpid()}.pid").symlink_to(target)
    with pid_file(str(tmp_path), warn=warned.append):
        assert target.read_text() == "whole"
    assert len(warned) == 1
    assert "ARKIVE_PID_DIR" in warned[0]
