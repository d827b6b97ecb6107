# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that are forwarded to a socket in the file system, as those of pods to the S3 server."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import typing as t
from pathlib import Path

import pytest
from kubelab import forwarder
from kubelab.model import S3_SOCKET


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _echo_in_capitals(listener: socket.socket) -> None:
    """Answers only when the other side has said all."""
    connection, _address = listener.accept()
    with connection, connection.makefile("rb") as said:
        connection.sendall(said.read().upper())


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> t.Iterator[tuple[str, int]]:
    """Where the forwarder of a node, which has the address 127.0.0.1 here, listens for pods."""
    port = _free_port()
    monkeypatch.setattr(forwarder, "S3_PORT", port)
    monkeypatch.setattr(forwarder, "NODE_ADDRESS", forwarder.NODE_ADDRESS.__class__("127.0.0.1/8"))
    with socket.create_server(("127.0.0.1", 0)) as for_host:
        context = multiprocessing.get_context("fork")
        process = context.Process(target=forwarder.forward, args=(for_host.fileno(), tmp_path), daemon=True)
        process.start()
        yield "127.0.0.1", port
        process.kill()
        process.join()


def _connect(address: tuple[str, int]) -> socket.socket:
    for _attempt in range(500):
        try:
            return socket.create_connection(address, timeout=10)
        except ConnectionRefusedError:
            threading.Event().wait(0.01)
    pytest.fail("the forwarder does not listen")


def test_an_answer_comes_after_the_end_of_the_question(address: tuple[str, int], tmp_path: Path) -> None:
    where = tmp_path / S3_SOCKET
    where.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(where))
        listener.listen()
        threading.Thread(target=_echo_in_capitals, args=(listener,), daemon=True).start()
        with _connect(address) as asking, asking.makefile("rb") as answer:
            asking.sendall(b"question")
            asking.shutdown(socket.SHUT_WR)
            assert answer.read() == b"QUESTION"


def test_without_a_server_the_connection_is_closed(address: tuple[str, int]) -> None:
    with _connect(address) as asking, asking.makefile("rb") as answer:
        assert answer.read() == b""


def test_a_relay_leads_to_another_address() -> None:
    """A server in a namespace of its own has the S3 server at the address of pods, which the host has elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo_in_capitals, args=(server,), daemon=True).start()
        context = multiprocessing.get_context("fork")
        place = f"127.0.0.1:{server.getsockname()[1]}"
        process = context.Process(target=forwarder.relay, args=([listener.fileno()], [place]), daemon=True)
        process.start()
        try:
            with _connect(listener.getsockname()) as asking, asking.makefile("rb") as answer:
                asking.sendall(b"question")
                asking.shutdown(socket.SHUT_WR)
                assert answer.read() == b"QUESTION"
        finally:
            process.kill()
            process.join()
