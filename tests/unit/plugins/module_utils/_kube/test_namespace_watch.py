# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One watch for a namespace: streams that end, are cut or too old, and what happens around their beginning."""

from __future__ import annotations

import json
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube import namespace_watch
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset({"get", "list", "watch"}))
FORBIDDEN = KubeError("no right", status=403)
PATH = "/api/v1/namespaces/a/pods"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_PAUSE", "_LONGEST_PAUSE", "_POLL_SECONDS"):
        monkeypatch.setattr(namespace_watch, name, 0.005)


def pod(name: str, version: int, uid: str = "") -> dict[str, t.Any]:
    return {"metadata": {"name": name, "namespace": "a", "uid": uid or f"{name}-1", "resourceVersion": str(version)}}


def event(kind: str, obj: t.Any) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode()


def bookmark(version: int) -> bytes:
    return event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": str(version)}})


def expired() -> bytes:
    return event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})


def listed(version: int, *items: t.Any) -> dict[str, t.Any]:
    return {"metadata": {"resourceVersion": str(version)}, "items": list(items)}


class Server:
    """Watches by script, one after the other; after the last one nothing more happens until the watch is closed."""

    def __init__(self, *watches: t.Any, lists: t.Sequence[t.Any] = (), objects: t.Any = None) -> None:
        self.watches, self.lists = list(watches), list(lists)
        self.objects: dict[str, t.Any] = dict(objects or {})
        self.cancel = CancelToken()
        self.asked: list[str] = []

    def with_cancel(self, cancel: CancelToken) -> Server:
        self.cancel = cancel
        return self

    def get(self, path: str, **_options: t.Any) -> t.Any:
        if path == PATH:
            self.asked.append("list")
            answer = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        else:
            self.asked.append("get")
            answer = self.objects.get(path.removeprefix(PATH + "/"), KubeError("not there", status=404))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stream(self, path: str, *, query: dict[str, str], timeout: float) -> t.Iterator[bytes]:
        assert path == PATH
        self.asked.append(query["resourceVersion"])
        if not self.watches:
            self.cancel.wait(30)
            raise Cancelled("closed")
        for step in self.watches.pop(0):
            if isinstance(step, Exception):
                raise step
            if isinstance(step, threading.Event):
                assert step.wait(10)
            else:
                yield step


def _metadata_of(obj: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"metadata": obj["metadata"]}


class Following:
    """A watch of the server, and a way to wait for what it knows."""

    def __init__(self, server: Server) -> None:
        self._changed = threading.Event()
        self.watch = NamespaceWatch(
            t.cast("t.Any", server),
            PODS,
            "a",
            keep=lambda obj: {"metadata": obj["metadata"]},
            on_change=self._changed.set,
        )

    def until(self, condition: t.Callable[[], bool]) -> None:
        """What the server was asked is no news of the watch: looked at again after a moment."""
        for _turn in range(2000):
            self._changed.clear()
            if condition():
                return
            self._changed.wait(0.005)
        pytest.fail("it did not happen")

    def known(self) -> dict[str, str]:
        return {obj["metadata"]["name"]: obj["metadata"]["resourceVersion"] for obj in self.watch.objects()}


@pytest.fixture
def follow() -> t.Iterator[t.Callable[[Server], Following]]:
    opened: list[Following] = []

    def begin(server: Server) -> Following:
        opened.append(Following(server))
        return opened[-1]

    yield begin
    for each in opened:
        each.watch.close()


Follow = t.Callable[[Server], Following]


def test_begins_at_the_object_s_version_without_a_list(follow: Follow) -> None:
    server = Server([event("MODIFIED", pod("p", 6)), event("ADDED", pod("q", 7)), bookmark(9)])
    following = follow(server)
    following.watch.track(pod("p", 5))
    following.until(lambda: following.known() == {"p": "6", "q": "7"})
    following.until(lambda: len(server.asked) > 1)
    assert server.asked == ["5", "9"], "goes on at the bookmark"


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(KubeError("connection reset"), id="reset"),
        pytest.param(KubeTimeout("timed out"), id="silent"),
        pytest.param(None, id="ended by the server"),
    ],
)
def test_cut_stream_goes_on_where_it_was(follow: Follow, cut: Exception | None) -> None:
    first: list[t.Any] = [event("MODIFIED", pod("p", 6)), *([cut] if cut else [])]
    server = Server(first, [event("DELETED", pod("p", 8))])
    following = follow(server)
    following.watch.track(pod("p", 5))
    following.until(lambda: following.known() == {})
    assert server.asked[:2] == ["5", "6"]
    assert "list" not in server.asked


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(expired(), id="410 as an event"),
        pytest.param(KubeError("too old", status=410), id="410 as an answer"),
        pytest.param(KubeError("internal error", status=500), id="500"),
    ],
)
def test_too_old_starts_over_with_a_list(follow: Follow, trouble: t.Any) -> None:
    """What went in the meantime is gone; what came is there."""
    server = Server([event("ADDED", pod("q", 6)), trouble], lists=[listed(50, pod("p", 40), pod("r", 41))])
    following = follow(server)
    following.watch.track(pod("p", 5))
    following.until(lambda: following.known() == {"p": "40", "r": "41"})
    following.until(lambda: len(server.asked) == 3)
    assert server.asked == ["5", "list", "50"]


