# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector

# Texts are those that kubectl's -l takes, mappings are metav1.LabelSelector.


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        pytest.param("app=web", {"matchLabels": {"app": "web"}}, id="equal"),
        pytest.param("app==web", {"matchLabels": {"app": "web"}}, id="double-equal"),
        pytest.param("app = web", {"matchLabels": {"app": "web"}}, id="blanks"),
        pytest.param("app=", {"matchLabels": {"app": ""}}, id="empty-value"),
        pytest.param("a=1,b=2", {"matchLabels": {"a": "1", "b": "2"}}, id="two"),
        pytest.param(
            "app.kubernetes.io/name=web", {"matchLabels": {"app.kubernetes.io/name": "web"}}, id="key-with-prefix"
        ),
        pytest.param("app!=web", [("app", "NotIn", ["web"])], id="not-equal"),
        pytest.param("env in (a,b)", [("env", "In", ["a", "b"])], id="in"),
        pytest.param("env in ( a , b )", [("env", "In", ["a", "b"])], id="in-with-blanks"),
        pytest.param("env notin (a)", [("env", "NotIn", ["a"])], id="notin"),
        pytest.param("env in (a)", {"matchLabels": {"env": "a"}}, id="in-one-is-equal"),
        pytest.param("app", [("app", "Exists", None)], id="exists"),
        pytest.param("!app", [("app", "DoesNotExist", None)], id="absent"),
        pytest.param("", {}, id="empty"),
    ],
)
def test_text(text: str, selector: t.Any) -> None:
    if isinstance(selector, list):
        terms = [{"key": k, "operator": o} | ({"values": v} if v else {}) for k, o, v in selector]
        selector = {"matchExpressions": terms}
    parsed = LabelSelector.from_text(text)
    assert parsed.to_dict() == selector
    # What goes to the API, and what goes into the stored spec, mean the same.
    assert LabelSelector.from_text(parsed.to_text()) == parsed
    assert LabelSelector.from_dict(parsed.to_dict()) == parsed


@pytest.mark.parametrize(
    "text", ["a>1", "a<1", "a in (b", "a in b", "=web", "a b", "a=b=c", "a=b c", "a in (b c)", "-a", "a=$x", "a(b)"]
)
def test_a_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a term of a label selector"):
        LabelSelector.from_text(text)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        pytest.param({"app": "web"}, "has no field 'app'", id="bare-labels"),
        pytest.param({"matchLabels": {"on": True}}, "value for 'on' is not text: True", id="yaml-bool"),
        pytest.param({"matchLabels": {"on": None}}, "value for 'on' is not text: None", id="null"),
        pytest.param({"matchExpressions": [{"key": "a"}]}, "needs a key and an operator", id="no-operator"),
        pytest.param({"matchExpressions": [{"operator": "Exists"}]}, "needs a key and an operator", id="no-key"),
        # docs/compatibility B12
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "Gt"}]}, "needs a key and an operator", id="unknown"
        ),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "In"}]}, "needs values", id="in-without-values"),
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}, "takes no values", id="exists"
        ),
    ],
)
def test_a_mapping_that_is_none_is_refused(selector: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LabelSelector.from_dict(selector)


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        pytest.param("", {}, True, id="empty-matches-all"),
        pytest.param("", None, True, id="no-labels"),
        pytest.param("app=web", {"app": "web"}, True, id="equal"),
        pytest.param("app=web", {"app": "db"}, False, id="other-value"),
        pytest.param("app=web", {}, False, id="absent"),
        pytest.param("app!=web", {}, True, id="not-equal-is-true-when-absent"),
        pytest.param("app!=web", {"app": "web"}, False, id="not-equal"),
        pytest.param("app notin (web)", {}, True, id="notin-is-true-when-absent"),
        pytest.param("app in (a,b)", {"app": "b"}, True, id="in"),
        pytest.param("app", {"app": ""}, True, id="exists"),
        pytest.param("!app", {"app": ""}, False, id="does-not-exist"),
        pytest.param("app=web,tier=x", {"app": "web"}, False, id="all-must-hold"),
        pytest.param("app in (a),app in (b)", {"app": "a"}, False, id="twice-the-same-key"),
    ],
)
def test_matches(text: str, labels: dict[str, str] | None, matches: bool) -> None:
    assert LabelSelector.parse(text).matches(labels) is matches


def test_one_key_twice_keeps_both_terms() -> None:
    parsed = LabelSelector.from_text("app=a,app=b")
    assert LabelSelector.from_dict(parsed.to_dict()).matches({"app": "a"}) is False
