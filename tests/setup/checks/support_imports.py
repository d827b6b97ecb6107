# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files below ``tests/`` import from one another points one way, as it does in the collection.

Import Linter sees packages only; what tests share is imported by its bare name as well, from the folders that pytest
and the programs of ``make`` put into the path.
"""

from __future__ import annotations

import ast
import graphlib
import pathlib
import tomllib
import typing as t

_COLLECTION = "ansible_collections.arkive.k8s"
_UNITS = pathlib.PurePath("tests/unit/plugins/module_utils")
_LIVE = pathlib.PurePath("tests/integration/live")

#: The folders of ``tests/``, and whose support each may use beside its own. A test may use the support of any.
_MAY_USE = {
    "bench": set[str](),
    "cluster": set[str](),
    "demo": set[str](),
    "golden": set[str](),
    "setup": set[str](),
    "unit": {"cluster", "setup"},
    "integration": {"cluster", "unit"},
    "soak": {"cluster", "integration", "unit"},
}

#: Where the programs of ``make`` look for what they import.
_PROGRAMS = ("bench", "cluster", "setup", "soak")


def check_support_imports(root: pathlib.Path) -> list[str]:
    """What is wrong in the copied tree, a sentence each."""
    imports, order = _imports(root), _order(root)
    wrong = [
        f"{file} imports {other}: {why}"
        for file, others in imports.items()
        for other in sorted(others)
        if (why := _why_not(file, other, order))
    ]
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as exc:
        wrong.append(f"A circle of files: {' imports '.join(map(str, reversed(exc.args[1])))}.")
    return wrong


def _why_not(file: pathlib.PurePath, other: pathlib.PurePath, order: t.Mapping[str, int]) -> str:
    """Why one may not import the other; empty when it may."""
    if _is_test(other):
        return "what tests share is in a file that is no test."
    if _is_test(file):
        return ""
    if other.name == "conftest.py":
        return "it has fixtures, for pytest to find; what others use as well is in a file of its own."
    area, used = file.parts[1], other.parts[1]
    if area != used:
        return "" if used in _MAY_USE.get(area, ()) else f"support of {area} does not use that of {used}."
    if order.get(_room(file), 0) < order.get(_room(other), 0):
        return "the room that it is for is above its own."
    return ""


def _is_test(file: pathlib.PurePath) -> bool:
    return file.name.startswith("test_")


def _room(file: pathlib.PurePath) -> str:
    """The room of the collection that a unit test's support is for; empty for any other file."""
    return file.relative_to(_UNITS).parts[0] if file.is_relative_to(_UNITS) else ""


def _order(root: pathlib.Path) -> dict[str, int]:
    """How high each room of ``module_utils`` is, by the contract that the rooms themselves keep."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(found["layers"] for found in contracts if found["name"].startswith("Rooms import from below only"))
    return {
        room.strip(" ()").removeprefix("module_utils."): height
        for height, layer in enumerate(reversed(layers), start=1)
        for room in layer.split("|")
    }


def _imports(root: pathlib.Path) -> dict[pathlib.PurePath, set[pathlib.PurePath]]:
    """The files below ``tests/`` that each of them imports."""
    files = {pathlib.PurePath(file.relative_to(root)): file for file in sorted((root / "tests").rglob("*.py"))}
    by_name: dict[str, list[pathlib.PurePath]] = {}
    for file in files:
        by_name.setdefault(file.stem, []).append(file)
    return {
        file: {
            found
            for name in _names(path.read_text())
            if (found := _find(name, file, by_name.get(name.rpartition(".")[2], ()))) and found != file
        }
        for file, path in files.items()
    }


def _names(text: str) -> t.Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _find(name: str, file: pathlib.PurePath, known: t.Sequence[pathlib.PurePath]) -> pathlib.PurePath | None:
    """The file that a module's name means in ``file``, of those ``known`` by that name; None if it is none of them."""
    if not known:
        return None
    if name.startswith(f"{_COLLECTION}.tests."):
        folders, name = [pathlib.PurePath()], name.removeprefix(f"{_COLLECTION}.")
    else:
        programs = sorted(_PROGRAMS, key=lambda program: program not in file.parts)
        folders = [*file.parents, *(pathlib.PurePath("tests", program) for program in programs)]
        folders += [found.parent for found in known if found.is_relative_to(_LIVE)]
    path = pathlib.PurePath(*name.split(".")).with_suffix(".py")
    return next((folder / path for folder in folders if folder / path in known), None)


__all__ = ("check_support_imports",)
