# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP proxy on loopback before an S3 server, which loses answers, lies, and goes away as a test tells it."""

from __future__ import annotations

import http.client
import http.server
import socket
import threading
import typing as t
import urllib.parse

#: ``pass``; ``refuse`` (403, not forwarded); ``drop`` (200, not forwarded); ``truncate`` (the first half is forwarded,
#: and the answer is the server's); ``lose`` (forwarded, the connection ends without an answer); ``away`` (the
#: connection ends at once).
Fate: t.TypeAlias = t.Literal["pass", "refuse", "drop", "truncate", "lose", "away"]


class LosingProxy:
    """``decide`` gives the fate of a request by its method and target. ``met`` notes those that were not passed.

    Signatures hold: the Host header is forwarded as it is. Only ``truncate`` breaks them, so it is for servers and
    clients that do not sign bodies.
    """

    def __init__(self, endpoint: str, decide: t.Callable[[str, str], Fate]) -> None:
        self.decide = decide
        self.met: list[tuple[Fate, str, str]] = []
        proxy = self
        target = urllib.parse.urlsplit(endpoint).netloc

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                if self.headers.get("Expect", "").lower() == "100-continue":
                    self.handle_expect_100()
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fate = proxy.decide(self.command, self.path)
                if fate != "pass":
                    proxy.met.append((fate, self.command, self.path))
                if fate == "refuse":
                    self._answer(403, [], b"<Error><Code>AccessDenied</Code></Error>")
                elif fate == "drop":
                    self._answer(200, [("ETag", '"0"')], b"")
                elif fate == "away":
                    self._hang_up()
                else:
                    status, headers, data = self._forward(body[: len(body) // 2] if fate == "truncate" else body)
                    if fate == "lose":
                        self._hang_up()
                    else:
                        self._answer(status, headers, data)

            def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
                connection = http.client.HTTPConnection(target, timeout=60)
                unsent = ("connection", "expect", "content-length")
                headers = {name: value for name, value in self.headers.items() if name.lower() not in unsent}
                if body or self.command in ("PUT", "POST"):
                    headers["Content-Length"] = str(len(body))
                connection.request(self.command, self.path, body=body or None, headers=headers)
                answer = connection.getresponse()
                data = answer.read()
                connection.close()
                return answer.status, answer.getheaders(), data

            def _hang_up(self) -> None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def log_message(self, *_arguments: t.Any) -> None:
                """Nothing is written to the terminal."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


__all__ = ("Fate", "LosingProxy")
