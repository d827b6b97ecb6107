# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import (
    RetryPolicy,
    may_repeat_answer,
    may_repeat_failure,
    parse_retry_after,
)


@pytest.mark.parametrize(
    ("verb", "code", "retry_after", "expected"),
    [
        pytest.param("GET", 429, None, True, id="429 was not processed"),
        pytest.param("POST", 429, 1.0, True, id="429 on a write"),
        pytest.param("GET", 500, None, True, id="500 on a read"),
        pytest.param("POST", 500, None, False, id="500 on a write may have had an effect"),
        pytest.param("POST", 500, 1.0, False, id="500 on a write, even with Retry-After"),
        pytest.param("GET", 503, None, True, id="503 on a read"),
        pytest.param("PATCH", 503, None, False, id="503 on a write"),
        pytest.param("PATCH", 503, 1.0, True, id="503 on a write with Retry-After, as client-go"),
        pytest.param("DELETE", 504, None, False, id="504 on a write"),
        pytest.param("GET", 504, None, True, id="504 on a read"),
        pytest.param("GET", 501, None, False, id="501 will not change"),
        pytest.param("GET", 404, 1.0, False, id="404 is an answer"),
        pytest.param("GET", 401, None, False, id="401 is handled apart"),
        pytest.param("POST", 409, None, False, id="409 is an answer"),
    ],
)
def test_answers(verb: str, code: int, retry_after: float | None, expected: bool) -> None:
    assert may_repeat_answer(verb, code, retry_after) is expected


@pytest.mark.parametrize(
    ("verb", "not_sent", "certain", "expected"),
    [
        pytest.param("GET", False, False, True, id="a read"),
        pytest.param("POST", True, False, True, id="a write that was surely not sent"),
        pytest.param("POST", False, False, False, id="a write that may have arrived"),
        pytest.param("GET", True, True, False, id="a bad certificate"),
    ],
)
def test_failures(verb: str, not_sent: bool, certain: bool, expected: bool) -> None:
    assert may_repeat_failure(verb, surely_not_sent=not_sent, certain=certain) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"Retry-After": "3"}, 3.0, id="seconds"),
        pytest.param({"retry-after": "0"}, 0.0, id="lower case"),
        pytest.param({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1.0, id="a date"),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    assert parse_retry_after(headers) == expected


def test_delays_grow_with_jitter_up_to_the_longest() -> None:
    policy = RetryPolicy(base=1.0, longest=4.0)
    for attempt, bound in ((1, 1.0), (2, 2.0), (3, 4.0), (9, 4.0)):
        assert bound / 2 <= policy.delay(attempt) <= bound


def test_what_the_server_asked_for_is_the_minimum_and_has_a_limit() -> None:
    policy = RetryPolicy(base=0.1, longest=0.1, longest_asked=30.0)
    assert 2.0 <= policy.delay(1, 2.0) <= 2.1
    assert policy.delay(1, 3600.0) <= 30.1
