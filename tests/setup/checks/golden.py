# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The golden tests: what Go's engines answer to the cases in ``tests/golden``, and whether that is written there."""

from __future__ import annotations

import hashlib
import pathlib
import sys

from checks.console import must_run
from checks.paths import CACHE, CHECKOUT

_LAB = str(CHECKOUT / "tests" / "cluster" / "lab.py")
_ENGINES = ("cron", "jsonpath", "templates")

#: Each file here is named after contents that were found to be current.
_CURRENT = CACHE / "golden-current"


def check_golden(root: pathlib.Path) -> list[str]:
    """What is not current, a sentence each. The engines run only when something changed since they last did."""
    folder = root / "tests" / "golden"
    known = _CURRENT / _digest(folder)
    if known.exists():
        return []
    program = _program()
    problems = [
        f"tests/golden/{engine}/expected.json is not what the engine answers. `make golden` writes it anew."
        for engine in _ENGINES
        if _answers(program, folder / engine) != _written(folder / engine)
    ]
    if not problems:
        _CURRENT.mkdir(parents=True, exist_ok=True)
        known.touch()
    return problems


def write_golden(root: pathlib.Path) -> list[pathlib.Path]:
    """Write what the engines answer; the files."""
    program = _program()
    written = []
    for engine in _ENGINES:
        folder = root / "tests" / "golden" / engine
        answers = _answers(program, folder)
        file = folder / "expected.json"
        file.write_text(answers)
        written.append(file)
    return written


def _program() -> str:
    """The Go program, built when it has not been."""
    return must_run([sys.executable, _LAB, "golden"]).splitlines()[-1]


def _answers(program: str, folder: pathlib.Path) -> str:
    return must_run([program, folder.name, str(folder / "cases.yml")])


def _written(folder: pathlib.Path) -> str:
    file = folder / "expected.json"
    return file.read_text() if file.exists() else ""


def _digest(folder: pathlib.Path) -> str:
    total = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        total.update(f"{file.relative_to(folder)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


__all__ = ("check_golden", "write_golden")
