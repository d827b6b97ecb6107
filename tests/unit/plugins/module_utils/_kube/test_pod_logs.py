# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube import pod_logs
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_logs import LogSource, follow_log

if t.TYPE_CHECKING:
    from conftest import FakeApi

SOURCE = LogSource(namespace="ns", pod="p", container="c")
CUT = KubeError("the stream was cut")


class FakeClient:
    """Streams by a list; the last one repeats."""

    def __init__(self, *streams: t.Any) -> None:
        self.streams = list(streams)
        self.queries: list[t.Mapping[str, str]] = []
        self.cancel = CancelToken()

    def stream_bytes(self, _path: str, *, query: t.Mapping[str, str], accept: str, timeout: float) -> t.Any:
        assert accept == "*/*"
        assert timeout > 0
        self.queries.append(query)
        stream = self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]
        for piece in stream:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def line(second: int, text: str, fraction: str = "000000001", zone: str = "Z") -> bytes:
    return f"2026-06-01T02:00:{second:02}.{fraction}{zone} {text}\n".encode()


def read(client: FakeClient, ended: t.Sequence[bool], timeout: float = 5.0) -> list[str]:
    answers = list(ended)
    follow = follow_log(
        client,  # type: ignore[arg-type]
        SOURCE,
        has_ended=lambda _seconds: answers.pop(0) if len(answers) > 1 else answers[0],
        timeout=timeout,
    )
    return [each.decode() for each in follow]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_logs, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(pod_logs, "_LONGEST_PAUSE", 0.002)


A, B, C = line(1, "a"), line(1, "b", "000000002"), line(2, "c")


@pytest.mark.parametrize(
    ("streams", "ended", "lines"),
    [
        pytest.param([[A + B], [A + B]], [False, True], ["a", "b"], id="read once more after its end"),
        pytest.param([[A + B[:30]], [A + B + C]], [False, True], ["a", "b", "c"], id="ended within a line"),
        pytest.param([[A, CUT], [A, B, CUT], [B, C]], [False, False, True], ["a", "b", "c"], id="cut twice"),
        pytest.param([[A, KubeTimeout("over")], [A, B]], [False, True], ["a", "b"], id="a silent stream"),
        pytest.param([[A, B, CUT], [C]], [False, True], ["a", "b", "c"], id="the rest came into a new file"),
        pytest.param([[A[:9], A[9:], B]], [True], ["a", "b"], id="in pieces"),
        pytest.param([[A, line(2, "x")[:-1]]], [True], ["a", "x"], id="no line's end at the end"),
        pytest.param([[KubeError("waiting to start", status=400)], [A]], [False, True], ["a"], id="not started yet"),
        pytest.param([[KubeError("no kubelet", status=500)], [A]], [True, True], ["a"], id="kubelet away"),
        pytest.param([[b"unable to retrieve container logs"]], [True], [], id="no line of the container's"),
        pytest.param(
            [[line(1, "a"), line(1, "a"), CUT], [line(1, "a"), line(1, "a"), line(1, "a")]],
            [False, True],
            ["a", "a", "a"],
            id="several of one time",
        ),
        pytest.param(
            [[C, CUT], [line(1, "old"), C, line(1, "back")]], [False, True], ["c", "back"], id="clock set back"
        ),
        pytest.param([[line(2, "", "5"), line(3, " x ")]], [True], ["", " x "], id="blanks are text"),
    ],
)
def test_each_line_once(streams: list[t.Any], ended: list[bool], lines: list[str]) -> None:
    assert read(FakeClient(*streams), ended) == lines


def test_begins_again_at_the_second_of_the_last_line() -> None:
    client = FakeClient([line(7, "a", "25", zone="+02:00"), CUT], [])
    assert read(client, [False, True]) == ["a"]
    assert "sinceTime" not in client.queries[0]
    assert client.queries[1]["sinceTime"] == "2026-06-01T00:00:07Z"
    assert client.queries[1]["timestamps"] == client.queries[1]["follow"] == "true"


def test_what_will_not_pass_is_raised() -> None:
    with pytest.raises(KubeError, match="forbidden"):
        read(FakeClient([KubeError("forbidden", status=403)]), [False])


def test_a_rest_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_logs, "_REST_SECONDS", 0.01)
    with pytest.raises(KubeError, match="rest of the log of container c of pod ns/p could not be read: the node"):
        read(FakeClient([A, KubeError("the node is away", status=502)]), [True])


def test_time_is_over() -> None:
    with pytest.raises(KubeTimeout, match=r"did not end within 0.02 s. The last that was seen: the stream was cut"):
        read(FakeClient([CUT]), [False], timeout=0.02)


def test_long_lines_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_logs, "_LONGEST_LINE", 36)
    assert read(FakeClient([line(1, "abcdefghijkl") + C]), [True]) == ["abcde", "c"]


def test_cancelled() -> None:
    client = FakeClient([CUT])
    client.cancel.cancel("test")
    with pytest.raises(Cancelled):
        read(client, [False])


def test_over_the_wire(api: FakeApi) -> None:
    api.say(200, A + B)
    lines = list(follow_log(api.client(), SOURCE, has_ended=lambda _seconds: True, timeout=5.0))
    assert lines == [b"a", b"b"]
    assert api.seen[0][1].startswith("/api/v1/namespaces/ns/pods/p/log?container=c&follow=true&timestamps=true")


def test_over_the_wire_refused(api: FakeApi) -> None:
    api.say(403, {"kind": "Status", "code": 403, "message": "pods/log is forbidden"})
    with pytest.raises(KubeError, match="pods/log is forbidden"):
        list(follow_log(api.client(), SOURCE, has_ended=lambda _seconds: True, timeout=5.0))


def test_over_the_wire_cut(api: FakeApi) -> None:
    """A body that is shorter than its head says: the connection was cut, and the line that came half is read again."""
    api.say(200, A + B[:32], Content_Length="9999", Connection="close")
    api.say(200, B)
    ended = [False, True]
    lines = list(
        follow_log(api.client(), SOURCE, has_ended=lambda _seconds: ended.pop(0) if ended else True, timeout=5.0)
    )
    assert lines == [b"a", b"b"]
