# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may become of a request on its way to an S3 server, and a proxy that does it to those that a test names."""

from __future__ import annotations

import dataclasses
import http.client
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import (
    Answerer,
    Reply,
    Request,
    S3Wire,
    failure,
)

#: ``pass``. ``refuse``: 403, and nothing is done. ``drop``: 200, and nothing is done. ``truncate``: half of the body is
#: stored, and the answer is the server's. ``lose``: done, and the connection ends without an answer. ``away``: the
#: connection ends at once. ``hang``: nothing is done or said for a while. ``no-etag``: done, and answered without it.
#: ``error-in-200``: nothing is done, the status is 200 and the body an error. A number: that status, nothing is done.
#: ``500-after``: done, and answered with 500.
Fate: t.TypeAlias = t.Literal[
    "pass", "refuse", "drop", "truncate", "lose", "away", "hang", "no-etag", "error-in-200",
    "400", "412", "500", "500-after", "501", "503",
]  # fmt: skip
_REFUSALS: dict[str, tuple[int, str]] = {
    "refuse": (403, "AccessDenied"),
    "400": (400, "InvalidRequest"),
    "412": (412, "PreconditionFailed"),
    "500": (500, "InternalError"),
    "500-after": (500, "InternalError"),
    "501": (501, "NotImplemented"),
    "503": (503, "SlowDown"),
}
#: Longer than a client of the tests waits.
_HANG_SECONDS = 4.0
_OF_THE_CONNECTION = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
_DONE = frozenset({"lose", "500-after", "no-etag"})


def meet(fate: Fate, request: Request, server: Answerer) -> Reply:
    """The answer to ``request``, which ``server`` gets as far as ``fate`` lets it."""
    if fate == "pass":
        return server(request)
    if fate == "truncate":
        return server(dataclasses.replace(request, body=request.body[: len(request.body) // 2]))
    answer = server(request) if fate in _DONE else Reply(200)
    if fate in _REFUSALS:
        return failure(*_REFUSALS[fate], "made to fail")
    if fate == "error-in-200":
        return dataclasses.replace(failure(500, "InternalError", "made to fail"), status=200)
    if fate == "no-etag":
        kept = {name: value for name, value in answer.headers.items() if name.lower() != "etag"}
        return dataclasses.replace(answer, headers=kept)
    if fate == "drop":
        return Reply(200, b"<DeleteResult/>" if request.operation == "DeleteObjects" else b"", {"ETag": '"0"'})
    return Reply(200, cut=True, wait=_HANG_SECONDS if fate == "hang" else 0.0)


class Forwarder:
    """Hands requests on to the server at ``endpoint``, as they are: their signatures hold, but for changed bodies."""

    def __init__(self, endpoint: str) -> None:
        self._address = urllib.parse.urlsplit(endpoint).netloc

    def __call__(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        unsent = ("connection", "expect", "content-length")
        headers = {name: value for name, value in request.headers.items() if name not in unsent}
        if request.body or request.method in ("PUT", "POST"):
            headers["content-length"] = str(len(request.body))
        try:
            connection.request(request.method, request.target, request.body or None, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION}
            body = answer.read()
            if request.method == "HEAD" and (length := answer.getheader("Content-Length")):
                kept["Content-Length"] = length
            return Reply(answer.status, body, kept)
        finally:
            connection.close()


class LosingProxy:
    """Before an S3 server: ``decide`` gives the fate of a request by its method and target.

    ``met`` notes those that were not passed.
    """

    def __init__(self, endpoint: str, decide: t.Callable[[str, str], Fate]) -> None:
        self.decide = decide
        self.met: list[tuple[Fate, str, str]] = []
        self._server = Forwarder(endpoint)
        self._wire = S3Wire(self._answer).__enter__()
        self.endpoint = self._wire.url

    def _answer(self, request: Request) -> Reply:
        fate = self.decide(request.method, request.target)
        if fate != "pass":
            self.met.append((fate, request.method, request.target))
        return meet(fate, request, self._server)

    def close(self) -> None:
        self._wire.__exit__()


__all__ = ("Fate", "Forwarder", "LosingProxy", "meet")
