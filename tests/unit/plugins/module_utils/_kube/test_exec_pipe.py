# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any amount of data through a command: nothing is dropped, and neither side is faster than the other one takes."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecStreamLost, ExecTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_pipe import ExecPipe, open_pipe

if t.TYPE_CHECKING:
    from conftest import ExecPeer, FakeExec

TARGET = ("ns", "p", "c")


def pipe(api: FakeExec, **options: t.Any) -> ExecPipe:
    return open_pipe(api.client(), TARGET, ["cat"], **{"seconds": 20.0, **options})


def test_everything_comes_out_in_order(exec_api: FakeExec) -> None:
    def script(peer: ExecPeer) -> None:
        for number in range(3000):
            peer.send(2, b"\x01" + bytes([number % 256]) * 30000)
            if number % 100 == 0:
                peer.send(2, b"\x02warning\n")
        peer.exited(3)
        peer.send(8, b"\x03\xe8")

    exec_api.script = script
    stream = pipe(exec_api)
    seen = largest = 0
    for data in stream.read(CancelToken()):
        assert data[0] == seen // 30000 % 256
        seen += len(data)
        largest = max(largest, len(data))
    stream.close()
    assert seen == 3000 * 30000
    assert largest < 16 << 20
    assert stream.rc == 3
    assert stream.said.endswith("warning")
    assert len(stream.said) < 4096


def test_everything_goes_in_and_is_closed(exec_api: FakeExec) -> None:
    got: list[bytes] = []

    def script(peer: ExecPeer) -> None:
        while True:
            opcode, payload = peer.read()
            if opcode == 2 and payload[0] == 255:
                break
            if opcode == 2:
                got.append(payload[1:])
        peer.exited(0)
        peer.send(8, b"\x03\xe8")

    exec_api.script = script
    pieces = [bytes([number]) * 100_000 for number in range(50)]
    stream = pipe(exec_api, stdin=iter(pieces))
    assert list(stream.read(CancelToken())) == []
    assert stream.rc == 0
    assert b"".join(got) == b"".join(pieces)


def test_an_error_of_what_goes_in_leaves_its_end_out(exec_api: FakeExec) -> None:
    got: list[bytes] = []
    ended = threading.Event()

    def script(peer: ExecPeer) -> None:
        try:
            while True:
                opcode, payload = peer.read()
                if opcode == 2:
                    got.append(payload)
        except EOFError:
            ended.set()

    def broken() -> t.Iterator[bytes]:
        yield b"first"
        raise ArkiveError("It is damaged.")

    exec_api.script = script
    stream = pipe(exec_api, stdin=broken())
    with pytest.raises(ArkiveError, match="It is damaged"):
        list(stream.read(CancelToken()))
    stream.close()
    assert ended.wait(5)
    assert bytes([255, 0]) not in got


def test_a_stream_that_ends_is_no_end(exec_api: FakeExec) -> None:
    def script(peer: ExecPeer) -> None:
        peer.send(2, b"\x01half")
        peer.sock.close()

    exec_api.script = script
    stream = pipe(exec_api)
    with pytest.raises(ExecStreamLost):
        list(stream.read(CancelToken()))


def test_time_that_is_over(exec_api: FakeExec) -> None:
    over = threading.Event()
    exec_api.script = lambda peer: (peer.send(2, b"\x01x"), over.wait(10))[0]
    stream = pipe(exec_api, seconds=0.5)
    with pytest.raises(ExecTimeout, match=r"timed out after 0\.5s"):
        list(stream.read(CancelToken()))
    over.set()


def test_a_run_that_is_cancelled(exec_api: FakeExec) -> None:
    over = threading.Event()
    exec_api.script = lambda peer: (peer.send(2, b"\x01x"), over.wait(10))[0]
    cancel = CancelToken()
    pieces = pipe(exec_api).read(cancel)
    assert next(pieces) == b"x"
    cancel.cancel("a signal came")
    with pytest.raises(Cancelled):
        next(pieces)
    over.set()
