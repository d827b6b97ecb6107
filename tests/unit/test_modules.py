# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules are thin, and all of them are in the action group."""

from __future__ import annotations

import ast
import importlib
import pathlib

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

MODULES = sorted((ROOT / "plugins" / "modules").glob("k8s_*.py"))

MOST_LINES = 120


def code_lines(path: pathlib.Path) -> int:
    """The lines after ``RETURN`` that are neither blank nor comments."""
    source = path.read_text()
    assignments = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    ends = [node.end_lineno for node in assignments if ast.unparse(node.targets[0]) == "RETURN"]
    code = [line.strip() for line in source.splitlines()[ends[0] :]]
    return sum(1 for line in code if line and not line.startswith("#"))


def test_modules_are_thin() -> None:
    too_long = {path.name: lines for path in MODULES if (lines := code_lines(path)) > MOST_LINES}
    assert too_long == {}


def test_all_modules_are_in_the_action_group() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert runtime["action_groups"]["backup"] == [path.stem for path in MODULES]


@pytest.mark.parametrize("module", [path.stem for path in MODULES])
def test_defaults_of_the_action_group_are_refused_by_no_module(module: str) -> None:
    """Ansible gives them to all of its modules, and a module refuses what it does not know."""
    spec = importlib.import_module(f"ansible_collections.arkive.k8s.plugins.modules.{module}").SPEC
    assert {"kubeconfig", "context", "storage_location", "repository_password", "mover"} <= set(spec.options)
    assert spec.options["repository_password"]["no_log"] is True
    assert not any(spec.options[name].get("required") for name in ("repository_password", "mover"))
