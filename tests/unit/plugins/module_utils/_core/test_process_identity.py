# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process is known to be gone by proof only."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import has_ended, identify_process

BOOT, SPACE, _START = identify_process().split("/")


def ended_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("identity", "ended"),
    [
        (f"{BOOT}/{SPACE}/1", True),
        ("", False),
        (f"another/{SPACE}/1", False),  # another machine, or this one before it was started again
        (f"{BOOT}/pid:[1]/1", False),  # another container: its numbers are not ours
        (f"{BOOT}/{SPACE}/", False),
        ("nonsense", False),
        ("/1", False),
    ],
)
def test_a_number_that_nobody_has(identity: str, ended: bool) -> None:
    assert has_ended(ended_pid(), identity) is ended


def test_a_process_that_lives() -> None:
    assert not has_ended(os.getpid(), identify_process())


def test_another_process_with_its_number() -> None:
    start = int(identify_process().rpartition("/")[2])
    assert has_ended(os.getpid(), f"{BOOT}/{SPACE}/{start - 1}")


@pytest.mark.parametrize("pid", [0, -1, 1 << 80])
def test_what_is_no_number_of_a_process(pid: int) -> None:
    """Signals to 0 and -1 go to many."""
    assert not has_ended(pid, f"{BOOT}/{SPACE}/1")


def test_one_that_nobody_has_waited_for() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
        start = file.read().rpartition(")")[2].split()[19]
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert has_ended(process.pid, f"{BOOT}/{SPACE}/{start}")
    process.wait()


def test_the_process_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not has_ended(os.getpid(), f"{BOOT}/{SPACE}/1")
