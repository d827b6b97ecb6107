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
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecRefused,
    ExecResult,
    ExecStreamLost,
    ExecTimeout,
    exec_command,
)

if t.TYPE_CHECKING:
    from conftest import ExecPeer, FakeExec

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"


#: Seconds: far from the limits that the tests set, however busy the machine is.
LIMIT = 6.0


def run(api: FakeExec, **options: t.Any) -> ExecResult:
    given = {"namespace": "ns", "pod": "p", "container": "c", "argv": ["sh", "-c", "x y"], "timeout": 5.0, **options}
    return exec_command(api.client(), **given)


def chatty(peer: ExecPeer) -> None:
    for channel in range(4):
        peer.send(2, bytes([channel]))
    peer.send(2, b"\x01out\xff\x00")
    peer.send(2, b"\x02err")
    peer.exited(7)
    peer.send(8, b"\x03\xe8")


def test_result_and_request(exec_api: FakeExec) -> None:
    exec_api.script = chatty
    result = run(exec_api)
    assert (result.rc, result.stdout, result.stderr) == (7, b"out\xff\x00", b"err")
    assert (result.stdout_truncated, result.stderr_truncated) == (False, False)
    [head] = exec_api.heads
    first, *headers = head.split("\r\n")
    assert first == (
        "GET /api/v1/namespaces/ns/pods/p/exec?container=c&stdout=true&stderr=true"
        "&command=sh&command=-c&command=x+y HTTP/1.1"
    )
    assert "Authorization: Bearer t0ken" in headers
    assert "Impersonate-User: u" in headers
    assert f"Sec-WebSocket-Protocol: {V5}, {V4}" in headers


def test_v4(exec_api: FakeExec) -> None:
    exec_api.protocol = V4
    exec_api.script = chatty
    assert run(exec_api).rc == 7


def test_stdin_is_sent_closed_and_echoed(exec_api: FakeExec) -> None:
    got: list[bytes] = []

    def cat(peer: ExecPeer) -> None:
        while True:
            opcode, payload = peer.read()
            if payload[:1] == b"\xff":
                got.append(payload)
                break
            assert opcode == 2
            peer.send(2, b"\x01" + payload[1:])
        peer.exited(0)

    exec_api.script = cat
    data = bytes(range(256)) * 4096
    result = run(exec_api, stdin=data, max_output=1 << 21)
    assert result.stdout == data
    assert got == [b"\xff\x00"]
    assert "stdin=true" in exec_api.heads[0]
    assert f"Sec-WebSocket-Protocol: {V5}\r\n" in exec_api.heads[0] + "\r\n", (
        "v4 cannot close stdin, so it is not offered"
    )


def test_stdin_on_v4_is_refused_before_anything_is_asked(exec_api: FakeExec) -> None:
    with pytest.raises(ExecRefused, match="its stdin can be closed with v5"):
        run(exec_api, stdin=b"x", _protocols=(V4,))
    assert exec_api.heads == []


def test_an_empty_stdin_is_closed_at_once(exec_api: FakeExec) -> None:
    def wait_for_close(peer: ExecPeer) -> None:
        assert peer.read() == (2, b"\xff\x00")
        peer.exited(0)

    exec_api.script = wait_for_close
    assert run(exec_api, stdin=b"").rc == 0


def test_output_beyond_the_limit_is_read_and_dropped(exec_api: FakeExec) -> None:
    def flood(peer: ExecPeer) -> None:
        for _n in range(200):
            peer.send(2, b"\x01" + b"x" * 10000)
        peer.send(2, b"\x02tail")
        peer.exited(0)

    exec_api.script = flood
    result = run(exec_api, max_output=15000)
    assert (len(result.stdout), result.stdout_truncated, result.stderr) == (15000, True, b"tail")


