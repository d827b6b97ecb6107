# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP as S3 speaks it: requests taken apart, answered by whatever is asked to, with faults between where wanted."""

from __future__ import annotations

import dataclasses
import http.server
import threading
import time
import typing as t
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Request:
    """``key`` is the object's; empty for requests about the bucket. Names of headers are in small letters."""

    method: str
    target: str
    bucket: str
    key: str
    query: t.Mapping[str, str]
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """The name that AWS has for it."""
        if self.key:
            return _OF_OBJECTS.get((self.method, self._about), self.method)
        if self.method == "POST":
            return "DeleteObjects"
        lists = "ListMultipartUploads" if "uploads" in self.query else "ListObjects"
        return f"{lists}V2" if "list-type" in self.query else lists

    @property
    def _about(self) -> str:
        return next((name for name in ("uploads", "uploadId") if name in self.query), "")


_OF_OBJECTS = {
    ("GET", ""): "GetObject",
    ("HEAD", ""): "HeadObject",
    ("PUT", ""): "PutObject",
    ("DELETE", ""): "DeleteObject",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}


@dataclasses.dataclass(frozen=True)
class Reply:
    """``cut``: the connection ends without it. ``wait``: seconds before it is sent."""

    status: int
    body: bytes = b""
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    cut: bool = False
    wait: float = 0.0


Answerer: t.TypeAlias = "t.Callable[[Request], Reply]"


def failure(status: int, code: str, message: str = "") -> Reply:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, body.encode(), {"Content-Type": "application/xml"})


class S3Wire:
    """A context: an HTTP server on 127.0.0.1 whose requests ``answer`` gets, one thread for each connection."""

    def __init__(self, answer: Answerer) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> t.Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.answer(request)


def _handler(wire: S3Wire) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        #: Headers and body are two writes: without this the second waits for the first to be acknowledged.
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            reply = wire.take(self._read())
            if reply.wait:
                time.sleep(reply.wait)
            if reply.cut:
                self.close_connection = True
                return
            self.send_response(reply.status)
            length = {} if any(name.lower() == "content-length" for name in reply.headers) else len(reply.body)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if isinstance(length, int) and reply.status != 204:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

        def _read(self) -> Request:
            parts = urllib.parse.urlsplit(self.path)
            bucket, _slash, key = urllib.parse.unquote(parts.path).lstrip("/").partition("/")
            return Request(
                method=self.command,
                target=self.path,
                bucket=bucket,
                key=key,
                query=dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers},
                body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            )

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    return Handler


__all__ = ("Answerer", "Reply", "Request", "S3Wire", "failure")
