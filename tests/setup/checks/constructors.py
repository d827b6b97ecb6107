# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Constructors of engine classes take at most six arguments.

An engine class is one whose constructor is written out, or a dataclass that belongs to a run: its parent or one of its
fields is ``RunContext``, or a class that takes one, directly or through others. Any other dataclass is a record: it has
as many fields as Velero's document, the request or the result has members. So has an exception, whose arguments are
what it says.
"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import re
import typing as t

MOST = 6
_CONTEXT = "RunContext"
#: Annotations may be written as texts.
_WORD = re.compile(r"[A-Za-z_]\w*")
_ROOT = "plugins"
_PACKAGE = "ansible_collections.arkive.k8s."


@dataclasses.dataclass(frozen=True)
class _Class:
    """``arguments``: names of its constructor's, but for those of ``parents``; ``uses``: what these are, as classes."""

    where: str
    name: str
    arguments: tuple[str, ...]
    parents: tuple[str, ...]
    uses: frozenset[str]
    is_written_out: bool
    is_exception: bool


def check_constructors(root: pathlib.Path) -> list[str]:
    """What is wrong below ``root``, a sentence each."""
    found: dict[str, _Class] = {}
    for path in sorted((root / _ROOT).rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        found |= read_classes(ast.parse(path.read_text()), module, str(path.relative_to(root)))
    engines = _of_runs(found)
    return [
        f"{each.where}: {each.name} takes {len(arguments)} arguments ({', '.join(arguments)}); "
        f"an engine class takes at most {MOST}."
        for name, each in found.items()
        if not each.is_exception and (each.is_written_out or name in engines)
        if len(arguments := _all_arguments(each, found)) > MOST
    ]


def _all_arguments(each: _Class, found: t.Mapping[str, _Class]) -> list[str]:
    """Those of a dataclass begin with its parents'."""
    parents = () if each.is_written_out else (found[name] for name in each.parents if name in found)
    return [*(name for parent in parents for name in _all_arguments(parent, found)), *each.arguments]


def read_classes(tree: ast.Module, module: str, path: str) -> dict[str, _Class]:
    """The classes of one file, by module and name."""
    known = _imported(tree) | {
        node.name: f"{module}.{node.name}" for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    return {
        f"{module}.{node.name}": _read_class(node, known, f"{path}:{node.lineno}")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }


def _read_class(node: ast.ClassDef, known: t.Mapping[str, str], where: str) -> _Class:
    written = next((each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None)
    parents = [ast.unparse(base) for base in node.bases]
    if written is not None:
        given = [*written.args.posonlyargs, *written.args.args[1:], *written.args.kwonlyargs]
        arguments = [(each.arg, each.annotation) for each in given]
    elif any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        arguments = [
            (ast.unparse(each.target), each.annotation)
            for each in node.body
            if isinstance(each, ast.AnnAssign) and "init=False" not in ast.unparse(each)
        ]
    else:
        arguments = []
    expressions = [*node.bases, *(annotation for _name, annotation in arguments if annotation is not None)]
    return _Class(
        where=where,
        name=node.name,
        arguments=tuple(name for name, _annotation in arguments),
        parents=tuple(known[name] for base in node.bases for name in _names(base) if name in known),
        uses=frozenset(known[name] for each in expressions for name in _names(each) if name in known),
        is_written_out=written is not None,
        is_exception=any(parent.endswith(("Error", "Exception")) for parent in parents),
    )


def _names(expression: ast.expr) -> t.Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _WORD.findall(node.value)


def _imported(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: f"{node.module.removeprefix(_PACKAGE)}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _of_runs(found: t.Mapping[str, _Class]) -> set[str]:
    """The classes that take a run's context, directly or through others."""
    engines = {name for name, each in found.items() if each.name == _CONTEXT}
    while True:
        more = {name for name, each in found.items() if name not in engines and each.uses & engines}
        if not more:
            return engines
        engines |= more


__all__ = ("MOST", "check_constructors", "read_classes")
