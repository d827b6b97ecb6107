# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP/1.1 over a wire: send a request, read the head of the answer, then its body or the bytes after an upgrade."""

# Private: not for use outside of this collection.

from __future__ import annotations

import email.message
import http.client
import io
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline, Wire, WireReader

_LONGEST_HEAD = 1 << 18


class Answer:
    """Status and headers of an answer. ``rest`` holds the bytes that came with them and belong to what follows."""

    def __init__(self, status: int, headers: email.message.Message, head: bytes, rest: bytes, wire: Wire) -> None:
        self.status = status
        self.headers = headers
        self.rest = rest
        self._head = head
        self._wire = wire

    def body(self, deadline: Deadline) -> http.client.HTTPResponse:
        """The body as a stream; length, chunks and the end of the connection are understood."""
        reader = io.BufferedReader(WireReader(self._wire, deadline, self._head + self.rest), 65536)
        response = http.client.HTTPResponse(t.cast("t.Any", _Readable(reader)), method="GET")
        response.begin()
        return response


class _Readable:
    """What ``HTTPResponse`` wants of a socket."""

    def __init__(self, reader: io.BufferedIOBase) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedIOBase:
        return self._reader


def send_get(
    wire: Wire, access: ApiAccess, path: str, headers: t.Iterable[tuple[str, str]], deadline: Deadline
) -> None:
    """Send ``GET path`` with the credential's headers and ``headers``; ``path`` begins below the server's URL."""
    parts = urllib.parse.urlsplit(access.server)
    lines = [f"GET {parts.path}{path} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}", "User-Agent: arkive.k8s"]
    # The credential's headers are bytes already, one character each.
    given = "".join(f"{name}: {value}\r\n" for name, value in (*access.headers, *headers)).encode("latin-1")
    wire.send("".join(f"{line}\r\n" for line in lines).encode("utf-8") + given + b"\r\n", deadline)


def read_answer(wire: Wire, deadline: Deadline) -> Answer:
    """Wait for the head of the answer. Raises ``OSError`` when the peer closes before it or answers nonsense."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        data = wire.receive(deadline)
        if not data:
            raise ConnectionResetError("the connection was closed before an answer came")
        seen += data
        if len(seen) > _LONGEST_HEAD:
            raise ConnectionAbortedError("the answer has headers without end")
    head, _blank, rest = seen.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    stream = io.BytesIO(head)
    words = stream.readline().decode("latin-1").split(" ")
    if not words[0].startswith("HTTP/1.") or len(words) < 2 or not words[1].isdigit():
        raise ConnectionAbortedError("the answer is not HTTP/1.1")
    try:
        headers = http.client.parse_headers(stream)
    except http.client.HTTPException as exc:
        raise ConnectionAbortedError(f"the answer's headers cannot be read: {exc}") from exc
    return Answer(int(words[1]), headers, head, rest, wire)


__all__ = ("Answer", "read_answer", "send_get")
