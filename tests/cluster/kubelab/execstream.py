# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exec protocols by hand: a websocket with the channels of v4 and v5, as small as can be.

It shows that the cluster speaks both, whatever kubectl chooses.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import struct
import typing as t
import urllib.parse

from kubelab.kubectl import expect
from kubelab.model import Lab

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255


def execute(
    lab: Lab, path: str, script: str, *, protocol: str, stdin: bytes | None = None
) -> tuple[bytes, bytes, dict[str, t.Any]]:
    """Run a shell script in container ``c`` of ``path`` (namespaces/NS/pods/POD): stdout, stderr, final status.

    With v5 stdin is closed after its data; v4 cannot do that.
    """
    query = [("container", "c"), ("stdout", "1"), ("stderr", "1"), *(("command", a) for a in ("sh", "-c", script))]
    if stdin is not None:
        query.append(("stdin", "1"))
    with _connect(lab, f"/api/v1/{path}/exec?{urllib.parse.urlencode(query)}", protocol) as connection:
        if stdin is not None:
            _send(connection, bytes([_STDIN]) + stdin)
            _send(connection, bytes([_CLOSE, _STDIN]))
        got = {_STDOUT: b"", _STDERR: b"", _STATUS: b""}
        with connection.makefile("rb") as stream:
            while not got[_STATUS] and (message := receive(stream)) is not None:
                if message:
                    got[message[0]] += message[1:]
    return got[_STDOUT], got[_STDERR], json.loads(got[_STATUS] or b"{}")


def _connect(lab: Lab, target: str, protocol: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(lab.path("pki/ca.crt")))
    context.load_cert_chain(lab.path("pki/admin.crt"), lab.path("pki/admin.key"))
    plain = socket.create_connection(("127.0.0.1", lab.port), timeout=20)
    connection = context.wrap_socket(plain, server_hostname="127.0.0.1")
    key = base64.b64encode(os.urandom(16)).decode("ascii")
    lines = (
        f"GET {target} HTTP/1.1",
        f"Host: 127.0.0.1:{lab.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {protocol}",
    )
    connection.sendall("\r\n".join((*lines, "", "")).encode("ascii"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        expect(byte, f"the handshake was cut off: {head!r}")
        head += byte
    expect(head.startswith(b"HTTP/1.1 101 ") and protocol.encode() in head, head)
    return connection


def _send(connection: ssl.SSLSocket, payload: bytes) -> None:
    """One masked binary frame of at most 125 bytes."""
    mask = os.urandom(4)
    masked = bytes(b ^ mask[n % 4] for n, b in enumerate(payload))
    connection.sendall(bytes([0x82, 0x80 | len(payload)]) + mask + masked)


def receive(stream: t.BinaryIO) -> bytes | None:
    """The payload of the next frame; None at the end.  The server does not fragment messages."""
    head = stream.read(2)
    if len(head) < 2 or head[0] & 0x0F == 8:
        return None
    length = head[1] & 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", stream.read(2))
    elif length == 127:
        (length,) = struct.unpack(">Q", stream.read(8))
    payload = stream.read(length)
    return payload if head[0] & 0x0F in (1, 2) else b""


__all__ = ["V4", "V5", "execute", "receive"]
