# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong between this machine and the API server, as sentences."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import re
import socket
import ssl
import sys
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.admission_words import remedy_for
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rule_words import rule_for

#: Of the API server, when a webhook has side effects (Kubernetes 1.34, ``webhook/dispatcher.go``).
_NO_DRY_RUN = "does not support dry run"


class KubeError(ArkiveError):
    """The API server refused, failed, or could not be reached.

    ``status`` is the HTTP status, None when no answer came. ``reason`` is Kubernetes' own word for it
    (``NotFound``, ``AlreadyExists``, ``Conflict`` ...), empty when there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        reason: str = "",
        hint: str | None = None,
        details: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.status = status
        self.reason = reason
        #: Of an expired list (410): where the server offers to go on. Empty when it offers nothing.
        self.continue_token = ""
        #: No answer will ever come before somebody changes a setting: the certificate does not fit.
        self.needs_settings = False

    @property
    def not_found(self) -> bool:
        return self.status == 404

    @property
    def already_exists(self) -> bool:
        return self.status == 409 and self.reason == "AlreadyExists"

    @property
    def conflict(self) -> bool:
        """True when the object was changed by someone else in the meantime."""
        return self.status == 409 and self.reason != "AlreadyExists"

    @property
    def without_dry_run(self) -> bool:
        """An admission webhook cannot be asked by a dry run, so nothing is known."""
        return _NO_DRY_RUN in self.message

    @property
    def forbidden(self) -> bool:
        return self.status == 403

    @property
    def unauthorized(self) -> bool:
        return self.status == 401

    @property
    def expired(self) -> bool:
        """True for a resourceVersion or continue token that the server no longer knows (410)."""
        return self.status == 410

    @property
    def unreachable(self) -> bool:
        """True when no HTTP answer came at all."""
        return self.status is None

    @property
    def may_pass(self) -> bool:
        """True when the same request may succeed later without anybody's help: the server is away, or overloaded."""
        if self.status is None:
            return not self.needs_settings
        return self.status == 429 or (self.status >= 500 and self.status != 501)


class KubeTimeout(KubeError):
    """The API server, or what was waited for, took too long."""


def parse_status(body: bytes) -> dict[str, t.Any]:
    """The ``Status`` object in an error's body; empty when the body is something else (a proxy's page)."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) and document.get("kind") == "Status" else {}


def answered_error(*, server: str, verb: str, path: str, code: int, body: bytes) -> KubeError:
    """The error for an HTTP answer of 400 and above. The server's own message is kept as it is."""
    status = parse_status(body)
    said = str(status.get("message") or "").strip() or _first_line(body)
    reason = str(status.get("reason") or "")
    details = {"server": server, "request": f"{verb} {path}", "status": code, "reason": reason}
    message, hint = _answered_sentence(server, f"{verb} {path}", code, reason, said)
    error = KubeError(message, status=code, reason=reason, hint=hint, details=details)
    metadata = status.get("metadata")
    error.continue_token = str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""
    return error


def _answered_sentence(server: str, request: str, code: int, reason: str, said: str) -> tuple[str, str | None]:
    if code == 401:
        return (
            f"The API server {server} did not accept the credential (401 Unauthorized).",
            "Check the token, the client certificate or the user of the kubeconfig; it may have expired.",
        )
    if code == 403:
        return (
            f"The API server {server} refused {request}: {said or 'forbidden'}.".replace("..", "."),
            rule_for(said)
            or remedy_for(said)
            or "Give this user the right by a Role or ClusterRole, or use another credential.",
        )
    kind = f"{code} {reason}".strip()
    if said.startswith("<"):
        return (
            f"The answer of {server} to {request} is a page, with {kind}, and none of an API server of Kubernetes.",
            "Check that host or kubeconfig names the API server, and what stands between, such as a proxy.",
        )
    if not said:
        return f"The API server {server} answered {kind} to {request}.", None
    return f"The API server {server} answered {kind} to {request}: {said}", _missing_object(code, said)


def _missing_object(code: int, said: str) -> str | None:
    """What to do about an object that is not there, and about a namespace in which another one was to be made."""
    found = re.fullmatch(r'(\S+) "([^"]+)" not found', said)
    if code != 404 or found is None:
        return None
    if found[1] != "namespaces":
        return "Check the name and the namespace."
    return f"Make the namespace ('kubectl create namespace {found[2]}'), or name another one."


