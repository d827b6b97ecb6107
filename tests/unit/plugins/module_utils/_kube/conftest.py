# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback that say exactly what a test wants them to."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import socket
import struct
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import RetryPolicy

QUICK = RetryPolicy(base=0.001, longest=0.002, budget=5.0)


class FakeApi:
    """Answers requests from a list of ``(status, body, headers)``; the last answer repeats. ``seen`` keeps requests."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, t.Any, dict[str, str]]] = []
        self.seen: list[tuple[str, str, list[tuple[str, str]], bytes]] = []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api.seen.append((self.command, self.path, list(self.headers.items()), body))
                status, document, headers = api.answers.pop(0) if len(api.answers) > 1 else api.answers[0]
                data = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_args: t.Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def say(self, status: int, document: t.Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, {} if document is None else document, named))

    def client(self, **options: t.Any) -> KubeClient:
        return connect(KubeAuth(host=self.url, **{"api_key": "t0ken", **options}), timeout=5.0, retry=QUICK)


@pytest.fixture
def api() -> t.Iterator[FakeApi]:
    fake = FakeApi()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


class ExecPeer:
    """The server's side of one websocket."""

    def __init__(self, sock: socket.socket, rest: bytes) -> None:
        self.sock = sock
        self._buffer = rest

    def send(self, opcode: int, payload: bytes, *, fin: bool = True) -> None:
        self.sock.sendall(self.frame(opcode, payload, fin=fin))

    @staticmethod
    def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
        size = len(payload)
        head = bytes([(0x80 if fin else 0) | opcode])
        if size < 126:
            return head + bytes([size]) + payload
        return head + bytes([126]) + struct.pack("!H", size) + payload

    def status(self, **fields: t.Any) -> None:
        self.send(2, b"\x03" + json.dumps(fields).encode())

    def exited(self, code: int) -> None:
        if code == 0:
            self.status(status="Success")
        else:
            causes = [{"reason": "ExitCode", "message": str(code)}]
            self.status(status="Failure", reason="NonZeroExitCode", details={"causes": causes})

    def read(self) -> tuple[int, bytes]:
        """The next frame from the client, unmasked."""
        first, second = self._take(2)
        assert second & 0x80, "a client must mask"
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        key, payload = self._take(4), self._take(size)
        return first & 0x0F, bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


class FakeExec:
    """Upgrades each connection and hands it to ``script``; or sends ``refusal`` (raw HTTP) instead."""

    def __init__(self) -> None:
        self.script: t.Callable[[ExecPeer], None] = lambda peer: peer.exited(0)
        self.refusals: list[bytes] = []
        self.protocol = "v5.channel.k8s.io"
        self.heads: list[str] = []
        self.problems: list[BaseException] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def client(self) -> KubeClient:
        return connect(KubeAuth(host=self.url, api_key="t0ken", impersonate_user="u"), retry=QUICK)

    def _serve(self) -> None:
        while True:
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock: socket.socket) -> None:
        with sock:
            head = b""
            while b"\r\n\r\n" not in head:
                head += sock.recv(65536)
            text, _blank, rest = head.partition(b"\r\n\r\n")
            self.heads.append(text.decode())
            if self.refusals:
                sock.sendall(self.refusals.pop(0))
                return
            key = next(line.split(": ")[1] for line in self.heads[-1].splitlines() if "WebSocket-Key" in line)
            accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
            sock.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: "
                + accept
                + b"\r\nSec-WebSocket-Protocol: "
                + self.protocol.encode()
                + b"\r\n\r\n"
            )
            try:
                self.script(ExecPeer(sock, rest))
            except (OSError, EOFError):
                return
            except AssertionError as exc:
                self.problems.append(exc)


@pytest.fixture
def exec_api() -> t.Iterator[FakeExec]:
    fake = FakeExec()
    yield fake
    fake.close()
    assert not fake.problems
