# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import (
    MAX_DEPTH,
    needed_memory,
    parse_bounded,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 1100, 100_000])
def test_too_deep(opening: bytes, depth: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    with pytest.raises(ValueError, match="nested"):
        parse_bounded(opening * depth + b"1" + closing * depth)


def test_as_deep_as_it_may_be() -> None:
    """The schema of a CustomResourceDefinition with 40 levels of objects has two levels of JSON for each."""
    assert parse_bounded(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)
    assert parse_bounded(b"[" + b"[]," * 100_000 + b"1]")


@pytest.mark.parametrize("member", [b"{},", b"[],", b'{"a":1},', b'"a",', b"0,"])
def test_what_would_take_too_much_memory_is_not_parsed(member: bytes) -> None:
    with pytest.raises(ValueError, match="MiB of memory"):
        parse_bounded(b"[" + member * (15_000_000 // len(member)) + b"0]")


def test_large_objects_of_real_clusters_pass() -> None:
    """A ConfigMap of 1 MiB, whatever is in it, and a Secret of 3 MiB, the most that the API server takes."""
    assert parse_bounded(b'{"data":{"a":"' + b"{},[:" * 210_000 + b'"}}')
    assert needed_memory(b'{"data":{"a":"' + b"QUJD" * 786_432 + b'"}}') < 10 << 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(
                f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
            ),
            "those of its aliases counted",
            id="a-billion-laughs",
        ),
        pytest.param("a: &a [*a]", "holds itself", id="cycle"),
        pytest.param("[" * 1000, "nested", id="deep"),
        pytest.param(
            "a: &a0 {x: 1}\n" + "".join(f"k{n}: &a{n + 1} [*a{n}]\n" for n in range(300)),
            "nested",
            id="deep-by-aliases",
        ),
        pytest.param("a: &a [" + "0, " * 2000 + "0]\nb: [" + "*a, " * 60 + "0]", "more than 100000 values", id="many"),
        pytest.param("a: 2001-13-45", "not valid YAML", id="no-date"),
        pytest.param(f"a: {'1' * 5000}", "not valid YAML", id="huge-number"),
    ],
)
def test_yaml_bombs(text: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read_yaml(text, source="the file x.yml")


def test_honest_aliases() -> None:
    assert read_yaml("a: &a {b: 1}\nc: [*a, *a]", source="x") == [{"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}]
