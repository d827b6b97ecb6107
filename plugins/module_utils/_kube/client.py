# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A raw REST client: JSON in and out as dicts, never the library's models."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import functools
import http.client
import time
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import check_depth
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import ApiAccess
from ansible_collections.arkive.k8s.plugins.module_utils._kube.answer_shapes import check_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import (
    KubeError,
    answered_error,
    proxy_error,
    unreachable_error,
    was_closed_early,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.http_head import Answer, read_answer, send_get
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import require_path
from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import (
    may_repeat_answer,
    may_repeat_failure,
    parse_retry_after,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.session import Lane, Session
from ansible_collections.arkive.k8s.plugins.module_utils._kube.warning_header import WarningSink, parse_warnings
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline, open_wire

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
#: For built-in types only: a custom resource answers 415.
STRATEGIC_PATCH = "application/strategic-merge-patch+json"

_CONNECT_SECONDS = 10.0
#: One request from its connection to the last byte of its answer. An API server gives itself 60 s for one.
_TOTAL_SECONDS = 120.0
_LONGEST_ERROR_BODY = 1 << 20

Query: t.TypeAlias = "t.Mapping[str, str] | None"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    verb: str
    path: str
    query: Query = None
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    timeout: float

    def __post_init__(self) -> None:
        require_path(self.path)

    @property
    def target(self) -> str:
        return f"{self.path}?{_encode_query(tuple(self.query.items()))}" if self.query else self.path


@functools.lru_cache(maxsize=64)
def _encode_query(query: tuple[tuple[str, str], ...]) -> str:
    return urllib.parse.urlencode(query)


class KubeClient:
    """Thread-safe. Every call raises ``KubeError`` (a sentence) or ``Cancelled``, and nothing else.

    Calls are repeated as ``retries`` describes; one 401 reloads the credential. Paths begin with ``/api`` or ``/apis``.
    """

    def __init__(self, session: Session, *, cancel: CancelToken, on_warning: WarningSink | None = None) -> None:
        self._session = session
        self._on_warning = on_warning
        self.cancel = cancel

    def with_cancel(self, cancel: CancelToken) -> KubeClient:
        """The same session under another token: releases go on after the run was cancelled."""
        return KubeClient(self._session, cancel=cancel, on_warning=self._on_warning)

    def heeding(self, on_warning: WarningSink) -> KubeClient:
        """The same session; ``on_warning`` is told what the server warns of in its answers. Cheap."""
        return KubeClient(self._session, cancel=self.cancel, on_warning=on_warning)

    @property
    def session(self) -> Session:
        """For exec only: the credential of the moment and the retry policy."""
        return self._session

    @property
    def server(self) -> str:
        return self._session.access.server

    @property
    def access(self) -> ApiAccess:
        return self._session.access

    @property
    def requests_made(self) -> int:
        """Requests sent so far, repeats and exec handshakes included."""
        return self._session.requests_made

    def server_now(self) -> dt.datetime:
        """The time by the API server's clock, in UTC: what this machine's says is not what another's does."""
        return self._session.clock.now()

    def credential_expires_at(self) -> dt.datetime | None:
        """When the credential ends, in UTC, where that can be known: a credential plugin's answer, a JWT's ``exp``."""
        return self._session.access.expires_at

    @property
    def credential_is_renewable(self) -> bool:
        """True when a new credential can be had without anybody's help: plugin, token file, service account."""
        return self._session.access.renewable

    def refresh_credentials(self) -> None:
        """Read the configuration again and run the credential plugin again, now."""
        self._session.reload(self._session.lane.generation, cancel=self.cancel)

    def get(
        self, path: str, *, query: Query = None, accept: str | None = None, timeout: float | None = None
    ) -> dict[str, t.Any]:
        """GET one JSON document."""
        return self._call("GET", path, query=query, accept=accept, timeout=timeout)

    def get_bytes(self, path: str, *, query: Query = None, timeout: float | None = None) -> bytes:
        """GET one JSON document as the server wrote it, unread: it may be anything."""
        return self._fetch("GET", path, query=query, timeout=timeout)[1]

    def post_bytes(self, path: str, body: bytes, *, query: Query = None) -> bytes:
        """POST a document that is JSON already; the answer as the server wrote it."""
        return self._fetch("POST", path, body=body, query=query)[1]

    def post(self, path: str, body: t.Mapping[str, t.Any], *, query: Query = None) -> dict[str, t.Any]:
        """POST ``body``. Sent again only when it surely had no effect."""
        return self._call("POST", path, body=body, query=query)

    def put(self, path: str, body: t.Mapping[str, t.Any], *, query: Query = None) -> dict[str, t.Any]:
        """Replace the object at ``path``."""
        return self._call("PUT", path, body=body, query=query)

    def patch(self, path: str, body: t.Any, *, patch_type: str = MERGE_PATCH, query: Query = None) -> dict[str, t.Any]:
        """Patch the object at ``path``; ``body`` is a dict, or a list of operations for ``JSON_PATCH``."""
        return self._call("PATCH", path, body=body, query=query, content_type=patch_type)

    def delete(self, path: str, *, body: t.Mapping[str, t.Any] | None = None, query: Query = None) -> dict[str, t.Any]:
        """Delete what is at ``path``; ``body`` holds DeleteOptions."""
        return self._call("DELETE", path, body=body, query=query)

    def version(self) -> dict[str, str]:
        """``/version``: ``gitVersion``, ``major``, ``minor`` ..."""
        return self.get("/version")

    def can_i(
        self,
        verb: str,
        *,
        group: str = "",
        resource: str,
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> bool:
        """Whether the API server would let us do this (SelfSubjectAccessReview); an empty namespace means all."""
        attributes = {
            "verb": verb,
            "group": group,
            "resource": resource,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }
        answer = self.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        return bool((answer.get("status") or {}).get("allowed"))

    def stream(self, path: str, *, query: Query = None, timeout: float) -> t.Generator[bytes, None, None]:
        """The lines of a watch as they come, on a connection of its own; ends when the server ends it.

        Raises ``KubeTimeout`` when ``timeout`` seconds are over, or when the server is silent at the start for as long
        as it may be in any request. Closing the generator closes the connection.
        """
        buffer = b""
        with contextlib.closing(self.stream_bytes(path, query=query, timeout=timeout)) as pieces:
            for piece in pieces:
                *lines, buffer = (buffer + piece).split(b"\n")
                yield from (line for line in lines if line.strip())

    def stream_bytes(
        self, path: str, *, query: Query = None, accept: str = "application/json", timeout: float
    ) -> t.Generator[bytes, None, None]:
        """The body of an answer that goes on, in pieces as they come; otherwise as ``stream``.

        It returns where the server ended the answer, and raises a ``KubeError`` where the connection was cut.
        """
        deadline = Deadline(timeout)
        request = _Request(verb="GET", path=path, query=query, timeout=timeout)
        for last in (False, True):
            lane = self._session.lane_for(self.cancel)
            try:
                start = deadline.sooner(self._session.timeout)
                with contextlib.closing(open_wire(lane.access, deadline=start, cancel=self.cancel)) as wire:
                    self._session.count_request()
                    send_get(wire, lane.access, request.target, [("Accept", accept)], start)
                    answer = read_answer(wire, start)
                    if answer.status == 401 and not last:
                        self._session.reload(lane.generation, cancel=self.cancel)
                        continue
                    yield from _pieces(self.server, request, answer, deadline)
                    return
            except (OSError, http.client.HTTPException) as exc:
                limit = timeout if deadline.has_passed else self._session.timeout
                raise unreachable_error(exc, server=self.server, doing=f"GET {path}", timeout=limit) from exc

    def _call(self, verb: str, path: str, **options: t.Any) -> dict[str, t.Any]:
        request, data = self._fetch(verb, path, **options)
        return self._decode(request, data)

    def _fetch(
        self,
        verb: str,
        path: str,
        *,
        body: t.Any = None,
        query: Query = None,
        content_type: str = "application/json",
        accept: str | None = None,
        timeout: float | None = None,
    ) -> tuple[_Request, bytes]:
        request = _Request(
            verb=verb,
            path=path,
            query=query,
            body=body if body is None or isinstance(body, bytes) else encode_compact(body),
            content_type=content_type,
            accept=accept or "application/json",
            timeout=self._session.timeout if timeout is None else timeout,
        )
        return request, self._repeat(request)

    def _repeat(self, request: _Request) -> bytes:
        """Send until there is an answer to keep, within the retry policy."""
        policy = self._session.retry
        budget = Deadline(policy.budget)
        attempt = 0
        reloaded = False
        while True:
            self.cancel.check()
            attempt += 1
            lane = self._session.lane_for(self.cancel)
            outcome = self._send(lane, request)
            if isinstance(outcome, bytes):
                return outcome
            if outcome.error.unauthorized and not reloaded:
                reloaded = True
                self._session.reload(lane.generation, cancel=self.cancel)
                continue
            attempts = policy.attempts if self._session.ever_answered else policy.first_contact_attempts
            delay = policy.delay(attempt, outcome.retry_after)
            if not outcome.may_repeat or attempt >= attempts or delay >= budget.remaining:
                raise outcome.error
            if self.cancel.wait(delay):
                self.cancel.check()

    def _send(self, lane: Lane, request: _Request) -> bytes | _Failure:
        import urllib3

        self._session.count_request()
        sent = time.monotonic()
        total = max(_TOTAL_SECONDS, request.timeout)
        with self._session.guards.guard(total, self.cancel) as guard:
            try:
                response = lane.pool.request(
                    request.verb,
                    lane.url(request.target),
                    body=request.body,
                    headers=_headers(lane.access, request),
                    redirect=False,
                    timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, request.timeout), read=request.timeout),
                )
            except (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException, ValueError) as exc:
                if not guard.expired:
                    return self._failure(request, exc)
                self.cancel.check()
                return self._failure(dataclasses.replace(request, timeout=total), TimeoutError("timed out"))
        self._session.ever_answered = True
        self._session.clock.note(response.headers.get("Date"), sent=sent)
        if self._on_warning is not None:
            for warning in parse_warnings(response.headers.get("Warning")):
                self._on_warning(warning)
        if response.status >= 300:
            return self._refusal(request, response)
        data: bytes = response.data
        return data

    def _failure(self, request: _Request, exc: Exception) -> _Failure:
        import urllib3

        doing = f"{request.verb} {request.path}"
        error = unreachable_error(exc, server=self.server, doing=doing, timeout=request.timeout)
        if isinstance(exc, urllib3.exceptions.ProxyError):
            error = proxy_error(exc, server=self.server, doing=doing)
        early = was_closed_early(exc)
        not_sent = early or isinstance(
            exc,
            (
                urllib3.exceptions.NewConnectionError,
                urllib3.exceptions.ConnectTimeoutError,
                urllib3.exceptions.ProxyError,
            ),
        )
        final = (urllib3.exceptions.SSLError, urllib3.exceptions.ReadTimeoutError, TimeoutError, ValueError)
        certain = not early and isinstance(exc, final)
        return _Failure(error, may_repeat_failure(request.verb, surely_not_sent=not_sent, certain=certain))

    def _refusal(self, request: _Request, response: t.Any) -> _Failure:
        error = answered_error(
            server=self.server, verb=request.verb, path=request.path, code=response.status, body=response.data
        )
        retry_after = parse_retry_after(response.headers)
        may_repeat = may_repeat_answer(request.verb, response.status, retry_after)
        return _Failure(error, may_repeat, retry_after)

    def _decode(self, request: _Request, data: bytes) -> dict[str, t.Any]:
        try:
            document = parse_json(data)
        except ValueError as exc:
            raise KubeError(
                f"The answer of {self.server} to {request.verb} {request.path} is not JSON.",
                hint="Check that host names an API server and no login page.",
                status=200,
            ) from exc
        try:
            check_object(document)
            # A list is two levels around its objects.
            check_depth(document, data, outer=2)
        except ValueError as exc:
            raise KubeError(
                f"The answer of {self.server} to {request.verb} {request.path} cannot be used: {exc}.", status=200
            ) from exc
        return t.cast("dict[str, t.Any]", document)


class _Failure(t.NamedTuple):
    error: KubeError
    may_repeat: bool
    retry_after: float | None = None


def _headers(access: ApiAccess, request: _Request) -> t.Any:
    """A multi-dict where a name comes twice: several groups are several ``Impersonate-Group`` headers."""
    encoding = "gzip" if access.compress else "identity"
    headers = {"Accept": request.accept, "Accept-Encoding": encoding, "User-Agent": "arkive.k8s"}
    if request.body is not None:
        headers["Content-Type"] = request.content_type
    if len({name for name, _value in access.headers}) == len(access.headers):
        return headers | dict(access.headers)
    from urllib3._collections import HTTPHeaderDict  # urllib3 1.26 has it nowhere else

    several = HTTPHeaderDict(headers)
    for name, value in access.headers:
        several.add(name, value)
    return several


def _pieces(server: str, request: _Request, answer: Answer, deadline: Deadline) -> t.Iterator[bytes]:
    body = answer.body(deadline)
    if answer.status != 200:
        data = body.read(_LONGEST_ERROR_BODY)
        raise answered_error(server=server, verb="GET", path=request.path, code=answer.status, body=data)
    while True:
        data = body.read1(65536)
        if not data:
            return
        yield data


__all__ = ("JSON_PATCH", "MERGE_PATCH", "STRATEGIC_PATCH", "KubeClient")
