# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import threading
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube import waits
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object, wait_gone


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "_PAUSE", 0.01)


PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset({"get", "list", "watch"}))
GET_ONLY = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset({"get"}))


def pod(phase: str) -> dict[str, t.Any]:
    return {"metadata": {"name": "p", "namespace": "a"}, "status": {"phase": phase}}


def listed(*items: t.Any, version: str = "5") -> dict[str, t.Any]:
    return {"metadata": {"resourceVersion": version}, "items": list(items)}


def event(kind: str, obj: t.Any) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode()


class FakeClient:
    """Lists and watches from scripts. A watch is a list of lines, or an error."""

    def __init__(self, lists: list[t.Any], watches: list[t.Any], objects: list[t.Any] | None = None) -> None:
        self.lists, self.watches, self.objects = lists, watches, objects or []
        self.cancel = CancelToken()
        self.watched: list[dict[str, str]] = []

    def with_cancel(self, cancel: CancelToken) -> FakeClient:
        self.cancel = cancel
        return self

    def get(self, path: str, **_options: t.Any) -> t.Any:
        source = self.objects if path.endswith("/p") else self.lists
        answer = source.pop(0) if len(source) > 1 else source[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stream(self, _path: str, *, query: dict[str, str], timeout: float) -> t.Iterator[bytes]:
        self.watched.append(query)
        answer = self.watches.pop(0) if len(self.watches) > 1 else self.watches[0]
        if isinstance(answer, Exception):
            raise answer
        yield from answer


def running(obj: dict[str, t.Any] | None) -> bool:
    return obj is not None and obj["status"]["phase"] == "Running"


def gone(obj: dict[str, t.Any] | None) -> bool:
    return obj is None


NOT_THERE = KubeError("gone", status=404)


@pytest.mark.parametrize(
    ("lists", "watches", "predicate", "phase", "watched"),
    [
        pytest.param([listed(pod("Running"))], [[]], running, "Running", 0, id="at once"),
        pytest.param([listed()], [[]], gone, None, 0, id="not there at once"),
        pytest.param(
            [listed(pod("Pending"))], [[event("MODIFIED", pod("Running"))]], running, "Running", 1, id="changed"
        ),
        pytest.param([listed()], [[event("ADDED", pod("Running"))]], running, "Running", 1, id="created"),
        pytest.param([listed(pod("Running"))], [[event("DELETED", pod("Running"))]], gone, None, 1, id="deleted"),
        pytest.param(
            [listed(pod("Pending"))],
            [
                [
                    event("BOOKMARK", {"metadata": {}}),
                    event("MODIFIED", pod("Pending")),
                    event("MODIFIED", pod("Running")),
                ]
            ],
            running,
            "Running",
            1,
            id="bookmark and an event that does not fit",
        ),
        pytest.param(
            [listed(pod("Pending")), listed(pod("Running"))],
            [[event("ERROR", {"code": 410, "reason": "Expired", "message": "too old"})]],
            running,
            "Running",
            1,
            id="410 in the stream is read anew",
        ),
        pytest.param(
            [listed(pod("Pending")), listed(pod("Running"))],
            [KubeError("too old", status=410)],
            running,
            "Running",
            1,
            id="410 as an answer is read anew",
        ),
        pytest.param(
            [listed(pod("Pending")), listed(pod("Running"))], [KubeError("cut")], running, "Running", 1, id="stream cut"
        ),
    ],
)
def test_waits(lists: list[t.Any], watches: list[t.Any], predicate: t.Any, phase: str | None, watched: int) -> None:
    client = FakeClient(lists, watches)
    state = wait_for_object(client, PODS, "p", "a", predicate, timeout=5.0)  # type: ignore[arg-type]
    assert (state["status"]["phase"] if state else None) == phase
    assert len(client.watched) == watched
    if watched:
        assert client.watched[0]["resourceVersion"] == "5"
    if state:
        assert (state["apiVersion"], state["kind"]) == ("v1", "Pod")


@pytest.mark.parametrize(
    ("resource", "lists"),
    [
        pytest.param(GET_ONLY, [KubeError("never asked", status=500)], id="the resource has no watch"),
        pytest.param(PODS, [KubeError("no list", status=403)], id="no right to list"),
    ],
)
def test_without_a_watch_the_object_is_read(resource: ApiResource, lists: list[t.Any]) -> None:
    client = FakeClient(lists, [[]], [NOT_THERE, pod("Running")])
    state = wait_for_object(client, resource, "p", "a", running, timeout=5.0)  # type: ignore[arg-type]
    assert state is not None
    assert client.watched == []


def test_an_api_server_that_is_away_for_a_while_only_makes_the_wait_longer() -> None:
    away = KubeError("No API server answers.")
    client = FakeClient([listed(pod("Pending")), away, KubeError("x", status=503), listed(pod("Running"))], [away])
    assert wait_for_object(client, PODS, "p", "a", running, timeout=5.0)  # type: ignore[arg-type]
    client = FakeClient([listed(pod("Pending")), away], [away])
    with pytest.raises(KubeTimeout) as caught:
        wait_for_object(client, PODS, "p", "a", running, timeout=0.1)  # type: ignore[arg-type]
    assert caught.value.hint == "No API server answers."
    with pytest.raises(KubeError, match="No API server answers"):
        wait_for_object(FakeClient([away], [[]]), PODS, "p", "a", running, timeout=5.0)  # type: ignore[arg-type]


def test_timeout_names_the_object() -> None:
    client = FakeClient([listed(pod("Pending"))], [KubeTimeout("over")])
    with pytest.raises(KubeTimeout, match=r"Pod p in namespace a was not in the wanted state within 0\.1 s"):
        wait_for_object(client, PODS, "p", "a", running, timeout=0.1)  # type: ignore[arg-type]


def test_cancel() -> None:
    cancel = CancelToken()
    client = FakeClient([listed(pod("Pending"))], [[]])
    timer = threading.Timer(0.05, cancel.cancel, ["SIGTERM"])
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        wait_for_object(client, PODS, "p", "a", running, timeout=30.0, cancel=cancel)  # type: ignore[arg-type]
    assert time.monotonic() - started < 2
    timer.join()


def test_an_error_that_waiting_does_not_mend_is_raised() -> None:
    client = FakeClient([KubeError("bad", status=400)], [[]])
    with pytest.raises(KubeError, match="bad"):
        wait_for_object(client, PODS, "p", "a", running, timeout=5.0)  # type: ignore[arg-type]


LEAVING = listed(pod("Terminating"))


@pytest.mark.parametrize("refused", [None, KubeError("no", status=403)], ids=["it may", "it is refused"])
def test_whoever_takes_an_object_away_is_made_to_look_again(refused: KubeError | None) -> None:
    client = FakeClient([LEAVING], [[]])
    looks = 0

    def look_again() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            client.lists = [listed()]
        if refused is not None:
            raise refused

    wait_gone(client, PODS, "p", "a", timeout=30.0, every=0.02, look_again=look_again)  # type: ignore[arg-type]
    assert looks == 3


def test_what_stays_is_told_of() -> None:
    client = FakeClient([LEAVING], [[]])
    with pytest.raises(KubeTimeout, match=r"Pod p in namespace a was still there after 0\.1 s"):
        wait_gone(client, PODS, "p", "a", timeout=0.1, every=0.02, look_again=list)  # type: ignore[arg-type]


def test_an_api_server_that_is_away_while_an_object_goes() -> None:
    """Also where it is away at the first read after a look."""
    away = KubeError("No API server answers.")
    client = FakeClient([LEAVING, away, away, listed()], [[]])
    wait_gone(client, PODS, "p", "a", timeout=30.0, every=0.0, look_again=list)  # type: ignore[arg-type]
    with pytest.raises(KubeError, match="bad"):
        wait_gone(FakeClient([KubeError("bad", status=400)], [[]]), PODS, "p", "a", timeout=5.0, every=1.0,
                  look_again=list)  # type: ignore[arg-type]  # fmt: skip
