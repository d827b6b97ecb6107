# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespace wildcards: docs/compatibility 3.5."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import (
    ExpandedNamespaces,
    expand_namespaces,
    namespace_pattern_errors,
    resolve_namespaces,
)

EXISTING = ("default", "kube-system", "shop", "shop-1", "shop-2", "shop-test")


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        *((name, True) for name in ("a", "*", "app-*", "a?", "a[abc]", "a[a-z]", "", "*-[0-9]")),
        *(
            (name, False)
            for name in ("a|b", "a(b)", "!a", "a[!b]", "{a,b}", "a,b", "a**", "a[]", "a[b", "a]", "a[z-a]")
        ),
    ],
)
def test_namespace_patterns(name: str, valid: bool) -> None:
    assert (namespace_pattern_errors([name]) == []) is valid


@pytest.mark.parametrize(
    ("includes", "excludes", "expected_includes", "expected_excludes"),
    [
        pytest.param([], [], [], [], id="nothing-given"),
        pytest.param(["shop", "gone"], ["x"], ["shop", "gone"], ["x"], id="literals-are-kept"),
        pytest.param(["shop-*"], [], ["shop-1", "shop-2", "shop-test"], [], id="star"),
        pytest.param(["shop-?"], [], ["shop-1", "shop-2"], [], id="question-mark"),
        pytest.param(["shop-[13]"], [], ["shop-1"], [], id="set"),
        pytest.param(["shop-[0-9]"], [], ["shop-1", "shop-2"], [], id="range"),
        pytest.param(["shop*", "gone"], [], ["shop", "shop-1", "shop-2", "shop-test", "gone"], [], id="beside-literal"),
        pytest.param(["shop-*", "shop-1"], [], ["shop-1", "shop-2", "shop-test"], [], id="once"),
        pytest.param(["shop-*"], ["*-test"], ["shop-1", "shop-2"], ["shop-test"], id="both"),
        pytest.param(["shop", "shop-1"], ["*-1"], ["shop"], ["shop-1"], id="only-excludes-have-a-pattern"),
        pytest.param(["*"], ["kube-*"], ["*"], ["kube-*"], id="no-expansion-where-all-are-included"),
        pytest.param([], ["kube-*"], [], ["kube-*"], id="empty-includes-are-all"),
        pytest.param(["*", "shop-*"], [], ["*", "shop-*"], [], id="star-beside-a-pattern"),
    ],
)
def test_expansion(
    includes: list[str], excludes: list[str], expected_includes: list[str], expected_excludes: list[str]
) -> None:
    found = expand_namespaces(includes, excludes, EXISTING)
    assert found == ExpandedNamespaces(tuple(expected_includes), tuple(expected_excludes), False)


@pytest.mark.parametrize(
    ("includes", "excludes"), [(["none-*"], []), (["shop-*"], ["shop-*"]), (["shop-1"], ["shop-?"])]
)
def test_a_pattern_that_fits_nothing_is_never_everything(includes: list[str], excludes: list[str]) -> None:
    found = expand_namespaces(includes, excludes, EXISTING)
    assert found.matched_nothing
    assert not found.filter.is_everything
    assert not found.filter.lists_all
    assert not any(found.filter.accepts(name) for name in EXISTING)


def objects(*labelled: str) -> dict[str, dict[str, t.Any]]:
    label = {"velero.io/exclude-from-backup": "true"}
    return {name: {"metadata": {"name": name, "labels": label if name in labelled else {}}} for name in EXISTING}


@pytest.mark.parametrize(
    ("includes", "excludes", "labelled", "accepted", "everything"),
    [
        pytest.param([], [], (), list(EXISTING), True, id="no-label"),
        pytest.param([], [], ("shop",), [name for name in EXISTING if name != "shop"], False, id="not-everything"),
        pytest.param(["*"], [], ("shop",), [name for name in EXISTING if name != "shop"], False, id="star"),
        pytest.param(["shop-*"], [], ("shop-1",), ["shop-2", "shop-test"], False, id="fits-a-pattern"),
        pytest.param(["shop"], ["shop-1"], ("shop-1",), ["shop"], False, id="excluded-twice"),
    ],
)
def test_namespaces_with_the_exclude_label(  # docs/compatibility 3.2
    includes: list[str], excludes: list[str], labelled: tuple[str, ...], accepted: list[str], everything: bool
) -> None:
    found = resolve_namespaces(includes, excludes, objects(*labelled))
    assert [name for name in EXISTING if found.filter.accepts(name)] == accepted
    assert found.filter.is_everything is everything
    assert len(found.excludes) == len(set(found.excludes))


def test_one_that_is_included_by_its_name(  # docs/compatibility 3.3
) -> None:
    with pytest.raises(ValidationError, match="Namespace shop is included, and excluded by its label") as caught:
        resolve_namespaces(["shop", "default"], [], objects("shop"))
    assert caught.value.details["phase"] == "FailedValidation"
