# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file's docstring stands first, with nothing but the licence above it, so that people and tools see what it is for.

Ansible's modules have their ``DOCUMENTATION`` in its place.
"""

from __future__ import annotations

import ast
import pathlib

_HEADERS = ("# Copyright", "# GNU General Public License", "# SPDX-License-Identifier", "#!")
_ROOT = "plugins"
_MODULES = "modules"


def check_docstrings(root: pathlib.Path) -> list[str]:
    """What is wrong below ``root``, a sentence each."""
    return [
        f"{path.relative_to(root)}: {problem}"
        for path in sorted((root / _ROOT).rglob("*.py"))
        if path.parent != root / _ROOT / _MODULES and (problem := problem_of(path.read_text()))
    ]


def problem_of(text: str) -> str:
    """What is wrong with one file; empty when nothing is."""
    tree = ast.parse(text)
    if ast.get_docstring(tree) is None:
        return "it does not begin with a docstring."
    above = [line for line in text.splitlines()[: tree.body[0].lineno - 1] if line and not line.startswith(_HEADERS)]
    return f"'{above[0]}' stands above the docstring." if above else ""


__all__ = ("check_docstrings", "problem_of")
