# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Style, types, import rules, documentation and changelog."""

from __future__ import annotations

import pathlib
import typing as t

from checks import environments
from checks.citations import check_citations
from checks.console import note, run
from checks.constructors import check_constructors
from checks.docs import build_docs
from checks.galaxy import check_importer
from checks.golden import check_golden
from checks.module_docstrings import check_docstrings
from checks.named_paths import check_paths
from checks.paths import TREE
from checks.pipelines import check_pipelines
from checks.report import Report
from checks.support_imports import check_support_imports

#: Name, and command in the copied tree. The cheap ones come first.
_CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff check", ("ruff", "check", "--quiet", ".")),
    ("ruff format", ("ruff", "format", "--quiet", "--check", ".")),
    ("mypy, collection", ("mypy", "-p", "ansible_collections.arkive.k8s.plugins")),
    ("mypy, tests", ("mypy", "tests/setup/run.py", "tests/setup/get_pip.py", "tests/cluster/lab.py")),
    ("mypy, benchmarks", ("mypy", "-p", "benches")),
    ("mypy, campaigns", ("mypy", "-p", "campaigns")),
    ("import rules", ("lint-imports", "--config", "pyproject.toml", "--no-logo")),
    ("yamllint", ("yamllint", "--strict", ".")),
    ("changelog", ("antsibull-changelog", "lint")),
    (
        "documentation",
        (
            "antsibull-docs",
            "lint-collection-docs",
            "--plugin-docs",
            "--validate-collection-refs=all",
            "--skip-rstcheck",
            ".",
        ),
    ),
    ("ansible-lint", ("ansible-lint", "--offline", "--profile", "production", "--strict", "-q")),
)

#: Name, and what says all that is wrong in the copied tree.
_OWN_CHECKS: tuple[tuple[str, t.Callable[[pathlib.Path], list[str]]], ...] = (
    ("citations", check_citations),
    ("named paths", check_paths),
    ("constructors", check_constructors),
    ("module docstrings", check_docstrings),
    ("imports of tests", check_support_imports),
    ("golden tests are current", check_golden),
    ("pipelines", check_pipelines),
    ("galaxy-importer", check_importer),
)


def lint(report: Report) -> None:
    """Run every tool, whatever the others found."""
    for name, check in _OWN_CHECKS:
        with report.step(f"lint: {name}") as step:
            problems = check(TREE)
            for problem in problems:
                note(problem)
            step.count(not problems)
    tools = environments.tools()
    variables = tools.variables
    for name, (program, *options) in _CHECKS:
        with report.step(f"lint: {name}") as step:
            code, _printed = run([tools.program(program), *options], cwd=TREE, env=variables)
            step.count(code == 0)
    with report.step("lint: pages of the documentation") as step:
        step.count(build_docs())


__all__ = ("lint",)
