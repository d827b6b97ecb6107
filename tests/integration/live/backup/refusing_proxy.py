# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP proxy on loopback before an S3 server, which refuses what a test tells it to refuse."""

from __future__ import annotations

import http.client
import http.server
import threading
import typing as t
import urllib.parse


class RefusingProxy:
    """Forwards requests as they are, with their Host header, so that their signatures hold.

    ``refuse`` decides by method and target; a refused request is answered with 403 and counted.
    """

    def __init__(self, endpoint: str, refuse: t.Callable[[str, str], bool]) -> None:
        self.refused = 0
        proxy = self
        target = urllib.parse.urlsplit(endpoint).netloc

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if refuse(self.command, self.path):
                    proxy.refused += 1
                    self._answer(403, [], b"<Error><Code>AccessDenied</Code></Error>")
                    return
                connection = http.client.HTTPConnection(target, timeout=60)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                connection.request(self.command, self.path, body=body or None, headers=headers)
                answer = connection.getresponse()
                data = answer.read()
                self._answer(answer.status, answer.getheaders(), data)
                connection.close()

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
