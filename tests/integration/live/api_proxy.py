# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plain HTTP server on loopback before the API server, which loses answers, or requests, as a test decides."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import struct
import tempfile
import threading
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

#: ``lose``: the request is carried out, its answer never comes. ``cut``: it does not get through. ``hang``: neither
#: does, and nobody says so for a while.
Fate = t.Literal["pass", "lose", "cut", "hang"]
Decide = t.Callable[[str, str], Fate]

_HANG_SECONDS = 60.0


def pass_all(_method: str, _target: str) -> Fate:
    return "pass"


class ApiProxy:
    """``decide`` gives the fate of a request by its method and target; ``met`` notes those that did not pass."""

    def __init__(self, kubeconfig: t.Mapping[str, t.Any]) -> None:
        self.decide: Decide = pass_all
        self.met: list[tuple[Fate, str, str]] = []
        server = kubeconfig["clusters"][0]["cluster"]["server"]
        self._target = urllib.parse.urlsplit(server)
        self._tls = _client_tls(kubeconfig)
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._config = kubeconfig
        threading.Thread(target=self._accept, daemon=True).start()

    def connect(self, **options: t.Any) -> KubeClient:
        """A client whose requests all go through here."""
        return connect(KubeAuth(kubeconfig=self.kubeconfig()), **options)

    def kubeconfig(self) -> dict[str, t.Any]:
        """The same as a kubeconfig, for another process."""
        port = self._listener.getsockname()[1]
        clusters = [
            {"name": entry["name"], "cluster": {"server": f"http://127.0.0.1:{port}"}}
            for entry in self._config["clusters"]
        ]
        users = [{"name": entry["name"], "user": {}} for entry in self._config["users"]]
        return {**self._config, "clusters": clusters, "users": users}

    def close(self) -> None:
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), near:
            head, body = _read_request(near)
            if not head:
                return
            method, target, _version = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            fate = self.decide(method, target)
            if fate != "pass":
                self.met.append((fate, method, target))
            if fate == "hang":
                self._closed.wait(_HANG_SECONDS)
            if fate in ("pass", "lose"):
                self._forward(near, head, body, lose=fate == "lose")
            else:
                _reset(near)

    def _forward(self, near: socket.socket, head: bytes, body: bytes, *, lose: bool) -> None:
        address = (self._target.hostname or "", self._target.port or 443)
        plain = socket.create_connection(address, timeout=10)
        with self._tls.wrap_socket(plain, server_hostname=address[0]) as far:
            far.settimeout(None)
            far.sendall(_for_server(head, self._target.netloc) + body)
            if lose:
                while far.recv(65536):
                    pass
                _reset(near)
                return
            if b"upgrade" in head.lower():
                threading.Thread(target=_pump, args=(near, far), daemon=True).start()
            _pump(far, near)


def _client_tls(kubeconfig: t.Mapping[str, t.Any]) -> ssl.SSLContext:
    cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
    context = ssl.create_default_context()
    if "certificate-authority-data" in cluster:
        context.load_verify_locations(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    else:
        context.load_verify_locations(cafile=cluster["certificate-authority"])
    if "client-certificate-data" not in user:
        context.load_cert_chain(user["client-certificate"], user["client-key"])
        return context
    with tempfile.NamedTemporaryFile() as pair:
        for member in ("client-certificate-data", "client-key-data"):
            pair.write(base64.b64decode(user[member]) + b"\n")
        pair.flush()
        context.load_cert_chain(pair.name)
    return context


def _read_request(near: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = near.recv(65536)
        if not more:
            return b"", b""
        data += more
    head, _end, body = data.partition(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
    length = next((int(value) for name, _colon, value in lines if name == b"content-length"), 0)
    while len(body) < length:
        more = near.recv(65536)
        if not more:
            return b"", b""
        body += more
    return head, body


def _for_server(head: bytes, host: str) -> bytes:
    """One request on a connection, unless it becomes a stream."""
    first, *lines = head.split(b"\r\n")
    stream = b"upgrade" in head.lower()
    own = (b"host:",) if stream else (b"host:", b"connection:")
    kept = [line for line in lines if not line.lower().startswith(own)]
    more = [b"Host: " + host.encode(), *([] if stream else [b"Connection: close"])]
    return b"\r\n".join([first, *kept, *more]) + b"\r\n\r\n"


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _reset(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()


__all__ = ("ApiProxy", "Fate", "pass_all")
