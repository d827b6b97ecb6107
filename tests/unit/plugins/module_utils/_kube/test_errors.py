# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import socket
import ssl

import pytest
import urllib3

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import (
    KubeError,
    KubeTimeout,
    answered_error,
    proxy_error,
    unreachable_error,
    was_closed_early,
)

SERVER = "https://10.0.0.1:6443"


def status(**fields: object) -> bytes:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", **fields}).encode()


@pytest.mark.parametrize(
    ("code", "body", "sentence", "flag"),
    [
        pytest.param(
            401,
            status(message="Unauthorized", reason="Unauthorized"),
            "The API server https://10.0.0.1:6443 did not accept the credential (401 Unauthorized). Check the token",
            "unauthorized",
            id="wrong token",
        ),
        pytest.param(
            403,
            status(
                message='pods is forbidden: User "joe" cannot list resource "pods" in API group "" in the namespace "a"'
            ),
            'in the namespace "a". Add to a Role in namespace a that is bound to this user: rules: [{apiGroups: [""], '
            "resources: [pods], verbs: [list]}].",
            "forbidden",
            id="forbidden names verb, resource and namespace",
        ),
        pytest.param(
            403,
            status(
                message='persistentvolumes "p" is forbidden: User "joe" cannot delete resource "persistentvolumes" in '
                'API group "" at the cluster scope'
            ),
            'Add to a ClusterRole that is bound to this user: rules: [{apiGroups: [""], resources: [persistentvolumes]',
            "forbidden",
            id="forbidden in the cluster",
        ),
        pytest.param(
            403,
            status(message="not today"),
            "refused GET /x: not today. Give this user the right by a Role",
            "forbidden",
            id="forbidden by something else",
        ),
        pytest.param(
            404,
            status(message='pods "p" not found', reason="NotFound"),
            'answered 404 NotFound to GET /x: pods "p" not found. Check the name and the namespace.',
            "not_found",
            id="not found",
        ),
        pytest.param(
            409, status(message="exists", reason="AlreadyExists"), "409 AlreadyExists", "already_exists", id="exists"
        ),
        pytest.param(409, status(message="changed", reason="Conflict"), "409 Conflict", "conflict", id="conflict"),
        pytest.param(410, status(message="too old", reason="Expired"), "410 Expired", "expired", id="expired"),
        pytest.param(
            502,
            b"<html>\nBad gateway",
            f"The answer of {SERVER} to GET /x is a page, with 502, and none of an API server of Kubernetes. Check "
            "that host or kubeconfig names the API server, and what stands between, such as a proxy.",
            None,
            id="a proxy's page",
        ),
        pytest.param(
            501,
            b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NotImplemented</Code></Error>',
            f"The answer of {SERVER} to GET /x is a page, with 501, and none of an API server of Kubernetes.",
            None,
            id="an S3 server",
        ),
        pytest.param(404, b"404 page not found", "answered 404 to GET /x: 404 page not found", "not_found", id="text"),
        pytest.param(500, b"", "answered 500 to GET /x.", None, id="no body"),
    ],
)
def test_answered(code: int, body: bytes, sentence: str, flag: str | None) -> None:
    error = answered_error(server=SERVER, verb="GET", path="/x", code=code, body=body)
    assert sentence in error.sentence
    assert error.status == code
    flags = ["not_found", "already_exists", "conflict", "forbidden", "unauthorized", "expired", "unreachable"]
    assert [name for name in flags if getattr(error, name)] == ([flag] if flag else [])


def test_expired_list_keeps_the_offered_token() -> None:
    body = status(message="expired", reason="Expired", metadata={"continue": "tok"})
    assert answered_error(server=SERVER, verb="GET", path="/x", code=410, body=body).continue_token == "tok"


def wrapped(cause: Exception) -> Exception:
    """As urllib3 wraps: the cause is in ``__cause__``."""
    try:
        try:
            raise cause
        except type(cause) as exc:
            raise urllib3.exceptions.NewConnectionError(None, f"Failed to establish: {exc}") from exc  # type: ignore[arg-type]
    except urllib3.exceptions.NewConnectionError as outer:
        return outer


def self_signed() -> Exception:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate in certificate chain"
    return error


@pytest.mark.parametrize(
    ("cause", "sentence", "kind"),
    [
        pytest.param(
            wrapped(ConnectionRefusedError(111, "Connection refused")),
            f"No API server answers at {SERVER}: connection refused. Check that the cluster runs",
            KubeError,
            id="refused",
        ),
        pytest.param(
            wrapped(socket.gaierror(-2, "Name or service not known")),
            f"The host name of the API server {SERVER} could not be resolved: Name or service not known.",
            KubeError,
            id="no such host",
        ),
        pytest.param(
            urllib3.exceptions.SSLError(self_signed()),
            f"The certificate of the API server {SERVER} could not be verified: self-signed certificate in certificate "
            "chain. Name the cluster's CA with ca_cert; on a test cluster validate_certs can be set to false.",
            KubeError,
            id="self-signed",
        ),
        pytest.param(
            urllib3.exceptions.SSLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")),
            "A TLS connection to the API server https://10.0.0.1:6443 could not be made",
            KubeError,
            id="plain HTTP behind https",
        ),
        pytest.param(
            urllib3.exceptions.SSLError(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
            f"No API server answers at {SERVER}: the connection is closed as soon as it is open.",
            KubeError,
            id="a forwarder with nothing behind it",
        ),
        pytest.param(TimeoutError("timed out"), "did not answer GET /x within 5 s.", KubeTimeout, id="timeout"),
        pytest.param(
            urllib3.exceptions.ProtocolError(
                "Connection aborted.", ConnectionResetError(104, "Connection reset by peer")
            ),
            "could not be reached: Connection reset by peer.",
            KubeError,
            id="reset",
        ),
    ],
)
def test_unreachable(cause: Exception, sentence: str, kind: type) -> None:
    error = unreachable_error(cause, server=SERVER, doing="GET /x", timeout=5.0)
    assert sentence in error.sentence
    assert error.__class__ is kind
    assert error.unreachable


@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        pytest.param(urllib3.exceptions.SSLError(ssl.SSLEOFError(8, "EOF")), True, id="closed in the TLS handshake"),
        pytest.param(urllib3.exceptions.SSLError(self_signed()), False, id="bad certificate"),
        pytest.param(
            urllib3.exceptions.ProtocolError("x", ConnectionResetError(104, "reset")), False, id="reset, perhaps later"
        ),
    ],
)
def test_closed_early(exc: Exception, expected: bool) -> None:
    assert was_closed_early(exc) is expected


def test_proxy() -> None:
    error = proxy_error(wrapped(ConnectionRefusedError(111, "Connection refused")), server=SERVER, doing="GET /x")
    assert error.sentence == (
        f"The API server {SERVER} could not be reached through the proxy: Connection refused. "
        "Check proxy, no_proxy and proxy_headers."
    )


def test_a_namespace_that_is_not_there() -> None:
    body = status(message='namespaces "velero" not found', reason="NotFound")
    error = answered_error(server=SERVER, verb="POST", path="/api/v1/x", code=404, body=body)
    assert error.sentence.endswith(
        """"velero" not found. Make the namespace ('kubectl create namespace velero'), or name another one."""
    )
