# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML of a tree: the same for the same object, and read back as what it was."""

from __future__ import annotations

import random
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.stable_yaml import to_yaml

#: What some reader takes for another type. Sources: YAML 1.1 types bool, int, float, merge and value; YAML 1.2 core
#: schema 10.3.2; go-yaml resolves 1e3, which PyYAML does not.
QUOTED = [
    "1e3", "0o17", "0x1f", "1_000", "1:30", "12", "-4", "+1", "1.5", ".5", "-.inf", ".nan", "y", "N", "yes", "No",
    "on", "Off", "true", "NULL", "~", "", "=", "<<", "2001-12-14", "0b11",
]  # fmt: skip


@pytest.mark.parametrize("text", QUOTED)
def test_what_may_be_taken_for_something_else_is_quoted(text: str) -> None:
    line = to_yaml({"a": text}).decode()
    assert line[3:4] in ("'", '"')
    assert yaml.safe_load(line) == {"a": text}


@pytest.mark.parametrize("text", ["shop", "web-0", "v1", "1.2.3.4", "10Mi", "a: b", "# no", "- a", "a\tb", "é", "\x07"])
def test_text_comes_back(text: str) -> None:
    assert yaml.safe_load(to_yaml({"a": text})) == {"a": text}


@pytest.mark.parametrize(
    ("text", "is_block"),
    [("a\nb\n", True), ("a\nb", True), ("a\n\nb\n", True), ("a \nb", False), (" a\nb", False), ("a\n\x00b", False)],
)
def test_lines_are_written_as_lines_where_that_is_safe(text: str, is_block: bool) -> None:
    written = to_yaml({"a": text})
    assert written.startswith(b"a: |") == is_block
    assert yaml.safe_load(written) == {"a": text}


def test_order_empties_and_no_aliases() -> None:
    shared = {"b": 1, "a": [3, 1, 2]}
    document = {"spec": {"z": shared, "y": shared, "emptyDir": {}, "none": []}, "kind": "X", "apiVersion": "v1"}
    text = to_yaml(document).decode()
    assert text == (
        'apiVersion: v1\nkind: X\nspec:\n  emptyDir: {}\n  none: []\n  "y":\n    a:\n      - 3\n      - 1\n      - 2\n'
        "    b: 1\n  z:\n    a:\n      - 3\n      - 1\n      - 2\n    b: 1\n"
    )


def test_long_lines_are_not_folded() -> None:
    text = "word " * 500 + "end"
    assert to_yaml({"a": text}).count(b"\n") == 1


def _value(chance: random.Random, depth: int) -> t.Any:
    kind = chance.randrange(7 if depth else 4)
    if kind == 0:
        return chance.choice([None, True, False, 0, -3, 10**20, 1.5, 1e300])
    if kind < 4:
        letters = "ab \n\t:#-'\"{}[]&*!|>%@`0123456789.eExX_éÿ☃\u2028\x85\x00\x1b"
        return "".join(chance.choice(letters) for _each in range(chance.randrange(12)))
    if kind < 6:
        return {str(_value(chance, 0)): _value(chance, depth - 1) for _each in range(chance.randrange(4))}
    return [_value(chance, depth - 1) for _each in range(chance.randrange(4))]


def test_whatever_it_is_it_comes_back() -> None:
    for seed in range(1500):
        value = {"data": _value(random.Random(seed), 4)}
        written = to_yaml(value)
        assert yaml.safe_load(written) == value, seed
        assert to_yaml(yaml.safe_load(written)) == written, seed


def test_what_is_nested_too_deeply_is_named() -> None:
    document: dict[str, t.Any] = {}
    for _level in range(2000):
        document = {"a": document}
    with pytest.raises(ValidationError, match="nested too deeply"):
        to_yaml(document)