def test_frames_in_one_packet_with_the_upgrade_and_a_message_in_pieces(exec_api: FakeExec) -> None:
    def script(peer: ExecPeer) -> None:
        peer.sock.sendall(peer.frame(2, b"\x01a", fin=False) + peer.frame(9, b"hey") + peer.frame(0, b"b"))
        assert peer.read() == (0xA, b"hey"), "a ping wants its pong"
        peer.sock.sendall(peer.frame(2, b"\x02err") + peer.frame(2, b'\x03{"status":"Success"}') + peer.frame(8, b""))

    exec_api.script = script
    result = run(exec_api)
    assert (result.stdout, result.stderr) == (b"ab", b"err")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        pytest.param(
            lambda peer: peer.send(2, b"\x01some"), "the connection was closed before the command's", id="cut"
        ),
        pytest.param(
            lambda peer: (peer.send(2, b"\x01some"), peer.send(8, b"\x03\xe8bye")),
            r"the server closed the stream \(1000 bye\) before",
            id="closed in good order, but without a status",
        ),
        pytest.param(
            lambda peer: (peer.send(2, b"\x01some"), peer.send(2, b'\x03{"status":')),
            "was closed before",
            id="half a status",
        ),
        pytest.param(
            lambda peer: (peer.send(2, b"\x01some"), peer.sock.sendall(b"\xc2\x00")),
            "a frame begins with",
            id="garbage",
        ),
    ],
)
def test_a_stream_without_a_status_is_lost(exec_api: FakeExec, script: t.Any, why: str) -> None:
    exec_api.script = script
    with pytest.raises(ExecStreamLost, match=why) as caught:
        run(exec_api)
    assert caught.value.stdout == b"some"
    assert caught.value.may_have_run


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        pytest.param(
            {"message": 'container not found ("c")', "reason": "BadRequest", "code": 400},
            ExecRefused,
            'Nothing was started in container c of pod ns/p: container not found ("c").',
            id="container not found",
        ),
        pytest.param(
            {
                "message": 'OCI runtime exec failed: unable to start container process: exec: "x": not found',
                "code": 500,
            },
            ExecRefused,
            "Nothing was started",
            id="no such program",
        ),
        pytest.param(
            {"message": "Internal error occurred: unable to upgrade connection: pod does not exist", "code": 500},
            ExecRefused,
            "Nothing was started",
            id="the kubelet was just started again",
        ),
        pytest.param(
            {"message": "error dialing backend: dial tcp 10.0.0.2:10250: connect: connection refused", "code": 500},
            ExecRefused,
            "Nothing was started",
            id="the kubelet is away",
        ),
        pytest.param(
            {"message": "rpc error: the runtime went away", "reason": "InternalError", "code": 500},
            ExecError,
            "failed without an exit code: rpc error: the runtime went away.",
            id="the runtime failed",
        ),
        pytest.param({}, ExecError, "failed without an exit code: no reason given.", id="a failure without words"),
    ],
)
def test_failures_by_status(exec_api: FakeExec, status: dict[str, t.Any], kind: type, words: str) -> None:
    exec_api.script = lambda peer: peer.status(status="Failure", **status)
    with pytest.raises(ExecError) as caught:
        run(exec_api)
    assert caught.value.__class__ is kind
    assert words in caught.value.message


def refusal(code: int, document: t.Any, *extra: str, chunked: bool = False) -> bytes:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {code} Some Reason", *extra]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def said(message: str, reason: str) -> dict[str, t.Any]:
    return {"kind": "Status", "status": "Failure", "message": message, "reason": reason}


@pytest.mark.parametrize(
    ("answer", "options", "kind", "words", "status"),
    [
        pytest.param(
            refusal(403, said('pods "p" is forbidden: User "u" cannot create resource "pods/exec"', "Forbidden")),
            {},
            ExecRefused,
            'Nothing was started in container c of pod ns/p: pods "p" is forbidden: User "u" cannot create resource '
            '"pods/exec". The user needs the verbs create and get on pods/exec in that namespace.',
            403,
            id="forbidden",
        ),
        pytest.param(
            refusal(404, said('pods "p" not found', "NotFound")),
            {},
            ExecRefused,
            'pods "p" not found.',
            404,
            id="no pod",
        ),
        pytest.param(
            refusal(400, said("container c is not valid for pod p", "BadRequest"), chunked=True),
            {},
            ExecRefused,
            "container c is not valid for pod p.",
            400,
            id="no container, in chunks",
        ),
        pytest.param(refusal(403, b"bad protocol"), {"stdin": b"x"}, ExecRefused, "speaks v5.channel", 403, id="no v5"),
        pytest.param(refusal(200, b"<html>"), {}, ExecRefused, "was 200 and no websocket", 200, id="no upgrade"),
        pytest.param(refusal(504, b"late"), {}, ExecStreamLost, "answered 504", None, id="a gateway gave up"),
        pytest.param(refusal(500, said("boom", "InternalError")), {}, ExecRefused, "boom", 500, id="500"),
        pytest.param(b"", {}, ExecStreamLost, "closed before an answer came", None, id="no answer"),
        pytest.param(b"SSH-2.0-x\r\n\r\n", {}, ExecStreamLost, "is not HTTP/1.1", None, id="another protocol"),
    ],
)  # fmt: skip
def test_refused_handshakes(
    exec_api: FakeExec, answer: bytes, options: dict[str, t.Any], kind: type, words: str, status: int | None
) -> None:
    exec_api.refusals = [answer]
    with pytest.raises(ExecError) as caught:
        run(exec_api, **options)
    assert caught.value.__class__ is kind
    assert words in caught.value.sentence
    assert caught.value.status == status
    assert caught.value.may_have_run is (kind is not ExecRefused)


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(refusal(429, b"", "Retry-After: 0"), id="429"),
        pytest.param(refusal(503, b"", "Retry-After: 0"), id="503 with Retry-After"),
        pytest.param(refusal(401, b""), id="401 once"),
    ],
)
def test_what_started_nothing_is_asked_again(exec_api: FakeExec, again: bytes) -> None:
    exec_api.refusals = [again]
    assert run(exec_api).rc == 0
    assert len(exec_api.heads) == 2


