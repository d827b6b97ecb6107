# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API servers that accept and do not answer, as plain sockets: every kind of call ends, and obeys its cancel token."""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube import client as client_module
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecStreamLost, exec_command

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


class SilentServer:
    """Says ``first`` on each connection, and then one byte every ``every`` seconds, or nothing."""

    def __init__(self, first: bytes = b"", every: float | None = None) -> None:
        self._first = first
        self._every = every
        self._ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._ended.set()
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._socket.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._first:
                connection.recv(65536)
                connection.sendall(self._first)
            while not self._ended.wait(self._every or 0.5):
                if self._every:
                    connection.sendall(b" ")


Calls: t.TypeAlias = t.Callable[[KubeClient], object]

CALLS = [
    pytest.param(lambda c: c.get("/api/v1/pods"), id="list"),
    pytest.param(lambda c: c.patch("/api/v1/namespaces/x", {}), id="patch"),
    pytest.param(lambda c: c.post("/api/v1/namespaces", {}), id="post"),
    pytest.param(lambda c: c.can_i("get", resource="pods"), id="access review"),
    pytest.param(Discovery.read, id="discovery"),
    pytest.param(lambda c: list(c.stream("/api/v1/pods", query={"watch": "1"}, timeout=60)), id="watch"),
]
KINDS = [
    pytest.param((b"", None), id="silent"),
    pytest.param((HEAD, None), id="headers only"),
    pytest.param((HEAD, 0.2), id="trickles"),
]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> t.Iterator[SilentServer]:
    server = SilentServer(*request.param)
    yield server
    server.close()


@pytest.fixture(scope="module")
def waits() -> dict[str, str]:
    """What the calls to all servers ended with, all at once: each of them waits."""
    pairs = list(itertools.product(KINDS, CALLS[:5]))
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(pairs)) as pool:
        patch.setattr(client_module, "_TOTAL_SECONDS", 2.0)
        ended = pool.map(lambda pair: how_long_it_waits(*pair[0].values, pair[1].values[0]), pairs)
        return {f"{kind.id}-{call.id}": end for (kind, call), end in zip(pairs, ended, strict=True)}


def how_long_it_waits(kind: tuple[bytes, float | None], call: Calls) -> str:
    server = SilentServer(*kind)
    client = connect(KubeAuth(host=server.url, api_key="x"), timeout=1.0)
    started = time.monotonic()
    try:
        call(client)
    except KubeTimeout as exc:
        seconds = time.monotonic() - started
        return str(exc) if seconds < 5 else f"after {seconds} s: {exc}"
    finally:
        server.close()
    return "answered"


@pytest.mark.parametrize("name", [f"{kind.id}-{call.id}" for kind, call in itertools.product(KINDS, CALLS[:5])])
def test_waiting_ends_with_a_sentence(name: str, waits: dict[str, str]) -> None:
    assert re.search(r"^(?!after ).*did not answer (GET|POST|PATCH) /api.* within [12] s", waits[name])


def test_a_watch_that_is_never_answered_ends() -> None:
    server = SilentServer()
    client = connect(KubeAuth(host=server.url, api_key="x"), timeout=1.0)
    with pytest.raises(KubeTimeout, match="did not answer GET /api/v1/pods within 1 s"):
        list(client.stream("/api/v1/pods", timeout=60))
    server.close()


def test_a_cancelled_run_does_not_wait() -> None:
    """All calls to all servers at once, since each of them waits for the grace that a cancelled run gives."""
    pairs = list(itertools.product(KINDS, CALLS))
    with ThreadPoolExecutor(len(pairs)) as pool:
        ended = list(pool.map(lambda pair: how_it_ends(*pair[0].values, pair[1].values[0]), pairs))
    names = [f"{call.id}, {kind.id}" for kind, call in pairs]
    assert {name: end for name, end in zip(names, ended, strict=True) if end != "cancelled"} == {}


def how_it_ends(kind: tuple[bytes, float | None], call: Calls) -> str:
    server = SilentServer(*kind)
    cancel = CancelToken()
    client = connect(KubeAuth(host=server.url, api_key="x"), cancel=cancel)
    threading.Timer(0.5, cancel.cancel, ["test"]).start()
    started = time.monotonic()
    try:
        call(client)
    except Cancelled:
        seconds = time.monotonic() - started
        return "cancelled" if seconds < 5 else f"cancelled after {seconds} s"
    finally:
        server.close()
    return "answered"


@pytest.mark.parametrize("server", KINDS[:1], indirect=True)
def test_a_cancelled_run_does_not_wait_for_a_command(server: SilentServer) -> None:
    cancel = CancelToken()
    client = connect(KubeAuth(host=server.url, api_key="x"), cancel=cancel)
    threading.Timer(0.5, cancel.cancel, ["test"]).start()
    started = time.monotonic()
    with pytest.raises((Cancelled, ExecStreamLost)):
        exec_command(client, namespace="n", pod="p", container="c", argv=["true"], timeout=60)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("host", ["http://arkive-test.invalid:1", "http://10.255.255.1:6443"])
@pytest.mark.parametrize("call", [CALLS[0], CALLS[5]])
def test_a_cancelled_run_does_not_wait_for_a_connection(
    host: str, call: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: released.wait(30) or [])
    cancel = CancelToken()
    client = connect(KubeAuth(host=host, api_key="x"), cancel=cancel)
    threading.Timer(0.5, cancel.cancel, ["test"]).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        call(client)
    assert time.monotonic() - started < 5
    released.set()


def test_a_release_after_the_cancelling_still_gets_its_answer() -> None:
    """An answer that is under way comes through, and whoever has another token is not disturbed."""
    body = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
    server = SilentServer(body, every=0.5)
    cancel = CancelToken()
    client = connect(KubeAuth(host=server.url, api_key="x"), cancel=cancel)
    threading.Timer(0.2, cancel.cancel, ["test"]).start()
    assert client.get_bytes("/api") == b"  ", "within the grace"
    assert client.with_cancel(CancelToken()).get_bytes("/api") == b"  "
    with pytest.raises(Cancelled):
        client.get_bytes("/api")
    server.close()
