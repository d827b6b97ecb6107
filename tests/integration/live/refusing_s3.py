# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plain HTTP server on loopback before the S3 server, which refuses some of what would change something."""

from __future__ import annotations

import http.client
import http.server
import re
import threading
import typing as t
import urllib.parse

_DENIED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
_OWN = ("connection", "transfer-encoding", "content-length", "date", "server")
_XML = [("Content-Type", "application/xml")]

#: What becomes of a request: it passes; it is denied; of a batch of deletes, each key is, and the answer is 200.
Fate: t.TypeAlias = t.Literal["pass", "deny", "deny keys"]


class RefusingS3:
    """``decide`` gets method and path of each request that would change something. ``refused``: those that were."""

    def __init__(self, endpoint: str, decide: t.Callable[[str, str], Fate]) -> None:
        self.refused: list[str] = []
        address = urllib.parse.urlsplit(endpoint).netloc
        refused = self.refused

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._pass_on(b"")

            do_HEAD = do_GET

            def do_PUT(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fate = decide(self.command, self.path)
                if fate == "pass":
                    self._pass_on(sent)
                    return
                refused.append(f"{self.command} {self.path}")
                body = _DENIED if fate == "deny" else _denied_keys(sent)
                self._answer(403 if fate == "deny" else 200, _XML, body, str(len(body)))

            do_POST = do_DELETE = do_PUT

            def _pass_on(self, sent: bytes) -> None:
                far = http.client.HTTPConnection(address, timeout=30)
                # Signed for this server, whose name is part of what is signed.
                far.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() != "expect":
                        far.putheader(name, value)
                far.endheaders(sent or None)
                answer = far.getresponse()
                body = answer.read()
                length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(body))
                self._answer(answer.status, answer.getheaders(), body, length or "0")
                far.close()

            def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, length: str) -> None:
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in _OWN:
                        self.send_header(name, value)
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_given: t.Any) -> None:
                """Nothing is logged."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _denied_keys(sent: bytes) -> bytes:
    """The answer to a batch of deletes of which none is carried out."""
    keys = re.findall(rb"<Key>(.*?)</Key>", sent)
    errors = b"".join(
        b"<Error><Key>%s</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>" % key for key in keys
    )
    return b'<?xml version="1.0"?><DeleteResult>' + errors + b"</DeleteResult>"


class ReadOnlyS3(RefusingS3):
    """Refuses whatever would change something."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint, lambda _method, _path: "deny")


__all__ = ("Fate", "ReadOnlyS3", "RefusingS3")
