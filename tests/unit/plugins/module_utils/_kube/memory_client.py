# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project's client with a server in memory: all of it but the connection."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeTimeout, answered_error
from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import RetryPolicy
from ansible_collections.arkive.k8s.plugins.module_utils._kube.session import Lane, Session
from ansible_collections.arkive.k8s.plugins.module_utils._kube.warning_header import WarningSink
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import (
    Answer,
    Refused,
    Request,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import Object

SERVER = "https://127.0.0.1:6443"
_QUICK = RetryPolicy(base=0.001, longest=0.002, budget=5.0, longest_asked=1.0)


class Server(t.Protocol):
    """What answers."""

    def answer(self, request: Request) -> Answer:
        """Anything but a watch."""

    def watch(self, request: Request, seconds: float) -> t.Iterator[Object | None]:
        """The events of a watch; None whenever there is none for a moment."""

    def log(self, request: Request) -> t.Iterator[bytes]:
        """The log of a container, in pieces."""

    def now(self) -> dt.datetime:
        """Its time."""


class Response(t.NamedTuple):
    """As urllib3 gives it."""

    status: int
    headers: t.Mapping[str, str]
    data: bytes


class MemoryPool:
    """In the place of urllib3's pool of connections."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def request(
        self, verb: str, url: str, *, body: bytes | None = None, headers: t.Mapping[str, str], **_more: t.Any
    ) -> Response:
        answer = self._server.answer(_read(verb, url, headers, body))
        data = answer.document if isinstance(answer.document, bytes) else encode_compact(answer.document) + b"\n"
        told = {"Date": email.utils.format_datetime(self._server.now(), usegmt=True), **answer.headers}
        return Response(answer.status, told, data)


def _read(verb: str, url: str, headers: t.Mapping[str, str], body: bytes | None) -> Request:
    path, _mark, query = url.partition("?")
    return Request(
        verb=verb,
        path=path,
        query=dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in headers.items()},
        body=json.loads(body) if body else None,
    )


class MemorySession(Session):
    """One lane, for as long as it lives."""

    def __init__(self, access: ApiAccess, pool: MemoryPool) -> None:
        super().__init__(lambda *, cancel: access, timeout=5.0, pool_size=1, retry=_QUICK)
        self._only = Lane(1, access, pool)
        self.ever_answered = True

    def lane_for(self, cancel: CancelToken) -> Lane:
        return self._only


class MemoryClient(KubeClient):
    """Watches are not sent through a pool; theirs is the only call that is made anew."""

    def __init__(
        self, session: Session, server: Server, *, cancel: CancelToken, on_warning: WarningSink | None = None
    ) -> None:
        super().__init__(session, cancel=cancel, on_warning=on_warning)
        self._memory = server

    def with_cancel(self, cancel: CancelToken) -> KubeClient:
        return MemoryClient(self.session, self._memory, cancel=cancel)

    def heeding(self, on_warning: WarningSink) -> KubeClient:
        return MemoryClient(self.session, self._memory, cancel=self.cancel, on_warning=on_warning)

    def stream(
        self, path: str, *, query: t.Mapping[str, str] | None = None, timeout: float
    ) -> t.Generator[bytes, None, None]:
        self.cancel.check()
        self.session.count_request()
        request = Request(verb="GET", path=path, query=query or {}, headers=dict(self.access.headers))
        try:
            for event in self._memory.watch(request, timeout):
                self.cancel.check()
                if event is not None:
                    yield encode_compact(event)
        except Refused as exc:
            code, body = exc.answer.status, encode_compact(exc.answer.document)
            raise answered_error(server=self.server, verb="GET", path=path, code=code, body=body) from exc
        if "timeoutSeconds" not in request.query:
            raise KubeTimeout(f"The API server {self.server} did not answer GET {path} within {timeout:g} s.")

    def stream_bytes(
        self, path: str, *, query: t.Mapping[str, str] | None = None, accept: str = "", timeout: float
    ) -> t.Generator[bytes, None, None]:
        self.cancel.check()
        self.session.count_request()
        request = Request(verb="GET", path=path, query=query or {}, headers={"accept": accept})
        for piece in self._memory.log(request):
            self.cancel.check()
            yield piece


def memory_client(server: Server, *, user: str = "", cancel: CancelToken | None = None) -> KubeClient:
    """A client of the server; ``user`` is impersonated."""
    impersonation = (("impersonate-user", user),) if user else ()
    access = ApiAccess(
        source="the test",
        server=SERVER,
        headers=impersonation,
        tls=None,
        tls_settings=None,
        tls_digest="",
        tls_server_name=None,
        proxy=None,
        proxy_headers={},
        expires_at=None,
        renewable=False,
        reload_seconds=None,
    )
    return MemoryClient(MemorySession(access, MemoryPool(server)), server, cancel=cancel or CancelToken())


__all__ = ("SERVER", "MemoryClient", "memory_client")
