# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One non-blocking TCP or TLS connection to the API server, for what a connection pool cannot carry: exec and watch.

Each wait ends at a deadline of the monotonic clock and polls the cancel token. Data that TLS has already decrypted is
always read before the socket is waited for.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import errno
import io
import os
import select
import socket
import ssl
import time
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.abandonable import call_abandonable
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: How often a wait looks at the cancel token, in seconds.
_TICK = 0.2
_CHUNK = 65536


class Deadline:
    """A point of the monotonic clock; ``None`` seconds means never."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left, never below 0; infinite without a limit."""
        return float("inf") if self._end is None else max(0.0, self._end - time.monotonic())

    @property
    def has_passed(self) -> bool:
        return self.remaining <= 0

    def sooner(self, seconds: float) -> Deadline:
        """A deadline in ``seconds``, unless this one is sooner."""
        return Deadline(min(self.remaining, seconds))


class Wire:
    """An open connection. Raises ``OSError`` (``TimeoutError`` for a deadline) and ``Cancelled``, nothing else."""

    def __init__(self, sock: socket.socket, cancel: CancelToken) -> None:
        self._sock = sock
        self._cancel = cancel
        self._write_wants_read = False
        self._read_wants_write = False
        sock.setblocking(False)

    def receive_now(self, size: int = _CHUNK) -> bytes | None:
        """What is there: None when nothing is, ``b""`` when the peer has closed."""
        self._read_wants_write = False
        try:
            return self._sock.recv(size)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLWantWriteError:
            self._read_wants_write = True
            return None

    def send_now(self, data: bytes | bytearray | memoryview) -> int:
        """Send what fits; 0 when nothing does."""
        self._write_wants_read = False
        try:
            return self._sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLWantReadError:
            self._write_wants_read = True
            return 0

    def wait(self, *, read: bool = True, write: bool = False, seconds: float) -> None:
        """Sleep until the socket is ready or ``seconds`` are over, at most one tick. Call again in a loop."""
        self._cancel.check()
        events = select.POLLIN if read or (write and self._write_wants_read) else 0
        if (write and not self._write_wants_read) or self._read_wants_write:
            events |= select.POLLOUT
        poller = select.poll()
        poller.register(self._sock, events)
        poller.poll(max(0.0, min(seconds, _TICK)) * 1000)
        self._cancel.check()

    def receive(self, deadline: Deadline) -> bytes:
        """The next bytes, ``b""`` at the end of the stream."""
        while True:
            data = self.receive_now()
            if data is not None:
                return data
            self._require_time(deadline)
            self.wait(seconds=deadline.remaining)

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of ``data``."""
        rest = memoryview(data)
        while rest:
            sent = self.send_now(rest)
            rest = rest[sent:]
            if rest and not sent:
                self._require_time(deadline)
                self.wait(read=False, write=True, seconds=deadline.remaining)

    def start_tls(self, context: ssl.SSLContext, name: str, deadline: Deadline) -> None:
        """Put TLS over the connection; ``name`` is what the certificate must be for."""
        wrapped = context.wrap_socket(self._sock, server_hostname=name, do_handshake_on_connect=False)
        self._sock = wrapped
        wrapped.setblocking(False)
        while True:
            try:
                wrapped.do_handshake()
                return
            except ssl.SSLWantReadError:
                self._require_time(deadline)
                self.wait(seconds=deadline.remaining)
            except ssl.SSLWantWriteError:
                self._require_time(deadline)
                self.wait(read=False, write=True, seconds=deadline.remaining)

    def close(self) -> None:
        """Close at once, without waiting for the peer."""
        self._sock.close()

    @staticmethod
    def _require_time(deadline: Deadline) -> None:
        if deadline.has_passed:
            raise TimeoutError("timed out")


class WireReader(io.RawIOBase):
    """A wire as a raw stream, so that ``http.client`` can take a body from it. ``head`` is read before the wire."""

    def __init__(self, wire: Wire, deadline: Deadline, head: bytes = b"") -> None:
        super().__init__()
        self._wire = wire
        self._deadline = deadline
        self._rest = head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        data = self._rest or self._wire.receive(self._deadline)
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        self._rest = data[size:]
        return size


def open_wire(access: ApiAccess, *, deadline: Deadline, cancel: CancelToken) -> Wire:
    """Connect to the API server, through the proxy if there is one, with TLS when the server's URL says https."""
    target = _proxy_address(access.proxy) if access.proxy else (access.host, access.port)
    wire = Wire(_connect(target, deadline, cancel), cancel)
    try:
        if access.proxy:
            _ask_proxy(wire, access, deadline)
        if access.tls is not None:
            wire.start_tls(access.tls, access.tls_server_name or access.host, deadline)
    except BaseException:
        wire.close()
        raise
    return wire


def _connect(target: tuple[str, int], deadline: Deadline, cancel: CancelToken) -> socket.socket:
    failure: OSError | None = None
    addresses = call_abandonable(
        lambda: socket.getaddrinfo(*target, type=socket.SOCK_STREAM), seconds=deadline.remaining, cancel=cancel
    )
    for family, kind, protocol, _name, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            _connect_to(sock, address, deadline, cancel)
            return sock
        except OSError as exc:
            sock.close()
            failure = exc
        except BaseException:
            sock.close()
            raise
    raise failure or OSError(errno.EHOSTUNREACH, "no address")


def _connect_to(sock: socket.socket, address: t.Any, deadline: Deadline, cancel: CancelToken) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    code = sock.connect_ex(address)
    if code == errno.EINPROGRESS:
        poller = select.poll()
        poller.register(sock, select.POLLOUT)
        while not poller.poll(min(_TICK, deadline.remaining) * 1000):
            cancel.check()
            if deadline.has_passed:
                raise TimeoutError("timed out")
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def _proxy_address(proxy: str) -> tuple[str, int]:
    parts = urllib.parse.urlsplit(proxy)
    if parts.scheme != "http" or not parts.hostname:
        raise KubeError(
            f"A proxy of the kind '{parts.scheme}' cannot carry exec and watch streams.",
            hint="Use an http:// proxy, or name the API server in no_proxy.",
        )
    return parts.hostname, parts.port or 80


def _ask_proxy(wire: Wire, access: ApiAccess, deadline: Deadline) -> None:
    host = f"[{access.host}]" if ":" in access.host else access.host
    lines = [f"CONNECT {host}:{access.port} HTTP/1.1", f"Host: {host}:{access.port}"]
    lines += [f"{name}: {value}" for name, value in access.proxy_headers.items()]
    wire.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), deadline)
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = wire.receive(deadline)
        if not data or len(answer) > _CHUNK:
            raise ConnectionResetError(errno.ECONNRESET, "the proxy closed the connection")
        answer += data
    status = answer.split(b"\r\n", 1)[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"the proxy refused with '{status}'")


__all__ = ("Deadline", "Wire", "WireReader", "open_wire")
