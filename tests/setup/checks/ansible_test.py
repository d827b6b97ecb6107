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


_OLDEST_AND_NEWEST = environments.ANSIBLE_CORES[0], environments.ANSIBLE_CORES[-1]

_UNITS = "tests/unit/plugins"

#: Unit tests of what knows Ansible. Engines know nothing of it, which `make lint` holds: pytest alone runs their tests.
KNOW_ANSIBLE = tuple(f"{_UNITS}/{folder}/" for folder in ("lookup", "module_utils/_ansible", "modules", "plugin_utils"))

_PLUGINS_THAT_KNOW_ANSIBLE = tuple(
    f"plugins/{folder}/"
    for folder in ("action", "doc_fragments", "filter", "lookup", "module_utils/_ansible", "modules", "plugin_utils")
)

#: Sanity tests that look at thousands of files: 66, 17 and some 300 s of a processor for all of them; others take 5.
_DEAR = ("import", "pep8", "pylint")

#: Unit tests of what the optional accelerators do. Pytest has them, these environments have not.
_ACCELERATED = tuple(
    f"{_UNITS}/module_utils/{name}"
    for name in ("_archive/", "_core/", "_kube/test_client.py", "_kube/test_raw_lists.py", "test_hostile_json.py")
)


def sanity(report: Report) -> None:
    """All sanity tests on the oldest and the newest ansible-core; on the oldest, the dear ones of what knows Ansible.

    What these say of any other file depends on no ansible-core: the rules of style and of imports are the same, and the
    newest one has the newest pylint, which is asked all that the oldest one's is asked, but for the complexity of
    functions, which ``make lint`` bounds.
    """
    install_programs()
    place_pip_installer()
    options = ["--junit", "--local", "--requirements"]
    oldest, newest = _OLDEST_AND_NEWEST
    files = "ansible-test-sanity-*.xml"
    skipped = [word for name in _DEAR for word in ("--skip-test", name)]
    _ansible_test(report, oldest, "sanity", *options, *skipped, junit=files)
    dear = [word for name in _DEAR for word in ("--test", name)]
    what = ", ".join(_DEAR)
    _ansible_test(report, oldest, "sanity", *options, *dear, *_PLUGINS_THAT_KNOW_ANSIBLE, junit=files, what=what)
    _ansible_test(report, newest, "sanity", *options, junit=files)


def units(report: Report) -> None:
    """The unit tests that pytest alone would not be enough for: what knows Ansible, on the oldest and newest one."""
    oldest, newest = _OLDEST_AND_NEWEST
    options = ["--local", "--num-workers", "1"]  # each worker imports everything anew
    _ansible_test(report, newest, "units", *options, *KNOW_ANSIBLE, *_ACCELERATED, junit="python*.xml")
    _ansible_test(report, oldest, "units", *options, *KNOW_ANSIBLE, junit="python*.xml")


def integration(report: Report, targets: list[str], excluded: list[str]) -> None:
    """The integration targets on the newest ansible-core; all of them when ``targets`` is empty."""
    options = [word for name in excluded for word in ("--exclude", name)]
    version = _OLDEST_AND_NEWEST[1]
    arguments = ["--local", "--continue-on-error", "--allow-destructive", *options, *targets]
    _ansible_test(report, version, "integration", *arguments, junit="*.xml")


def _ansible_test(report: Report, version: str, command: str, *options: str, junit: str, what: str = "") -> None:
    with report.step(f"ansible-test {command}, ansible-core {version}{what and ', '}{what}") as step:
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
