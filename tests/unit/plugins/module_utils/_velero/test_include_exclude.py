# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Include and exclude lists: docs/compatibility 3.4, 10.2."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    IncludeExclude,
    is_excluded_by_label,
    list_errors,
)


@pytest.mark.parametrize(
    ("includes", "excludes", "name", "accepted"),
    [
        pytest.param([], [], "a", True, id="no-filters"),
        pytest.param(["*"], [], "a", True, id="star"),
        pytest.param(["a"], [], "a", True, id="included"),
        pytest.param(["a"], [], "b", False, id="not-included"),
        pytest.param([], ["a"], "a", False, id="excluded"),
        pytest.param([], ["a"], "b", True, id="not-excluded"),
        pytest.param(["*"], ["a"], "a", False, id="excludes-win-over-star"),
        pytest.param(["a"], ["a"], "a", False, id="excludes-win"),
        pytest.param(["*", "b"], [], "a", True, id="wildcard-plus-specific-is-wildcard"),
        pytest.param(["app-*"], [], "app-1", True, id="glob"),
        pytest.param(["app-*"], ["app-1"], "app-1", False, id="glob-and-exclude"),
        pytest.param(["*.apps"], [], "deployments.apps", True, id="glob-crosses-dots"),
        pytest.param([""], [], "a", False, id="empty-string-is-nothing"),
        pytest.param(["[a"], [], "[a", False, id="uncompilable-never-matches"),
    ],
)
def test_accepts(includes: list[str], excludes: list[str], name: str, accepted: bool) -> None:
    assert IncludeExclude(tuple(includes), tuple(excludes)).accepts(name) is accepted


@pytest.mark.parametrize(
    ("includes", "excludes", "is_everything", "lists_all"),
    [
        pytest.param([], [], True, True, id="empty"),
        pytest.param(["*"], [], True, True, id="star"),
        pytest.param(["*"], ["a"], False, True, id="star-with-excludes"),
        pytest.param([], ["a"], False, True, id="excludes-only"),
        pytest.param(["a"], [], False, False, id="names"),
        pytest.param(["app-*"], [], False, False, id="a-glob-is-no-literal-star"),
    ],
)
def test_everything(includes: list[str], excludes: list[str], is_everything: bool, lists_all: bool) -> None:
    found = IncludeExclude(tuple(includes), tuple(excludes))
    assert (found.is_everything, found.lists_all) == (is_everything, lists_all)


@pytest.mark.parametrize(
    ("labels", "excluded"),
    [("true", True), ("false", False), ("True", False), ("", False), ("1", False), (None, False)],
)
def test_the_exclude_label(labels: str | None, excluded: bool) -> None:
    obj = {"metadata": {"labels": {"velero.io/exclude-from-backup": labels} if labels is not None else None}}
    assert is_excluded_by_label(obj) is excluded
    assert not is_excluded_by_label({})


@pytest.mark.parametrize(
    ("includes", "excludes", "errors"),
    [
        pytest.param([], [], [], id="empty"),
        pytest.param(["*"], ["a"], [], id="star-alone"),
        pytest.param(["", "a"], [""], ["excludes list cannot contain an item in the includes list: "], id="empty-item"),
        pytest.param(
            ["*", "a"],
            [],
            ["includes list must either contain '*' only, or a non-empty list of items"],
            id="star-not-alone",
        ),
        pytest.param([], ["*"], ["excludes list cannot contain '*'"], id="star-excluded"),
        pytest.param(["a", "b"], ["b"], ["excludes list cannot contain an item in the includes list: b"], id="in-both"),
    ],
)
def test_list_errors(includes: list[str], excludes: list[str], errors: list[str]) -> None:
    assert list_errors("namespace", includes, excludes) == [
        f"Invalid included/excluded namespace lists: {text}" for text in errors
    ]


@pytest.mark.parametrize(
    ("includes", "excludes", "errors"),
    [
        pytest.param([], ["*"], [], id="star-alone-excluded"),
        pytest.param(["*"], ["a"], [], id="star-included"),
        pytest.param(
            ["a"], ["*"], ["when excludes is '*', includes cannot have any value"], id="star-excluded-with-includes"
        ),
        pytest.param(["*"], ["*"], ["when excludes is '*', includes cannot have any value"], id="star-in-both"),
        pytest.param(
            [],
            ["*", "a"],
            ["excludes list must either contain '*' only, or a non-empty list of items"],
            id="star-not-alone",
        ),
        pytest.param(["a"], ["a"], ["excludes list cannot contain an item in the includes list: a"], id="in-both"),
    ],
)
def test_errors_of_scoped_lists(includes: list[str], excludes: list[str], errors: list[str]) -> None:
    assert list_errors("x", includes, excludes, may_exclude_all=True) == [
        f"Invalid included/excluded x lists: {text}" for text in errors
    ]
