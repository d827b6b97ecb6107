# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the person at the terminal sees, and how programs are run: one at a time, ended with their children."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shlex
import signal
import subprocess
import time
import typing as t

_GRACE_SECONDS = 30.0

Argv: t.TypeAlias = t.Sequence[str]
Environment: t.TypeAlias = t.Mapping[str, str]


class CheckError(Exception):
    """The set-up failed, so the checks cannot run. The message is a sentence for the person at the terminal."""


def say(text: str) -> None:
    """Announce a step."""
    print(f"==> {text}", flush=True)


def note(text: str) -> None:
    """Print a detail of the step."""
    print(f"    {text}", flush=True)


def run(
    argv: Argv, *, cwd: pathlib.Path | None = None, env: Environment | None = None, quiet: bool = False
) -> tuple[int, str]:
    """Run a program to its end; its exit code, and what it printed if ``quiet`` (else it prints to the terminal).

    The program has a process group of its own, which is ended when this process is stopped.
    """
    output = subprocess.PIPE if quiet else None
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        process_group=0,
    )
    try:
        printed, _none = process.communicate()
    except BaseException:
        end_group(process)
        raise
    return process.returncode, printed or ""


def must_run(argv: Argv, *, cwd: pathlib.Path | None = None, env: Environment | None = None) -> str:
    """Run a program of the set-up and return what it printed; CheckError, with that, when it fails."""
    code, printed = run(argv, cwd=cwd, env=env, quiet=True)
    if code != 0:
        raise CheckError(f"This command failed with exit code {code}: {shlex.join(argv)}\n{printed.rstrip()}")
    return printed


def end_group(process: subprocess.Popen[str]) -> None:
    """End a program and its children: SIGTERM, and SIGKILL after 30 s. The program may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Background:
    """A program that runs beside the checks and writes to a log."""

    def __init__(self, title: str, argv: Argv, *, log: pathlib.Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.title = title
        self.log = log
        with log.open("w") as stream:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, text=True, process_group=0
            )

    def join(self) -> None:
        """Wait for the end, repeating what the program says meanwhile; CheckError when it failed."""
        with self.log.open() as stream:
            while self._process.poll() is None:
                print(stream.read(), end="", flush=True)
                time.sleep(1)
            print(stream.read(), end="", flush=True)
        if self._process.returncode != 0:
            raise CheckError(f"{self.title} failed with exit code {self._process.returncode}; see {self.log}.")

    def end(self) -> None:
        """End the program if it still runs."""
        if self._process.poll() is None:
            end_group(self._process)


__all__ = ("Argv", "Background", "CheckError", "Environment", "end_group", "must_run", "note", "run", "say")
