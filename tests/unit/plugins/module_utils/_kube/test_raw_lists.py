# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube import raw_lists
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import list_raw_pages

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset({"list"}))


def page(*names: str, token: str = "", remaining: int | None = None) -> bytes:
    items = [{"metadata": {"namespace": name.split("/")[0], "name": name.split("/")[1]}} for name in names]
    metadata = {"resourceVersion": "7", "continue": token, "remainingItemCount": remaining}
    text = json.dumps({"kind": "PodList", "metadata": metadata, "items": items}, separators=(",", ":"))
    return text.encode() + b"\n"


def expired(token: str = "") -> KubeError:
    error = KubeError("expired", status=410, reason="Expired")
    error.continue_token = token
    return error


class RawClient:
    """Answers from a list."""

    server = "https://127.0.0.1:6443"

    def __init__(self, *answers: bytes | KubeError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get_bytes(self, path: str, *, query: dict[str, str]) -> bytes:
        self.asked.append((path, query))
        answer = self.answers.pop(0)
        if isinstance(answer, KubeError):
            raise answer
        return answer


def raw_pages(client: RawClient, **options: t.Any) -> t.Iterator[raw_lists.RawPage]:
    return list_raw_pages(t.cast("t.Any", client), PODS, **options)


def names(client: RawClient) -> list[str]:
    found = [item.obj["metadata"] for one in raw_pages(client) for item in one.items]
    return [f"{metadata['namespace']}/{metadata['name']}" for metadata in found]


@pytest.mark.parametrize("depth", [250, 1_500, 50_000])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_object_that_is_too_deep(depth: int, place: int) -> None:
    """It is named, and the others are there: 250 levels can be parsed, 1,500 cannot."""
    names = ["a/1", "a/2", "a/3"]
    whole = json.loads(page(*names))
    whole["items"][place]["spec"] = {"quoted": '\\"{[', "deep": "DEEP"}
    managed = [{"manager": "name", "fieldsV1": "DEEP"}]
    whole["items"][place]["metadata"] = {"managedFields": managed, **whole["items"][place]["metadata"]}
    text = json.dumps(whole, separators=(",", ":")).replace('"DEEP"', '{"a":' * depth + "[]" + "}" * depth)
    (one,) = raw_pages(RawClient(text.encode()))
    (bad,) = one.bad
    assert bad.obj["metadata"] == {"namespace": "a", "name": str(place + 1)}
    assert "deep" in bad.problem
    assert [item.obj["metadata"]["name"] for item in one.items] == [n[2:] for n in names if n != names[place]]


def test_pages_follow_the_token() -> None:
    client = RawClient(page("a/1", "a/2", token="t1", remaining=1), page("a/3"))
    pages = list(raw_pages(client, namespace="a", label_selector="x=y", page_size=2))
    assert [(len(one.items), one.resource_version, one.remaining) for one in pages] == [(2, "7", 1), (1, "7", None)]
    assert {(item.obj["apiVersion"], item.obj["kind"]) for one in pages for item in one.items} == {("v1", "Pod")}
    assert [json.loads(item.payload) for one in pages for item in one.items] == [i.obj for p in pages for i in p.items]
    fixed = {"limit": "2", "labelSelector": "x=y"}
    path = "/api/v1/namespaces/a/pods"
    assert client.asked == [(path, fixed), (path, {**fixed, "continue": "t1"})]


def test_an_empty_list_is_one_empty_page() -> None:
    assert [one.items for one in raw_pages(RawClient(page()))] == [[]]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param([expired("t2"), page("a/2")], ["a/1", "a/2"], id="with the token that is offered"),
        pytest.param([expired(), page("a/1", "a/2")], ["a/1", "a/2"], id="from the start"),
        pytest.param(
            [page("a/2", token="x"), expired(), page("a/1", token="y"), expired(), page("a/1", "a/2", "a/3")],
            ["a/1", "a/2", "a/3"],
            id="twice, the second time before it got as far as the first",
        ),
    ],
)
def test_a_page_that_came_too_late(answers: list[t.Any], expected: list[str]) -> None:
    assert names(RawClient(page("a/1", token="t1"), *answers)) == expected


def test_what_is_no_list_is_an_error() -> None:
    with pytest.raises(KubeError, match="GET /api/v1/pods is not a list in JSON") as caught:
        names(RawClient(b"<html>"))
    assert caught.value.hint


@pytest.fixture
def one_turn(monkeypatch: pytest.MonkeyPatch) -> threading.BoundedSemaphore:
    turns = threading.BoundedSemaphore(1)
    monkeypatch.setattr(raw_lists, "_TURNS", turns)
    return turns


def is_free(turns: threading.BoundedSemaphore) -> bool:
    free = turns.acquire(blocking=False)
    if free:
        turns.release()
    return free


def test_a_page_that_is_looked_at_takes_a_turn(one_turn: threading.BoundedSemaphore) -> None:
    pages = raw_pages(RawClient(page("a/1", token="t"), page("a/2")))
    next(pages)
    assert not is_free(one_turn)
    next(pages)
    assert not is_free(one_turn)
    assert list(pages) == []
    assert is_free(one_turn)


@pytest.mark.parametrize("answer", [b"<html>", KubeError("refused", status=403), page("a/1", token="t")])
def test_a_turn_ends_however_the_list_ends(one_turn: threading.BoundedSemaphore, answer: bytes | KubeError) -> None:
    pages = t.cast("t.Generator[t.Any, None, None]", raw_pages(RawClient(answer)))
    if isinstance(answer, bytes) and b"PodList" in answer:
        next(pages)
        pages.close()
    else:
        with pytest.raises(KubeError):
            next(pages)
    assert is_free(one_turn)


@pytest.mark.usefixtures("one_turn")
def test_a_list_within_a_list_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_lists, "_LONGEST_WAIT", 0.01)
    outer = raw_pages(RawClient(page("a/1")))
    next(outer)
    assert names(RawClient(page("b/1"))) == ["b/1"]
    assert list(outer) == []