def test_server_that_is_away(follow: Follow) -> None:
    server = Server([KubeError("refused")], [KubeError("refused")], [event("MODIFIED", pod("p", 6))])
    following = follow(server)
    following.watch.track(pod("p", 5))
    following.until(lambda: following.known() == {"p": "6"})
    following.until(lambda: following.watch.trouble == "")
    assert following.watch.refused is None


def test_following_begins_with_a_list(follow: Follow) -> None:
    server = Server([event("MODIFIED", pod("p", 9))], lists=[listed(7, pod("p", 3), pod("q", 6))])
    following = follow(server)
    assert not following.watch.is_gone("gone")
    following.watch.follow(["p", "gone"])
    following.until(lambda: following.known() == {"p": "9", "q": "6"})
    assert [following.watch.is_gone(name) for name in ("p", "q", "gone")] == [False, False, True]
    assert server.asked[:2] == ["list", "7"]


def test_following_without_the_right_to_list_reads_by_name(follow: Follow) -> None:
    server = Server(lists=[FORBIDDEN], objects={"p": pod("p", 9)})
    following = follow(server)
    following.watch.follow(["p", "gone"])
    following.until(lambda: following.watch.is_gone("gone"))
    assert following.known() == {"p": "9"}
    assert not following.watch.is_gone("p")


def test_old_events_do_not_undo_newer_news(follow: Follow) -> None:
    gate = threading.Event()
    server = Server([gate, event("MODIFIED", pod("p", 7)), event("DELETED", pod("p", 8)), event("ADDED", pod("z", 20))])
    server.objects["p"] = pod("p", 15, uid="p-2")
    following = follow(server)
    following.watch.track(pod("p", 5))
    assert following.watch.refresh("p") == {"metadata": pod("p", 15, uid="p-2")["metadata"]}
    gate.set()
    following.until(lambda: "z" in following.known())
    assert following.known() == {"p": "15", "z": "20"}


def test_objects_that_are_tracked_later(follow: Follow) -> None:
    """The watch is at 20 and began at 10."""
    server = Server([event("ADDED", pod("seen", 12)), event("MODIFIED", pod("seen", 20))])
    server.objects["early"] = pod("early", 19)
    following = follow(server)
    following.watch.track(pod("first", 10))
    following.until(lambda: following.known() == {"first": "10", "seen": "20"})
    following.watch.track(pod("seen", 12))  # known better
    following.watch.track(pod("coming", 25))  # its events are still to come
    following.watch.track(pod("past", 15))  # came and went while the watch looked
    following.watch.track(pod("early", 8))  # before the watch: read
    following.watch.track(pod("lost", 9))  # before the watch: read, and not there any more
    assert following.known() == {"first": "10", "seen": "20", "coming": "25", "early": "19"}
    assert server.asked.count("get") == 2


def test_without_the_right_to_watch_it_lists(follow: Follow) -> None:
    server = Server([FORBIDDEN], lists=[listed(6, pod("p", 6)), listed(9, pod("q", 8))])
    following = follow(server)
    following.watch.track(pod("p", 5))
    following.until(lambda: following.known() == {"q": "8"})
    assert server.asked[:3] == ["5", "list", "list"]


def test_without_the_right_to_list_it_reads_by_name(follow: Follow) -> None:
    server = Server([FORBIDDEN], lists=[FORBIDDEN], objects={"p": pod("p", 9)})
    following = follow(server)
    following.watch.track(pod("p", 5))
    following.until(lambda: following.known() == {"p": "9"})
    assert following.watch.refused is None


def test_without_any_right_it_says_so(follow: Follow) -> None:
    server = Server([FORBIDDEN], lists=[FORBIDDEN], objects={"p": FORBIDDEN})
    following = follow(server)
    following.watch.track(pod("p", 5))
    following.until(lambda: following.watch.refused is not None)
    assert following.watch.refused is FORBIDDEN
