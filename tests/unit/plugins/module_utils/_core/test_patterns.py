# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import warnings

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import compile_glob, matches_glob

# Velero 1.18 compiles include and exclude lists with gobwas/glob, without separators (docs/compatibility 3.4).


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        pytest.param("*", "", True, id="star-takes-nothing"),
        pytest.param("*", "deployments.apps", True, id="star-crosses-dots"),
        pytest.param("app-*", "app-1", True, id="B13"),
        pytest.param("app-*", "app-", True, id="star-may-be-empty"),
        pytest.param("app-*", "my-app-1", False, id="the-whole-value"),
        pytest.param("**", "a.b", True, id="super"),
        pytest.param("a**b", "axyzb", True, id="super-inside"),
        pytest.param("*.apps", "deployments.apps", True, id="group"),
        pytest.param("ns-?", "ns-1", True, id="one"),
        pytest.param("ns-?", "ns-", False, id="one-is-needed"),
        pytest.param("ns-?", "ns-12", False, id="only-one"),
        pytest.param("ns-[ab]", "ns-a", True, id="list"),
        pytest.param("ns-[ab]", "ns-c", False, id="not-in-list"),
        pytest.param("ns-[!ab]", "ns-c", True, id="negated-list"),
        pytest.param("ns-[!ab]", "ns-a", False, id="negated-list-no"),
        pytest.param("ns-[a-c]", "ns-b", True, id="range"),
        pytest.param("ns-[a-c]", "ns-d", False, id="out-of-range"),
        pytest.param("ns-[!a-c]", "ns-d", True, id="negated-range"),
        pytest.param("ns-[^a]", "ns-^", True, id="a-caret-does-not-negate"),
        pytest.param("ns-[^a]", "ns-b", False, id="a-caret-is-a-character"),
        pytest.param("ns-[abc-z]", "ns-x", False, id="a-dash-behind-a-list-is-a-character"),
        pytest.param("ns-[abc-z]", "ns--", True, id="a-dash-in-a-list"),
        pytest.param("[[]x", "[x", True, id="bracket-in-list"),
        pytest.param("[\\]]", "]", True, id="escaped-bracket-in-list"),
        pytest.param("[a&&b]", "&", True, id="no-set-operations"),
        pytest.param("{web,db}", "db", True, id="alternatives"),
        pytest.param("{web,db}-*", "db-1", True, id="alternatives-and-star"),
        pytest.param("{web,db}", "web,db", False, id="not-the-text"),
        pytest.param("{a{b,c},d}", "ac", True, id="nested"),
        pytest.param("a,b", "a,b", True, id="comma-outside-braces"),
        pytest.param("a}", "a}", True, id="closing-brace-alone"),
        pytest.param("\\*", "*", True, id="escaped-star"),
        pytest.param("\\*", "x", False, id="escaped-star-only"),
        pytest.param("a.b", "axb", False, id="a-dot-is-a-dot"),
        pytest.param("a+", "aa", False, id="plus-is-plus"),
        pytest.param("^a$", "a", False, id="no-anchors"),
        pytest.param("*", "two\nlines", True, id="newline"),
        pytest.param("pods", "Pods", False, id="case"),
        pytest.param("", "", True, id="empty"),
        pytest.param("", "default", False, id="spec-3.4-empty-means-nothing"),
    ],
)
def test_matches_glob(pattern: str, value: str, fits: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert matches_glob(pattern, value) is fits


@pytest.mark.parametrize(
    "pattern",
    ["ns-[", "ns-[]", "ns-[!]", "ns-[ab", "ns-[c-a]", "ns-[a-zA-Z]", "ns-[a-", "ns-[a-]", "{a,b", "x\\"],
)
def test_what_does_not_compile_never_matches(pattern: str) -> None:
    assert compile_glob(pattern) is None
    assert not matches_glob(pattern, pattern)
