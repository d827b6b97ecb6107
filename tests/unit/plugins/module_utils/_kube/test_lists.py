# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset({"list"}))


def page(*names: str, token: str = "", version: str = "7", remaining: int | None = None) -> dict[str, t.Any]:
    items = [{"metadata": {"namespace": name.split("/")[0], "name": name.split("/")[1]}} for name in names]
    return {
        "metadata": {"resourceVersion": version, "continue": token, "remainingItemCount": remaining},
        "items": items,
    }


def expired(token: str = "") -> KubeError:
    error = KubeError("expired", status=410, reason="Expired")
    error.continue_token = token
    return error


class FakeClient:
    def __init__(self, *answers: t.Any) -> None:
        self.answers = list(answers)
        self.queries: list[dict[str, str]] = []

    def get(self, path: str, *, query: dict[str, str]) -> dict[str, t.Any]:
        assert path == "/api/v1/pods"
        self.queries.append(query)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return t.cast("dict[str, t.Any]", answer)


def names(client: FakeClient, **options: t.Any) -> list[str]:
    pages = list_pages(client, PODS, **options)  # type: ignore[arg-type]
    return [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for one in pages for item in one.items]


def test_pages_follow_the_token_and_get_their_type_back() -> None:
    client = FakeClient(page("a/1", "a/2", token="t1", remaining=1), page("b/1"))
    pages = list(list_pages(client, PODS, page_size=2, label_selector="x=y", field_selector="f=1"))  # type: ignore[arg-type]
    assert [(len(one.items), one.resource_version, one.remaining) for one in pages] == [(2, "7", 1), (1, "7", None)]
    assert {(item["apiVersion"], item["kind"]) for one in pages for item in one.items} == {("v1", "Pod")}
    fixed = {"limit": "2", "labelSelector": "x=y", "fieldSelector": "f=1"}
    assert client.queries == [fixed, {**fixed, "continue": "t1"}]


def test_an_empty_list_is_one_empty_page() -> None:
    assert [one.items for one in list_pages(FakeClient(page()), PODS)] == [[]]  # type: ignore[arg-type]


def test_410_goes_on_with_the_token_that_the_server_offers() -> None:
    client = FakeClient(page("a/1", token="t1"), expired("t2"), page("a/2"))
    assert names(client) == ["a/1", "a/2"]
    assert client.queries[2]["continue"] == "t2"


@pytest.mark.parametrize(
    ("second_round", "expected"),
    [
        pytest.param([page("a/1", "a/2", token="x"), page("b/1")], ["a/1", "a/2", "b/1"], id="nothing twice"),
        pytest.param([page("b/1")], ["a/1", "a/2", "b/1"], id="the first ones are gone by now"),
        pytest.param(
            [page("a/1", "a/11", "a/2", "b/1", "c/1")], ["a/1", "a/2", "b/1", "c/1"], id="new ones in between"
        ),
        # '-' sorts before '/', so a-b comes before a in etcd's order.
        pytest.param([page("a-b/9", "a/1", "a/2", "a/3")], ["a/1", "a/2", "a/3"], id="order of keys, not of pairs"),
    ],
)
def test_410_without_a_token_starts_over(second_round: list[t.Any], expected: list[str]) -> None:
    client = FakeClient(page("a/1", "a/2", token="t1"), expired(), *second_round)
    assert names(client) == expected
    assert "continue" not in client.queries[2]


def test_an_unsorted_list_is_never_started_over() -> None:
    with pytest.raises(KubeError) as caught:
        names(FakeClient(page("b/1", "a/1", token="t1"), expired()))
    assert caught.value.expired


def test_410_for_ever_ends() -> None:
    with pytest.raises(KubeError):
        names(FakeClient(page("a/1", token="t"), *[expired("t") for _n in range(10)]))


def test_410_on_the_first_page_is_an_error() -> None:
    with pytest.raises(KubeError):
        names(FakeClient(expired()))
