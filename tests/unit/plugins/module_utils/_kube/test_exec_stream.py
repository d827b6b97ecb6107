# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command that is stayed with: what it is told goes out meanwhile, and its end is noticed."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream

if t.TYPE_CHECKING:
    from conftest import ExecPeer, FakeExec


def stream_of(api: FakeExec) -> ExecStream:
    return ExecStream(api.client(), namespace="ns", pod="p", container="c", argv=["cat"], timeout=10.0)


def read_all(peer: ExecPeer, got: list[bytes], wanted: int) -> None:
    while sum(map(len, got)) < wanted:
        opcode, payload = peer.read()
        if opcode == 2:
            got.append(payload[1:])


def test_what_it_is_told_goes_out_while_it_is_stayed_with(exec_api: FakeExec) -> None:
    got: list[bytes] = []
    go = threading.Event()

    def script(peer: ExecPeer) -> None:
        read_all(peer, got, 200_000)
        go.wait(10)
        peer.exited(0)
        peer.send(8, b"\x03\xe8")

    exec_api.script = script
    stream = stream_of(exec_api)
    stream.send("x" * 200_000)
    assert stream.go_on(0.5, cancel=CancelToken()) is True
    go.set()
    assert stream.go_on(20.0, cancel=CancelToken()) is False, "it has ended, long before that"
    assert b"".join(got) == b"x" * 200_000
    stream.abort()


def test_its_lines_are_taken_as_they_are_whole(exec_api: FakeExec) -> None:
    """What has no end yet stays, and goes with the rest."""
    go = threading.Event()

    def script(peer: ExecPeer) -> None:
        peer.send(2, b"\x01one\ntw")
        go.wait(10)
        peer.send(2, b"\x01o\n\nend")
        peer.exited(0)
        peer.send(8, b"\x03\xe8")

    exec_api.script = script
    stream, cancel, found = stream_of(exec_api), CancelToken(), []
    while not found:
        assert stream.go_on(0.1, cancel=cancel) is True
        found = stream.take_lines()
    assert found == ["one"]
    assert stream.take_lines() == []
    go.set()
    assert stream.go_on(20.0, cancel=cancel) is False
    assert stream.take_lines() == ["two", ""]
    assert stream.take_said() == "end"
    stream.abort()


def test_a_stream_that_the_server_closes_is_over(exec_api: FakeExec) -> None:
    """Whether the command has ended nobody knows by that alone."""
    exec_api.script = lambda peer: peer.send(8, b"\x03\xe8")
    stream = stream_of(exec_api)
    assert stream.go_on(20.0, cancel=CancelToken()) is False
    stream.abort()


def test_who_stays_obeys_a_cancel(exec_api: FakeExec) -> None:
    over = threading.Event()
    exec_api.script = lambda _peer: over.wait(10)
    stream, cancel = stream_of(exec_api), CancelToken()
    assert stream.go_on(0.1, cancel=cancel) is True
    cancel.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        stream.go_on(20.0, cancel=cancel)
    stream.abort()
    over.set()
