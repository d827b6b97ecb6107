# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every pair of a Python and an ansible-core that go together, as far as this machine has the Pythons."""

from __future__ import annotations

import os
import pathlib
import shutil
import typing as t

from checks import ansible_test, environments
from checks.console import CheckError, note, run
from checks.paths import TREE, WORK
from checks.report import Report

#: By Python: the versions of ansible-core whose controller runs with it, as their release notes say.
CORES: dict[str, tuple[str, ...]] = {
    "3.11": ("2.16", "2.17", "2.18", "2.19"),
    "3.12": ("2.16", "2.17", "2.18", "2.19", "2.20", "2.21"),
    "3.13": ("2.18", "2.19", "2.20", "2.21"),
}
_PLUGINS = "tests/unit/plugins"


class Pair(t.NamedTuple):
    python: str
    core: str

    def __str__(self) -> str:
        return f"{self.python}/{self.core}"

    @property
    def tests(self) -> tuple[str, ...]:
        """All unit tests on the newest ansible-core of a Python, on the others what knows Ansible."""
        return (_PLUGINS,) if self.core == CORES[self.python][-1] else ansible_test.KNOW_ANSIBLE


def pairs(asked: t.Sequence[str]) -> list[Pair]:
    """All of them, or those that are ``asked`` for as "3.12/2.20". Raises ``CheckError`` for any other."""
    known = {str(pair): pair for pair in (Pair(python, core) for python in CORES for core in CORES[python])}
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise CheckError(f"There is no pair {unknown[0]}. They are {', '.join(known)}.")
    return [known[name] for name in asked] or list(known.values())


def run_matrix(report: Report, asked: t.Sequence[str]) -> None:
    """Unit tests, and sanity's import test, for each pair. Those that cannot be had here are named, and no failure."""
    ansible_test.place_pip_installer()
    missing = []
    for pair in pairs(asked):
        interpreter = find_python(pair.python)
        if interpreter is None:
            missing.append(f"{pair}: no Python {pair.python} was found")
            continue
        try:
            environment = environments.matrix(interpreter, pair.core)
        except CheckError as exc:
            missing.append(f"{pair}: {exc}")
            continue
        _units(report, pair, environment)
        _imports(report, pair, environment)
    for line in missing:
        note(f"not run: {line}")


def find_python(version: str) -> str | None:
    """The path of an interpreter of this version: in PATH, or one that pyenv has installed; None without one."""
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if "/shims" not in folder]
    found = shutil.which(f"python{version}", path=os.pathsep.join(folders))
    if found is not None:
        return found
    root = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    installed = sorted((root / "versions").glob(f"{version}.*/bin/python{version}"))
    return str(installed[-1]) if installed else None


def _units(report: Report, pair: Pair, environment: environments.Environment) -> None:
    with report.step(f"{pair}: units") as step:
        results = WORK / "junit-matrix.xml"
        results.unlink(missing_ok=True)
        argv = [environment.program("pytest"), "-q", "--color=no", "-p", "no:cacheprovider", f"--junitxml={results}"]
        code, _printed = run([*argv, *pair.tests], cwd=TREE, env=environment.variables)
        step.count_junit(code, [results] if results.exists() else [])


def _imports(report: Report, pair: Pair, environment: environments.Environment) -> None:
    with report.step(f"{pair}: sanity, import") as step:
        options = ["--test", "import", "--local", "--requirements", "--color", "no", "--python", pair.python]
        argv = [environment.program("ansible-test"), "sanity", *options]
        code, _printed = run(argv, cwd=TREE, env=environment.variables)
        step.count(code == 0)


__all__ = ("CORES", "Pair", "find_python", "pairs", "run_matrix")
