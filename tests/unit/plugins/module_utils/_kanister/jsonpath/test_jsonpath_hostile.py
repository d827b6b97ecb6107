# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSONPaths that would take for ever, or all memory: each ends with a sentence, by a budget that is counted."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.budget import Budget
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import JsonPathError, TooMuchError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.jsonpath import render_jsonpath

_SECONDS = 10.0


def chain(depth: int, wide: int = 1) -> t.Any:
    """Mappings within each other; each level of a name that is there again below it."""
    value: t.Any = {"leaf": "x"}
    for _level in range(depth):
        value = {"a": value} | {f"b{number}": value for number in range(wide - 1)}
    return value


def threefold(depth: int) -> t.Any:
    """A list of three lists of three lists, though each is there once only."""
    value: t.Any = []
    for _level in range(depth):
        value = [value] * 3
    return value


WIDE = {"items": [{"n": {"m": list(range(20))}} for _each in range(200)]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("{..a}" * 2000, chain(150), id="descents-one-after-the-other"),
        pytest.param("{..a..a..a..a..a..a..a..a}", chain(60), id="exponential-descent"),
        pytest.param("{..*..*..*..*..*..*}", chain(12, 3), id="exponential-wildcards"),
        pytest.param("{" + "..[*]" * 50 + "}", [[[[[[[[1, 2, 3]] * 9]] * 9]] * 9]], id="descent-into-lists"),
        pytest.param("{range @[*]}" * 20 + "x", threefold(20), id="ranges-of-ranges"),
        pytest.param("{range ..m[*]}" + "{range ..}" * 30 + "x", WIDE, id="many-ranges"),
        pytest.param("{range @}" * 49 + "{..}" * 1000, WIDE, id="work-in-ranges"),
        pytest.param("{range @}" * 500, WIDE, id="deep-ranges"),
        pytest.param("{.items}" * 5000, WIDE, id="output"),
        pytest.param("{" + "[*,*,*,*,*,*,*,*]" * 9 + "}", [[[[[[[[[1]]]]]]]]], id="unions"),
        pytest.param("{" + "." * 100_000 + "}", {}, id="long"),
        pytest.param("{.leaf" + "a" * 70_000 + "}", {}, id="long-name"),
        pytest.param("{@}", chain(2000), id="deep-object"),
        pytest.param("{.x[?(@..a==1)]}", {"x": [chain(150)] * 20_000}, id="descent-in-filters"),
    ],
)  # fmt: skip
def test_ends_with_a_sentence(text: str, value: t.Any) -> None:
    begin = time.process_time()
    with pytest.raises(JsonPathError) as raised:
        render_jsonpath(text, value, allow_missing=True)
    assert time.process_time() - begin < _SECONDS
    assert raised.value.message.endswith(".")
    assert len(raised.value.message) < 500


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("{[" * 20_000, [], id="open-arrays"),
        pytest.param("{[?(" * 16_000, [], id="open-filters"),
        pytest.param("{'" + "\\'" * 30_000, [], id="open-quotes"),
        pytest.param("{['" + "a" * 60_000 + "']}", {}, id="key"),
        pytest.param("{" + "9" * 60_000 + "}", {}, id="digits"),
        pytest.param("{[?(" + "<" * 60_000 + ")]}", [1], id="operators"),
        pytest.param("{[?(a" + "=" * 60_000 + "1)]}", [{}], id="operator"),
        pytest.param("\x00{\x00}", {}, id="control-characters"),
        pytest.param("{\ud800}", {}, id="half-a-pair"),
        pytest.param("{[" + "0" * 60_000 + "]}", [], id="zeros"),
    ],
)
def test_text_that_is_no_path_is_refused_soon(text: str, value: t.Any) -> None:
    begin = time.process_time()
    with pytest.raises(JsonPathError) as raised:
        render_jsonpath(text, value)
    assert time.process_time() - begin < 2.0
    assert len(raised.value.message) < 500


def test_steps_are_counted() -> None:
    budget = Budget()
    assert render_jsonpath("{.items[*].n.m[0]}", WIDE, budget=budget).startswith("0 0")
    assert 200 * 3 < budget.steps_taken < 200 * 6


@pytest.mark.parametrize(
    ("budget", "text", "message"),
    [
        (Budget(steps=100), "{..m}", "A JSONPath looked at more than 100 values."),
        (Budget(output=100), "{.items}", "The result of a JSONPath has more than 100 characters."),
        (Budget(depth=2), "{range @}{range @}{range @}x", "A JSONPath has more than 2 ranges within each other."),
    ],
)
def test_each_budget_has_its_sentence(budget: Budget, text: str, message: str) -> None:
    with pytest.raises(TooMuchError) as raised:
        render_jsonpath(text, WIDE, budget=budget)
    assert raised.value.message == message
