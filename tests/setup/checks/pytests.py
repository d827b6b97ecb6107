# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests that plain pytest runs: unit tests, and tests of the engines on the cluster."""

from __future__ import annotations

import pathlib
import shutil
import typing as t

from checks import environments
from checks.cluster import Variables, is_foreign
from checks.console import note, run
from checks.paths import TREE, WORK
from checks.report import Report

LIVE = "tests/integration/live"

#: What the live tests took, in the folder of the lane that ran them.
LIVE_RESULTS = "junit-live.xml"

#: What speaks to S3 is tried with the oldest boto3 as well, and what tries passwords with the oldest cryptography.
_STORE_UNITS = "tests/unit/plugins/module_utils/_store"
_PASSWORD_UNITS = "tests/unit/plugins/module_utils/_volumes/mover/repository/test_password_proof.py"
_STORE_LIVE = "tests/integration/live/store/test_store_contract.py"

#: Pytest's exit code.
_TESTS_FAILED = 1

#: The options of the project without the one that keeps pytest from noting which tests failed.
_STRICT = "--strict-markers --strict-config"

#: A live test that failed beside the other lanes runs once more, if no more than these failed. What it says then
#: counts, and the summary names it all the same: a test that passes only then is to be looked into.
_MAY_RUN_AGAIN = 3

#: Tests with these markers break things, need the node, or install Velero or Flux: not on a cluster that is not ours.
_LOCAL_ONLY = ("fault", "node", "velero", "flux")


def units(report: Report) -> None:
    """The unit tests."""
    install_browser()
    run_tests(report, "pytest, units", {"ARKIVE_TEST_AXE": str(environments.axe())}, "tests/unit")
    oldest = environments.oldest_libraries()
    files = (_STORE_UNITS, _PASSWORD_UNITS)
    run_tests(report, "pytest, units of store and password, oldest libraries", {}, *files, environment=oldest)


def live(report: Report, variables: Variables, files: t.Sequence[str] = (LIVE,)) -> None:
    """The tests of the engines on the cluster; those of some ``files`` where they are shared out among lanes."""
    options = [*files, "--timeout=600", "--durations=0", "--durations-min=20"]
    if is_foreign():
        local_only = " or ".join(_LOCAL_ONLY)
        note("not run on a cluster that is not ours:")
        _list_tests(LIVE, local_only)
        options += ["-m", f"not ({local_only})"]
    else:
        install_shells()
    install_java()
    programs = {
        "ARKIVE_TEST_PIPELINES": str(environments.pipelines().path),
        "ARKIVE_TEST_RULEBOOK": environments.rulebook().program("ansible-rulebook"),
        "GOGC": "400",  # thousands of kubectl: each is gone before it needs the memory again
    }
    run_tests(report, "pytest, live", {**variables, **programs}, *options, again=True)
    if LIVE in files or _STORE_LIVE in files:
        oldest = environments.oldest_libraries()
        run_tests(
            report,
            "pytest, live store, oldest boto3",
            variables,
            _STORE_LIVE,
            "-k",
            "s3 and not event_source",
            environment=oldest,
        )


def install_shells() -> None:
    """Install the shells that the lease is tried with and a machine may not have."""
    if shutil.which("busybox") is None:
        environments.install_packages("busybox-static")


def install_java() -> None:
    """Install what ansible-rulebook judges rules with."""
    if shutil.which("java") is None:
        environments.install_packages("default-jre-headless")


def install_browser() -> None:
    """Install the browser that pages are tried in."""
    if shutil.which("chromium") is None:
        environments.install_packages("chromium")


def run_tests(
    report: Report,
    name: str,
    variables: Variables,
    *options: str,
    environment: environments.Environment | None = None,
    again: bool = False,
) -> None:
    """Run pytest with ``options``; ``again``: a few that fail run a second time."""
    tools = environment or environments.tools()
    memory = ("-o", f"addopts={_STRICT}", "-o", f"cache_dir={WORK / 'pytest-cache'}") if again else ()

    def once(results: pathlib.Path, *more: str) -> int:
        results.unlink(missing_ok=True)
        argv = [tools.program("pytest"), "-q", "--color=no", f"--junitxml={results}", *memory, *options, *more]
        return run(argv, cwd=TREE, env={**tools.variables, **variables})[0]

    with report.step(name) as step:
        results = WORK / f"junit-{name.rpartition(' ')[2]}.xml"
        code = once(results)
        step.count_junit(code, [results] if results.exists() else [])
        if again and code == _TESTS_FAILED and step.failed <= _MAY_RUN_AGAIN:
            note(f"{step.failed} failed: once more")
            second = results.with_name(f"again-{results.name}")
            step.count_again(once(second, "--last-failed", "--last-failed-no-failures=none"), second)


def _list_tests(folder: str, marker: str) -> None:
    tools = environments.tools()
    run([tools.program("pytest"), "-q", "--collect-only", "-m", marker, folder], cwd=TREE, env=tools.variables)


__all__ = ("LIVE", "LIVE_RESULTS", "install_browser", "install_java", "install_shells", "live", "run_tests", "units")
