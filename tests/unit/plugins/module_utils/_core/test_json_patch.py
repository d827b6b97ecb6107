# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import (
    PatchError,
    PatchTestFailed,
    apply_json_patch,
    apply_merge_patch,
    equal_json,
)

FOO: t.Any = {"foo": "bar"}
LIST: t.Any = {"foo": ["bar", "baz"]}


@pytest.mark.parametrize(
    ("document", "operations", "patched"),
    [
        pytest.param(FOO, [("add", "/baz", "qux")], {"baz": "qux", "foo": "bar"}, id="A.1 object member"),
        pytest.param(LIST, [("add", "/foo/1", "qux")], {"foo": ["bar", "qux", "baz"]}, id="A.2 array element"),
        pytest.param({"baz": "qux", **FOO}, [("remove", "/baz")], FOO, id="A.3 remove member"),
        pytest.param({"foo": ["bar", "qux", "baz"]}, [("remove", "/foo/1")], LIST, id="A.4 remove element"),
        pytest.param({"baz": "qux"}, [("replace", "/baz", "boo")], {"baz": "boo"}, id="A.5 replace"),
        pytest.param(
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [("move", "/foo/waldo", "/qux/thud")],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
            id="A.6 move",
        ),
        pytest.param(
            {"foo": ["all", "grass", "cows", "eat"]},
            [("move", "/foo/1", "/foo/3")],
            {"foo": ["all", "cows", "eat", "grass"]},
            id="A.7 move element",
        ),
        pytest.param(
            {"baz": "qux", "foo": ["a", 2, "c"]},
            [("test", "/baz", "qux"), ("test", "/foo/1", 2)],
            {"baz": "qux", "foo": ["a", 2, "c"]},
            id="A.8 test",
        ),
        pytest.param(FOO, [("add", "/child", {"g": {}})], {"foo": "bar", "child": {"g": {}}}, id="A.10 nested"),
        pytest.param({"/": 9, "~1": 10}, [("test", "/~01", 10)], {"/": 9, "~1": 10}, id="A.14 escapes"),
        pytest.param({"foo": ["bar"]}, [("add", "/foo/-", ["a"])], {"foo": ["bar", ["a"]]}, id="A.16 array value"),
        pytest.param(FOO, [("add", "/foo", "new")], {"foo": "new"}, id="4.1 add replaces a member"),
        pytest.param(FOO, [("add", "/foo", None)], {"foo": None}, id="4.1 null is a value"),
        pytest.param(FOO, [("replace", "", [1])], [1], id="4.3 the whole document"),
        pytest.param(
            {"a": {"b": 1}}, [("copy", "/a", "/c"), ("replace", "/c/b", 2)], {"a": {"b": 1}, "c": {"b": 2}}, id="4.5"
        ),
        pytest.param({"a": 1}, [("move", "/a", "/a")], {"a": 1}, id="4.4 move to where it is"),
        pytest.param(LIST, [("remove", "/foo/-1")], {"foo": ["bar"]}, id="Velero's library: from the end"),
        pytest.param(LIST, [("add", "/foo/-1", 1)], {"foo": ["bar", "baz", 1]}, id="Velero's library: at the end"),
        pytest.param({}, [("test", "/a", None)], {}, id="Velero's library: nothing is null"),
    ],
)
def test_json_patch(document: t.Any, operations: list[tuple[t.Any, ...]], patched: t.Any) -> None:
    """RFC 6902, appendix A and section 4."""
    before = copy.deepcopy(document)
    assert apply_json_patch(document, [to_operation(*operation) for operation in operations]) == patched
    assert document == before


def to_operation(kind: str, path: str, more: t.Any = None) -> dict[str, t.Any]:
    if kind in ("move", "copy"):
        return {"op": kind, "from": path, "path": more}
    return {"op": kind, "path": path} | ({} if kind == "remove" else {"value": more})