def _first_line(body: bytes) -> str:
    text = body[:2000].decode("utf-8", "replace").strip()
    return text.splitlines()[0][:300] if text else ""


def unreachable_error(exc: BaseException, *, server: str, doing: str, timeout: float | None = None) -> KubeError:
    """The error for a request that got no answer: the cause is looked for below ``exc``.

    ``doing`` names the request (``GET /api/v1/pods``); ``timeout`` is the limit that applied, in seconds.
    """
    causes = list(_causes(exc))
    details = {"server": server, "request": doing}
    if any(isinstance(cause, (TimeoutError, socket.timeout)) or _says(cause, "timed out") for cause in causes):
        limit = f" within {timeout:g} s" if timeout is not None else " in time"
        return KubeTimeout(
            f"The API server {server} did not answer {doing}{limit}.",
            hint="Check the network and the server's load.",
            details=details,
        )
    message, hint = _unreachable_sentence(causes, server)
    error = KubeError(message, hint=hint, details=details)
    error.needs_settings = any(isinstance(c, ssl.SSLError) and not isinstance(c, _CLOSED) for c in causes)
    return error


#: The peer closed before TLS was up, or before it had taken the request: a forwarder without a server behind it.
_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def was_closed_early(exc: BaseException) -> bool:
    """True when the connection was closed before the whole request was sent, so that it surely had no effect.

    (On an open TLS connection an end without warning is no error of ``ssl`` but an empty read.)
    """
    return any(isinstance(cause, _CLOSED) for cause in _causes(exc))


def proxy_error(exc: BaseException, *, server: str, doing: str) -> KubeError:
    """The error for a proxy that could not be reached or did not let us through."""
    found = next((cause for cause in _causes(exc) if isinstance(cause, OSError)), exc)
    return KubeError(
        f"The API server {server} could not be reached through the proxy: {_reason_of(found)}.",
        hint="Check proxy, no_proxy and proxy_headers.",
        details={"server": server, "request": doing},
    )


def _unreachable_sentence(causes: list[BaseException], server: str) -> tuple[str, str]:
    where = "Check that the cluster runs and that host or kubeconfig names the right address."
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message or str(cause)
            return (
                f"The certificate of the API server {server} could not be verified: {why.rstrip('.')}.",
                "Name the cluster's CA with ca_cert; on a test cluster validate_certs can be set to false.",
            )
        if isinstance(cause, _CLOSED):
            return f"No API server answers at {server}: the connection is closed as soon as it is open.", where
        if isinstance(cause, ssl.SSLError):
            why = _reason_of(cause)
            return (
                f"A TLS connection to the API server {server} could not be made: {why}.",
                "Check the address, ca_cert, client_cert and client_key; a server that speaks plain HTTP needs http://.",
            )
        if isinstance(cause, socket.gaierror):
            return f"The host name of the API server {server} could not be resolved: {_reason_of(cause)}.", where
        if isinstance(cause, ConnectionRefusedError):
            return f"No API server answers at {server}: connection refused.", where
    found = next((cause for cause in causes if isinstance(cause, OSError)), causes[-1])
    return f"The API server {server} could not be reached: {_reason_of(found)}.", where


def _causes(exc: BaseException) -> t.Iterator[BaseException]:
    """``exc`` and all that it wraps: urllib3 keeps the cause in ``__cause__``, ``reason`` or among the arguments."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [exc]
    while queue:
        current = queue.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, getattr(current, "reason", None), getattr(current, "original_error", None)]
        inner += [*current.args, current.__context__]
        queue += [item for item in inner if isinstance(item, BaseException)]


def library_error(name: str, exc: ImportError) -> KubeError:
    """The sentence for a Python library that is not there."""
    return KubeError(
        f"The Python library {name} cannot be imported by {sys.executable}: {exc}.",
        hint="Install 'kubernetes>=30.1.0' for it, or point ansible_python_interpreter to an interpreter that has it.",
    )


def _says(exc: BaseException, words: str) -> bool:
    return isinstance(exc, OSError) and words in str(exc)


def _reason_of(exc: BaseException) -> str:
    text = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
    return str(text).rstrip(".").split("\n", maxsplit=1)[0]


__all__ = (
    "KubeError",
    "KubeTimeout",
    "answered_error",
    "library_error",
    "parse_status",
    "proxy_error",
    "unreachable_error",
    "was_closed_early",
)
