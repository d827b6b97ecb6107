# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, OneOf, Shape, find_misfit, readable


@pytest.mark.parametrize(
    ("value", "shape", "found"),
    [
        pytest.param({"a": "b"}, {"a": str}, "", id="fits"),
        pytest.param({}, {"a": str}, "", id="absent"),
        pytest.param({"a": None}, {"a": str}, "", id="null is absent"),
        pytest.param({"a": 1}, {"a": str}, "a is not text", id="type"),
        pytest.param({"a": True}, {"a": int}, "a is not a whole number", id="no boolean"),
        pytest.param([], {"a": str}, "it is not a mapping", id="no mapping"),
        pytest.param({"a": {"b": "c"}}, {"a": MapOf(str)}, "", id="map"),
        pytest.param({"a": {"b": 1}}, {"a": MapOf(str)}, "a.b is not text", id="map of another type"),
        pytest.param({"a": {"b": None}}, {"a": MapOf(str)}, "a.b is null", id="map with null"),
        pytest.param({"a": {1: "b"}}, {"a": MapOf(str)}, "a has a name that is not text", id="YAML's number as a name"),
        pytest.param({"a": {"\x1b": 1}}, {"a": MapOf(str)}, r"a.\x1b is not text", id="readable"),
        pytest.param({"a": ["b"]}, {"a": [str]}, "", id="list"),
        pytest.param({"a": ["b", None]}, {"a": [str]}, "a[1] is null", id="list with null"),
        pytest.param({"a": [{"b": "c"}, {"b": []}]}, {"a": [{"b": str}]}, "a[1].b is not text", id="nested"),
        pytest.param({"a": "b"}, {"a": [str]}, "a is not a list", id="no list"),
        pytest.param({"a": 1.5}, {"a": OneOf((int, float))}, "", id="one of"),
        pytest.param({"a": "1"}, {"a": OneOf((int, float))}, "a is not a whole number or a number", id="none of"),
    ],
)
def test_find_misfit(value: t.Any, shape: Shape, found: str) -> None:
    assert find_misfit(value, shape) == found


def test_readable() -> None:
    assert readable("a/b c") == "a/b c"
    assert readable("\x1b[31m\n\udcff") == r"\x1b[31m\n\udcff"
    assert len(readable("x" * 10_000)) < 200
