# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime as dt
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import bypasses_proxy, jwt_expiry, load_access
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

URL = "https://10.0.0.1:6443"


def jwt(claims: dict[str, t.Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".sig"


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        pytest.param("Bearer " + jwt({"exp": 1790000000}), 1790000000, id="service account token"),
        pytest.param("bearer " + jwt({"exp": 1790000000, "pad": "x"}), 1790000000, id="other padding"),
        pytest.param("Bearer " + jwt({"sub": "x"}), None, id="no exp"),
        pytest.param("Bearer abcdef", None, id="opaque"),
        pytest.param("Bearer a.b.c", None, id="three parts of something else"),
        pytest.param("Basic dTpw", None, id="basic"),
        pytest.param(None, None, id="client certificate only"),
    ],
)
def test_jwt_expiry(authorization: str | None, expected: int | None) -> None:
    moment = jwt_expiry(authorization)
    assert moment == (None if expected is None else dt.datetime.fromtimestamp(expected, tz=dt.UTC))


@pytest.mark.parametrize(
    ("no_proxy", "expected"),
    [
        pytest.param("", False, id="nothing"),
        pytest.param("*", True, id="all"),
        pytest.param("10.0.0.1", True, id="address"),
        pytest.param("10.0.0.1:6443", True, id="with port"),
        pytest.param("10.0.0.0/8, example.com", True, id="CIDR"),
        pytest.param("192.168.0.0/16", False, id="another CIDR"),
        pytest.param("0.1", False, id="part of an address"),
    ],
)
def test_no_proxy_address(no_proxy: str, expected: bool) -> None:
    assert bypasses_proxy(URL, no_proxy) is expected


@pytest.mark.parametrize(
    ("no_proxy", "expected"),
    [
        pytest.param("example.com", True, id="domain"),
        pytest.param(".example.com", True, id="with a dot"),
        pytest.param("*.example.com", True, id="with a star"),
        pytest.param("API.k8s.example.com", True, id="whole name, case"),
        pytest.param("ple.com", False, id="only whole labels"),
    ],
)
def test_no_proxy_name(no_proxy: str, expected: bool) -> None:
    assert bypasses_proxy("https://api.k8s.example.com", no_proxy) is expected


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        pytest.param(KubeAuth(host=URL, api_key="abc"), [("Authorization", "Bearer abc")], id="token"),
        pytest.param(
            KubeAuth(host=URL, username="u", password="p:w"),
            [("Authorization", "Basic " + base64.b64encode(b"u:p:w").decode())],
            id="basic",
        ),
        pytest.param(
            KubeAuth(host=URL, api_key="abc", impersonate_user="joe", impersonate_groups=("g1", "g2")),
            [
                ("Authorization", "Bearer abc"),
                ("Impersonate-User", "joe"),
                ("Impersonate-Group", "g1"),
                ("Impersonate-Group", "g2"),
            ],
            id="impersonation",
        ),
    ],
)
def test_headers(auth: KubeAuth, headers: list[tuple[str, str]]) -> None:
    assert list(load_access(auth).headers) == headers


def test_host_and_token_need_no_kubeconfig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/does/not/exist")
    access = load_access(KubeAuth(host=URL + "/k8s/clusters/c-1/", api_key="abc"))
    assert (access.server, access.host, access.port) == (URL + "/k8s/clusters/c-1", "10.0.0.1", 6443)
    assert (access.renewable, access.expires_at, access.proxy) == (False, None, None)


@pytest.mark.parametrize(
    ("url", "port"),
    [("https://api", 443), ("http://api", 80), ("https://[::1]:7443", 7443)],
    ids=["https", "http", "v6"],
)
def test_ports(url: str, port: int) -> None:
    assert load_access(KubeAuth(host=url, api_key="x")).port == port


def test_validate_certs_off_switches_both_checks_off() -> None:
    tls = load_access(KubeAuth(host=URL, api_key="x", validate_certs=False)).tls
    assert tls is not None
    assert (tls.check_hostname, tls.verify_mode) == (False, 0)


@pytest.mark.parametrize(
    ("proxy_headers", "expected"),
    [
        pytest.param(None, {"proxy-authorization": "Basic " + base64.b64encode(b"u:p@1").decode()}, id="from the URL"),
        pytest.param(
            {"proxy_basic_auth": "x:y", "user_agent": "me"},
            {"proxy-authorization": "Basic " + base64.b64encode(b"x:y").decode(), "user-agent": "me"},
            id="given ones win",
        ),
    ],
)
def test_proxy_headers(proxy_headers: dict[str, str] | None, expected: dict[str, str]) -> None:
    auth = KubeAuth(host=URL, api_key="x", proxy="http://u:p%401@proxy:3128", proxy_headers=proxy_headers)
    access = load_access(auth)
    assert access.proxy == "http://u:p%401@proxy:3128"
    assert dict(access.proxy_headers) == expected


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [
        pytest.param(KubeAuth(host="foo", api_key="x"), "'foo' is not the URL of an API server.", id="no URL"),
        pytest.param(KubeAuth(host="https://a:b", api_key="x"), "'https://a:b' is not the URL", id="bad port"),
        pytest.param(KubeAuth(host="ftp://a", api_key="x"), "'ftp://a' is not the URL", id="scheme"),
        pytest.param(
            KubeAuth(host=URL, api_key="x", ca_cert="/nope"),
            "/nope, given as ca_cert, does not exist. Check the path of ca_cert.",
            id="no CA",
        ),
        pytest.param(
            KubeAuth(host=URL, api_key="x", ca_cert="/n0pe"),
            "The file of 5 characters, given as ca_cert, does",
            id="no CA, or a password",
        ),
        pytest.param(KubeAuth(host=URL, api_key="x", ca_cert=__file__), "cannot be used", id="a CA that is none"),
        pytest.param(
            KubeAuth(host=URL, client_cert=__file__, client_key=__file__),
            "The client certificate",
            id="bad client cert",
        ),
        pytest.param(KubeAuth(host=URL, api_key="x", impersonate_groups=("g",)), "without a user", id="groups alone"),
        pytest.param(KubeAuth(host=URL, api_key="x\ny"), "line break", id="header injection"),
        pytest.param(
            KubeAuth(host=URL, api_key="x", proxy="http://p", proxy_headers={"nope": "x"}),
            "proxy_headers",
            id="proxy header",
        ),
    ],
)
def test_sentences(auth: KubeAuth, sentence: str) -> None:
    with pytest.raises(KubeError) as caught:
        load_access(auth)
    assert sentence in caught.value.sentence


def test_secrets_are_not_in_a_repr(tmp_path: Path) -> None:
    auth = KubeAuth(host=URL, api_key="s3cret", password="s3cret", proxy_headers={"proxy_basic_auth": "s3cret"})
    assert "s3cret" not in repr(auth)
    assert "s3cret" not in repr(load_access(auth))


@pytest.mark.parametrize(
    ("host", "compress"),
    [
        pytest.param("https://10.0.0.1:6443", True, id="another-machine"),
        pytest.param("https://api.example.org", True, id="a-name"),
        pytest.param("https://127.0.0.1:6443", False, id="this-machine"),
        pytest.param("https://127.8.9.1:6443", False, id="this-machine-too"),
        pytest.param("https://[::1]:6443", False, id="this-machine-ipv6"),
        pytest.param("http://LocalHost:8001", False, id="this-machine-by-name"),
    ],
)
def test_answers_are_compressed_between_machines(host: str, compress: bool) -> None:
    assert load_access(KubeAuth(host=host, api_key="x")).compress is compress