@pytest.mark.parametrize(
    ("document", "operation", "failed_test"),
    [
        pytest.param({"baz": "qux"}, ("test", "/baz", "bar"), True, id="A.9 test fails"),
        pytest.param(FOO, ("add", "/baz/bat", "qux"), False, id="A.12 nothing to add to"),
        pytest.param({"/": 9, "~1": 10}, ("test", "/~01", "10"), True, id="A.15 text is no number"),
        pytest.param({"a": 1}, ("test", "/a", True), True, id="4.6 true is no number"),
        pytest.param({}, ("test", "/a/b", 1), True, id="4.6 nothing to test"),
        pytest.param(FOO, ("remove", "/baz"), False, id="4.2 nothing to remove"),
        pytest.param(FOO, ("replace", "/baz", 1), False, id="4.3 nothing to replace"),
        pytest.param(LIST, ("replace", "/foo/-", 1), False, id="4.3 behind the end"),
        pytest.param(LIST, ("add", "/foo/3", 1), False, id="4.1 beyond the end"),
        pytest.param(LIST, ("add", "/foo/01", 1), False, id="RFC 6901: leading zero"),
        pytest.param(LIST, ("add", "/foo/x", 1), False, id="RFC 6901: no index"),
        pytest.param({"a": {"b": 1}}, ("move", "/a", "/a/b/c"), False, id="4.4 into itself"),
        pytest.param(FOO, ("copy", "/nothing", "/b"), False, id="4.5 nothing to copy"),
        pytest.param(FOO, ("add", "/foo/x", 1), False, id="a text has no members"),
        pytest.param(FOO, ("add", "foo", 1), False, id="RFC 6901: no slash"),
    ],
)
def test_patches_that_do_not_fit(document: t.Any, operation: tuple[t.Any, ...], failed_test: bool) -> None:
    before = copy.deepcopy(document)
    with pytest.raises(PatchError) as caught:
        apply_json_patch(document, [{"op": "add", "path": "/first", "value": 1}, to_operation(*operation)])
    assert isinstance(caught.value, PatchTestFailed) is failed_test
    assert document == before


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(target: t.Any, patch: t.Any, result: t.Any) -> None:
    """RFC 7386, appendix A, all rows in their order."""
    assert apply_merge_patch(target, patch) == result


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [(1, 1.0, True), (True, 1, False), ([True], [1], False), ({"a": [1]}, {"a": [1.0]}, True), ({"a": 1}, {}, False)],
)
def test_equality(left: t.Any, right: t.Any, equal: bool) -> None:
    """RFC 6902, 4.6."""
    assert equal_json(left, right) is equal


def nested(levels: int) -> t.Any:
    value: t.Any = {}
    for _level in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        pytest.param([("copy", "/spec", f"/spec/{at}") for at in range(60)], "more than 3 MiB", id="into itself"),
        pytest.param([("copy", "/spec", f"/metadata/{at}") for at in range(4000)], "more than 3 MiB", id="many"),
        pytest.param(
            [("add", "/spec/list", ["x" * 1000] * 1000)] * 50, "With 'add' to '/spec/list'", id="a large value, often"
        ),
        pytest.param(
            [("add", "/spec", nested(2)), *(("copy", "/spec", "/spec" + "/a" * 2**at) for at in range(12))],
            "nested more than 200 levels deep",
            id="twice as deep each time",
        ),
        pytest.param(
            [("add", "/f", nested(150)), ("add", "/g", nested(100)), ("move", "/f", "/g" + "/a" * 100)],
            "nested more than 200 levels deep",
            id="a deep value moved into another",
        ),
        pytest.param(
            [("add", "/g", nested(150)), ("add", "/g" + "/a" * 149, nested(100))],
            "nested more than 200 levels deep",
            id="a deep value added to another",
        ),
    ],
)
def test_a_patch_does_not_grow_out_of_hand(operations: list[tuple[t.Any, ...]], message: str) -> None:
    """kube-apiserver too limits what ``copy`` may add, to the size of a request (``AccumulatedCopySizeLimit``)."""
    document: t.Any = {"metadata": {}, "spec": {"text": "x" * 1000}}
    before = copy.deepcopy(document)
    with pytest.raises(PatchError, match=message):
        apply_json_patch(document, [to_operation(*operation) for operation in operations])
    assert document == before


def test_a_large_patch_that_an_api_server_takes() -> None:
    copies = [to_operation("copy", "/text", f"/data/{at}") for at in range(25)]
    patched = apply_json_patch({"text": "x" * 100_000, "data": {}}, copies)
    assert len(patched["data"]) == 25
