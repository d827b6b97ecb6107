# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hints name options that there are: every word in one that is written like an option is one, or is known."""

from __future__ import annotations

import ast
import importlib
import pathlib
import re
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.arkive.k8s.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("k8s_*.py"))

#: ``force: true``, ``name:`` and ``existing_resource_policy``.
_WITH_VALUE = re.compile(
    r"(?<![\w./'\"{-])([a-z][a-z0-9_]*): (?:true|false|warn|skip|update|absent|all|any|Continue)\b"
)
_WITH_UNDERSCORE = re.compile(r"(?<![\w./$<-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w/])")
#: What is no option: members of a JSON patch and of a selector, a program, a role of PostgreSQL, what
#: Ansible itself has, a variable.
_OTHERS = {
    *MODULES,
    "operation",
    "match_expressions",
    "match_labels",
    "no_log",
    # Of servers: settings, rights and functions.
    "innodb_flush_log_at_trx_commit",
    "server_log",
    "max_replication_slots",
    "max_slot_wal_keep_size",
    "pg_read_all_settings",
    "xfs_freeze",
    "ansible_python_interpreter",
    "credential_process",
    "snake_case",
}
#: Members of a result that a user gives back, of rules, and of entries of the option databases and their modes.
_RESULTS = {"lease_id", "max_lag", "plan_digest", "read_lock"}
#: Values of options.
_VALUES = {"roll_back"}


def options_of(spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> t.Iterator[str]:
    for name, option in spec.items():
        yield name
        yield from option.get("aliases") or ()
        yield from options_of(option.get("options") or {})


def all_options() -> set[str]:
    found: set[str] = set()
    for module in MODULES:
        found |= set(options_of(importlib.import_module(f"{PLUGINS}.modules.{module}").SPEC.options))
    return found


def texts_in(node: ast.AST) -> t.Iterator[str]:
    """The texts of an expression, what is put in left out."""
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def hints_in(tree: ast.AST) -> t.Iterator[str]:
    """What is given as ``hint``, kept in a name that says so, or made by a function that does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "hint":
            yield from texts_in(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = any("hint" in ast.unparse(target).lower() or ast.unparse(target) == "GO_ON" for target in targets)
            if named and node.value is not None:
                yield from texts_in(node.value)
        elif isinstance(node, ast.FunctionDef) and "hint" in node.name:
            for statement in node.body:
                yield from () if _is_docstring(statement) else texts_in(statement)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def all_hints() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), text)
        for path in sorted((ROOT / "plugins").rglob("*.py"))
        for text in hints_in(ast.parse(path.read_text()))
    ]


def words_of(text: str) -> set[str]:
    return {*_WITH_VALUE.findall(text), *_WITH_UNDERSCORE.findall(text)}


def test_every_option_that_a_hint_names_exists() -> None:
    hints = all_hints()
    assert len(hints) > 150
    known = all_options() | _OTHERS | _RESULTS | _VALUES
    unknown = {(path, word) for path, text in hints for word in words_of(text) if word not in known}
    assert unknown == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Set convert_api_versions: true to have it converted.", {"convert_api_versions"}),
        ("force: true restores beside it.", {"force"}),
        ("Give a longer terminating_timeout.", {"terminating_timeout"}),
        ("Set {}: true.", set()),
        ("Look at spec.versions and /proc/self_mounts.", set()),
    ],
)
def test_what_looks_like_an_option(text: str, words: set[str]) -> None:
    assert words_of(text) == words
