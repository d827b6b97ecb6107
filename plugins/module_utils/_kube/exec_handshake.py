# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opening an exec stream: connect, ask for the upgrade, and say why when it is refused."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import dataclasses
import email.message
import hashlib
import http.client
import os
import ssl
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import (
    answered_error,
    parse_status,
    unreachable_error,
    was_closed_early,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import V5
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import (
    ExecRefused,
    ExecStreamLost,
    ExecTimeout,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.http_head import Answer, read_answer, send_get
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import may_repeat_answer, parse_retry_after
from ansible_collections.arkive.k8s.plugins.module_utils._kube.session import Lane
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline, Wire, open_wire

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 30.0
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExecRequest:
    """What is to be run where. ``protocols`` are offered in this order; ``timeout`` is for sentences only."""

    namespace: str
    pod: str
    container: str
    argv: tuple[str, ...]
    with_stdin: bool
    protocols: tuple[str, ...]
    timeout: float | None

    @property
    def where(self) -> str:
        return f"container {self.container} of pod {self.namespace}/{self.pod}"

    @property
    def path(self) -> str:
        query = [("container", self.container), ("stdout", "true"), ("stderr", "true")]
        query += [("stdin", "true")] if self.with_stdin else []
        query += [("command", argument) for argument in self.argv]
        base = namespaced_path("v1", self.namespace, "pods", self.pod, "exec")
        return f"{base}?{urllib.parse.urlencode(query)}"

    def timed_out(self, stdout: bytes = b"", stderr: bytes = b"") -> ExecTimeout:
        return ExecTimeout(
            f"The command in {self.where} timed out after {self.timeout or 0:g}s.",
            hint="It may still run in the container.",
            stdout=stdout,
            stderr=stderr,
        )

    def lost(self, why: str, stdout: bytes = b"", stderr: bytes = b"") -> ExecStreamLost:
        return ExecStreamLost(
            f"The stream to the command in {self.where} was lost: {why}.",
            hint="Whether the command ended is not known; it may still run in the container.",
            stdout=stdout,
            stderr=stderr,
        )


class OpenStream(t.NamedTuple):
    """An upgraded connection. ``rest``: bytes of the first frames that came with the answer."""

    wire: Wire
    rest: bytes
    protocol: str


class _Refusal(Exception):
    """Internal: nothing was started, and asking again may help."""

    def __init__(self, error: ExecRefused, retry_after: float | None, *, is_connect: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after = retry_after
        self.is_connect = is_connect


def open_stream(client: KubeClient, request: ExecRequest, deadline: Deadline) -> OpenStream:
    """Ask until the stream is open, the retry policy or the deadline is used up, or the answer is final.

    Repeated is only what surely started nothing: a failed connection, 429, 503 with Retry-After, one 401.
    """
    session = client.session
    budget = deadline.sooner(session.retry.budget)
    attempt = 0
    reloaded = False
    while True:
        client.cancel.check()
        attempt += 1
        lane = session.lane_for(client.cancel)
        try:
            return _ask_once(client, lane, request, deadline)
        except _Refusal as refusal:
            if refusal.error.unauthorized and not reloaded:
                reloaded = True
                session.reload(lane.generation, cancel=client.cancel)
                continue
            attempts = session.retry.attempts if session.ever_answered else session.retry.first_contact_attempts
            delay = session.retry.delay(attempt, refusal.retry_after)
            again = refusal.is_connect or may_repeat_answer("POST", refusal.error.status or 0, refusal.retry_after)
            if not again or attempt >= attempts or delay >= budget.remaining:
                raise refusal.error from refusal.__cause__
            if client.cancel.wait(delay):
                client.cancel.check()


def _ask_once(client: KubeClient, lane: Lane, request: ExecRequest, deadline: Deadline) -> OpenStream:
    client.session.count_request()
    wire = _connect(client, lane, request, deadline)
    try:
        key = base64.b64encode(os.urandom(16)).decode()
        try:
            send_get(wire, lane.access, request.path, _upgrade_headers(key, request.protocols), deadline)
            answer = read_answer(wire, deadline.sooner(_ANSWER_SECONDS))
        except OSError as exc:
            # From here on the server may have the request: nobody knows whether the command was started.
            if deadline.has_passed:
                raise request.timed_out() from exc
            why = str(unreachable_error(exc, server=client.server, doing="exec", timeout=_ANSWER_SECONDS))
            raise request.lost(why.rstrip(".")) from exc
        client.session.ever_answered = True
        if answer.status != 101:
            raise _refused(client, request, answer, deadline)
        protocol = _checked(answer.headers, key, request)
        return OpenStream(wire, answer.rest, protocol)
    except BaseException:
        wire.close()
        raise


def _connect(client: KubeClient, lane: Lane, request: ExecRequest, deadline: Deadline) -> Wire:
    limit = deadline.sooner(_CONNECT_SECONDS)
    try:
        return open_wire(lane.access, deadline=limit, cancel=client.cancel)
    except OSError as exc:
        error = unreachable_error(exc, server=client.server, doing="exec", timeout=_CONNECT_SECONDS)
        refused = ExecRefused(f"Nothing was started in {request.where}: {error.message}", hint=error.hint)
        # A certificate that does not verify will not do so a second time.
        transient = was_closed_early(exc) or not isinstance(exc, ssl.SSLError)
        raise _Refusal(refused, None, is_connect=transient) from exc


def _upgrade_headers(key: str, protocols: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Protocol", ", ".join(protocols)),
        ("Accept", "application/json, */*"),
    ]


def _refused(
    client: KubeClient, request: ExecRequest, answer: Answer, deadline: Deadline
) -> _Refusal | ExecStreamLost | ExecRefused:
    """The error for an answer other than 101; the server says why in the body."""
    try:
        body = answer.body(deadline.sooner(_ANSWER_SECONDS)).read(1 << 20)
    except (OSError, http.client.HTTPException):
        body = b""
    error = answered_error(server=client.server, verb="exec", path=request.where, code=answer.status, body=body)
    if answer.status in {502, 504}:
        # A gateway gave up: the API server behind it may have started the command.
        return request.lost(error.message.rstrip("."))
    said = str(parse_status(body).get("message") or "") or error.message
    message, hint = f"Nothing was started in {request.where}: {said.rstrip('.')}.", error.hint
    if answer.status in {400, 403} and request.protocols == (V5,) and not parse_status(body):
        hint = f"A command with stdin needs an API server that speaks {V5} (Kubernetes 1.30 or newer)."
    elif answer.status == 403:
        hint = "The user needs the verbs create and get on pods/exec in that namespace."
    elif answer.status < 300:
        message = f"Nothing was started in {request.where}: the answer was {answer.status} and no websocket."
        hint = "A proxy before the API server must let websocket upgrades through."
    refused = ExecRefused(message, status=answer.status, reason=error.reason, hint=hint)
    return _Refusal(refused, parse_retry_after(dict(answer.headers.items())))


def _checked(headers: email.message.Message, key: str, request: ExecRequest) -> str:
    """The protocol that the server chose. Raises ``ExecStreamLost`` when the answer is no proper upgrade."""
    expected = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()
    protocol = (headers.get("Sec-WebSocket-Protocol") or "").strip()
    if (headers.get("Sec-WebSocket-Accept") or "").strip() != expected or protocol not in request.protocols:
        raise request.lost(f"the upgrade was answered wrongly (protocol '{protocol}')")
    return protocol


__all__ = ("ExecRequest", "OpenStream", "open_stream")
