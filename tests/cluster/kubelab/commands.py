# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running other programs, and finding processes by what they were started as."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path


class LabError(Exception):
    """A sentence for the person at the terminal; no traceback is shown."""


def run(
    *argv: str | Path, check: bool = True, stdin: str | None = None, **options: t.Any
) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it printed; LabError with its stderr when it fails and ``check`` is on."""
    command = [str(a) for a in argv]
    try:
        done = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False, **options)
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not installed.") from None
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(command)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done


def say(text: str) -> None:
    """One progress line on stderr, so that stdout stays for results."""
    print(text, file=sys.stderr, flush=True)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file, made with ``mode`` from the start, and its directories."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as f:
        f.write(text)


def processes_started_as(*tail: str, having: str = "") -> list[int]:
    """The pids of other processes whose command line ends with these arguments and also has ``having``.

    Command lines name the state directory, so this finds what was started for it and nothing else; there is no pid
    file that could be stale or missing.
    """
    wanted = [a.encode() for a in tail]
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            argv = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
        except OSError:
            continue
        if argv[-len(wanted) :] == wanted and (not having or having.encode() in argv):
            found.append(int(entry.name))
    return found


def wait_until(condition: t.Callable[[], bool], seconds: float, *, interval: float = 0.05) -> bool:
    """Poll until the condition holds; false when the time was not enough."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(interval)
    return True


__all__ = ["LabError", "processes_started_as", "run", "say", "wait_until", "write"]
