# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible-test``: sanity, units and integration, each in an environment of ours, without containers."""

from __future__ import annotations

import pathlib
import shutil
import sys

from checks import environments
from checks.console import note, run
from checks.paths import CHECKOUT, TREE
from checks.report import Report

_OUTPUT = TREE / "tests" / "output" / "junit"

#: By these names ansible-core 2.16, 2.18 and 2.20 keep the installer of pip, which they would else fetch.
_GET_PIP = ("get_pip_23_1_2.py", "get_pip_24_2.py", "get_pip_25_2.py")


#: The unit tests that load ansible-core.
KNOW_ANSIBLE = tuple(
    f"tests/unit/plugins/{folder}/" for folder in ("lookup", "module_utils/_ansible", "modules", "plugin_utils")
)


def sanity(report: Report) -> None:
    """All sanity tests on the oldest and on the newest ansible-core."""
    install_programs()
    place_pip_installer()
    for version in environments.ANSIBLE_CORES:
        options = ["--junit", "--local", "--requirements"]
        _ansible_test(report, version, "sanity", *options, junit="ansible-test-sanity-*.xml")


def units(report: Report) -> None:
    """The unit tests, as ansible-test runs them: all on the newest ansible-core, what knows Ansible on the oldest."""
    oldest, *_between, newest = environments.ANSIBLE_CORES
    _ansible_test(report, newest, "units", "--local", junit="python*.xml")
    _ansible_test(report, oldest, "units", "--local", *KNOW_ANSIBLE, junit="python*.xml")


def integration(report: Report, targets: list[str], excluded: list[str]) -> None:
    """The integration targets on the newest ansible-core; all of them when ``targets`` is empty."""
    options = [word for name in excluded for word in ("--exclude", name)]
    version = environments.ANSIBLE_CORES[-1]
    arguments = ["--local", "--continue-on-error", "--allow-destructive", *options, *targets]
    _ansible_test(report, version, "integration", *arguments, junit="*.xml")


def _ansible_test(report: Report, version: str, command: str, *options: str, junit: str) -> None:
    with report.step(f"ansible-test {command}, ansible-core {version}") as step:
        environment = environments.ansible_core(version)
        shutil.rmtree(_OUTPUT, ignore_errors=True)
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        argv = [environment.program("ansible-test"), command, "--color", "no", "--python", python, *options]
        code, _printed = run(argv, cwd=TREE, env=environment.variables)
        step.count_junit(code, _OUTPUT.glob(junit))


def install_programs() -> None:
    """Install what the sanity tests call and pip does not bring."""
    if shutil.which("shellcheck") is None:
        environments.install_packages("shellcheck")


def place_pip_installer() -> None:
    """Put our stand-in where ansible-test keeps its copy of get-pip.py, unless a copy is there."""
    source = CHECKOUT / "tests" / "setup" / "get_pip.py"
    cache = pathlib.Path.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in _GET_PIP:
        if not (cache / name).exists():
            shutil.copyfile(source, cache / name)
            note(f"{cache / name}: placed, as ansible-test cannot fetch it everywhere")


__all__ = ("KNOW_ANSIBLE", "install_programs", "integration", "place_pip_installer", "sanity", "units")
