# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What benchmarks share: processes of their own, and words on the terminal."""

from __future__ import annotations

import os
import subprocess
import typing as t

Result: t.TypeAlias = dict[str, t.Any]


class BenchError(Exception):
    """The benchmark cannot be run, or what was written is wrong. A sentence for the person at the terminal."""


def run(argv: list[str], **variables: str) -> str:
    """The standard output of a process; raises ``BenchError`` when it fails."""
    done = subprocess.run(argv, env={**os.environ, **variables}, text=True, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise BenchError(f"This failed with exit code {done.returncode}: {' '.join(argv[:4])}\n{done.stdout[-4000:]}")
    return done.stdout


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def note(text: str) -> None:
    print(f"    {text}", flush=True)


__all__ = ("BenchError", "Result", "note", "run", "say")