def test_a_second_401_is_final(exec_api: FakeExec) -> None:
    exec_api.refusals = [refusal(401, b"")] * 2
    with pytest.raises(ExecRefused) as caught:
        run(exec_api)
    assert caught.value.unauthorized


def test_connection_refused_started_nothing() -> None:
    client = connect(KubeAuth(host="http://127.0.0.1:1", api_key="x"))
    with pytest.raises(ExecRefused, match=r"Nothing was started .* connection refused") as caught:
        exec_command(client, namespace="n", pod="p", container="c", argv=["x"])
    assert caught.value.unreachable


def test_timeout_keeps_the_output_and_closes(exec_api: FakeExec) -> None:
    seen = threading.Event()

    def hang(peer: ExecPeer) -> None:
        peer.send(2, b"\x01so far")
        while peer.read()[0] != 8:
            pass
        seen.set()

    exec_api.script = hang
    started = time.monotonic()
    with pytest.raises(ExecTimeout, match=r"timed out after 0\.3s") as caught:
        run(exec_api, timeout=0.3)
    assert 0.3 <= time.monotonic() - started < LIMIT
    assert caught.value.stdout == b"so far"
    assert seen.wait(2), "the peer was told"


def test_timeout_while_output_pours_in(exec_api: FakeExec) -> None:
    def pour(peer: ExecPeer) -> None:
        while True:
            peer.send(2, b"\x01" + b"x" * 60000)

    exec_api.script = pour
    started = time.monotonic()
    with pytest.raises(ExecTimeout):
        run(exec_api, timeout=0.3)
    assert time.monotonic() - started < LIMIT


def test_timeout_before_the_answer_may_have_started_something(exec_api: FakeExec) -> None:
    exec_api._talk = lambda sock: time.sleep(1.0)  # type: ignore[method-assign]
    with pytest.raises(ExecTimeout):
        run(exec_api, timeout=0.3)


def test_a_silent_peer_is_noticed_by_pings(exec_api: FakeExec) -> None:
    exec_api.script = lambda peer: time.sleep(2 * LIMIT)
    started = time.monotonic()
    with pytest.raises(ExecStreamLost, match="has not answered a ping"):
        run(exec_api, timeout=None, _ping_seconds=0.1)
    assert time.monotonic() - started < LIMIT


def test_a_quiet_command_with_a_living_peer_is_waited_for(exec_api: FakeExec) -> None:
    def quiet(peer: ExecPeer) -> None:
        end = time.monotonic() + 0.8
        while time.monotonic() < end:
            opcode, payload = peer.read()
            assert opcode == 9
            peer.send(0xA, payload)
        peer.exited(3)

    exec_api.script = quiet
    assert run(exec_api, timeout=None, _ping_seconds=0.1).rc == 3


def test_cancel(exec_api: FakeExec) -> None:
    exec_api.script = lambda peer: time.sleep(2 * LIMIT)
    cancel = CancelToken()
    timer = threading.Timer(0.1, cancel.cancel, ["SIGTERM"])
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled, match="SIGTERM"):
        run(exec_api, cancel=cancel)
    assert time.monotonic() - started < LIMIT
    timer.join()


def test_waiting_costs_no_cpu(exec_api: FakeExec) -> None:
    exec_api.script = lambda peer: (time.sleep(1.0), peer.exited(0))
    before = time.thread_time()
    run(exec_api)
    assert time.thread_time() - before < 0.1


@pytest.mark.parametrize("missing", ["namespace", "pod", "container", "argv"])
def test_what_is_missing_is_named(exec_api: FakeExec, missing: str) -> None:
    with pytest.raises(ExecRefused, match=missing):
        run(exec_api, **{missing: ""})


def test_many_at_once(exec_api: FakeExec) -> None:
    exec_api.script = chatty
    client = exec_api.client()
    codes: list[int] = []

    def one() -> None:
        codes.append(exec_command(client, namespace="n", pod="p", container="c", argv=["x"]).rc)

    threads = [threading.Thread(target=one) for _n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [7] * 16
    assert client.requests_made == 16
