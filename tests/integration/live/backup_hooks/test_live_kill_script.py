# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell programs that follow and end a command, run by dash, bash and busybox on this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.killing import KILL, TRACK, Tracked, take_tracked

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}


@pytest.fixture(params=list(SHELLS))
def shell(request: pytest.FixtureRequest) -> list[str]:
    words = SHELLS[request.param]
    program = shutil.which(words[0])
    assert program, f"{words[0]} is not installed: the programs are tried with it."
    return [program, *words[1:]]


class Command:
    """A command as a runtime starts it: the leader of a session of its own."""

    def __init__(self, shell: list[str], *argv: str) -> None:
        self._shell = shell
        self.process = subprocess.Popen(
            [*shell, "-c", TRACK, "arkive-hook", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        rest, tracked = take_tracked(self.process.stderr.readline())
        assert (rest, tracked is not None) == (b"", True)
        self.tracked = t.cast(Tracked, tracked)

    def wait_for(self, line: bytes) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == line

    def kill(self, *, born: str = "", name: str = "") -> int:
        """``name``: of a process 1 that must not get children."""
        argv = [*self._shell, "-c", KILL, "arkive-kill", self.tracked.pid, born or self.tracked.born, name]
        return subprocess.run(argv, timeout=30, check=False).returncode

    @property
    def living(self) -> list[int]:
        """The processes of its session that are not dead."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    if fields[3] == self.tracked.pid and fields[0] not in "ZX":
                        found.append(int(entry.name))
        return found

    def close(self) -> None:
        for pid in self.living:
            os.kill(pid, signal.SIGKILL)
        self.process.communicate(timeout=10)


@pytest.fixture
def start(shell: list[str]) -> t.Iterator[t.Callable[..., Command]]:
    started: list[Command] = []

    def run(*argv: str) -> Command:
        started.append(Command(shell, *argv))
        return started[-1]

    yield run
    for command in started:
        command.close()


def test_the_command_becomes_the_process_that_is_followed(start: t.Callable[..., Command]) -> None:
    command = start("/bin/sh", "-c", 'echo "$$ $0 $1"', "a b", "c")
    out, err = command.process.communicate(timeout=10)
    assert (out.decode().split(maxsplit=1), err) == ([command.tracked.pid, "a b c\n"], b"")
    assert command.process.pid == int(command.tracked.pid)
    assert command.kill() == 0  # it is gone already


def test_its_exit_code_stays(start: t.Callable[..., Command]) -> None:
    command = start("/bin/sh", "-c", "exit 7")
    command.process.communicate(timeout=10)
    assert command.process.returncode == 7


def test_term_comes_first(start: t.Callable[..., Command]) -> None:
    script = "trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.1; done"
    command = start("/bin/sh", "-c", script)
    command.wait_for(b"ready")
    assert command.kill() == 0
    command.wait_for(b"tidied")
    assert command.living == []


def test_what_ignores_it_is_killed_with_its_children(start: t.Callable[..., Command]) -> None:
    script = "trap '' TERM; sleep 1000 & (sleep 1000 & sleep 1000) & echo ready; sleep 1000; sleep 1000"
    command = start("/bin/sh", "-c", script)
    command.wait_for(b"ready")
    assert len(command.living) >= 3
    assert command.kill() == 0
    assert command.living == []


def test_children_that_outlive_their_parent_are_killed(start: t.Callable[..., Command]) -> None:
    command = start("/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo ready")
    command.wait_for(b"ready")
    command.process.wait(timeout=10)
    assert len(command.living) == 1
    assert command.kill() == 0
    assert command.living == []


def test_another_process_with_its_number_is_let_alone(start: t.Callable[..., Command]) -> None:
    command = start("sleep", "1000")
    assert command.kill(born="1") == 0
    assert len(command.living) == 1


def test_parents_reap_where_nobody_else_may(start: t.Callable[..., Command]) -> None:
    """Their own children's ends are the last that they say, so that process 1 gets none."""
    script = "(sleep 1000; echo inner $?) & echo ready; sleep 1000; echo first $?; wait; echo all; sleep 1000"
    command = start("/bin/sh", "-c", script)
    command.wait_for(b"ready")
    end = time.monotonic() + 20
    while len(command.living) < 4 and time.monotonic() < end:
        time.sleep(0.05)
    assert command.kill(name=Path("/proc/1/comm").read_text().strip()) == 0
    assert command.living == []
    out, _err = command.process.communicate(timeout=10)
    assert sorted(out.decode().split()) == ["143", "143", "all", "first", "inner"]
