# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import sys
import time
import typing as t
from pathlib import Path

import certifi
import pytest
import yaml
from kubernetes.config import incluster_config as incluster

from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import load_access
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

URL = "https://10.0.0.1:6443"
CONFIG: dict[str, t.Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [
        {"name": "c", "cluster": {"server": URL}},
        {"name": "other", "cluster": {"server": "https://other:1", "insecure-skip-tls-verify": True}},
    ],
    "users": [{"name": "u", "user": {"token": "abc"}}],
    "contexts": [
        {"name": "k", "context": {"cluster": "c", "user": "u"}},
        {"name": "o", "context": {"cluster": "other", "user": "u"}},
    ],
    "current-context": "k",
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def with_user(user: dict[str, t.Any]) -> dict[str, t.Any]:
    config = copy.deepcopy(CONFIG)
    config["users"][0]["user"] = user
    return config


def with_cluster(**fields: t.Any) -> dict[str, t.Any]:
    config = copy.deepcopy(CONFIG)
    config["clusters"][0]["cluster"].update(fields)
    return config


def authorization(auth: KubeAuth) -> str | None:
    return dict(load_access(auth).headers).get("Authorization")


def test_dictionary() -> None:
    access = load_access(KubeAuth(kubeconfig=CONFIG))
    assert access.server == URL
    assert access.headers == (("Authorization", "Bearer abc"),)
    assert access.tls is not None
    assert access.tls.check_hostname


def test_path_and_context(tmp_path: Path) -> None:
    (tmp_path / "kc").write_text(yaml.safe_dump(CONFIG))
    access = load_access(KubeAuth(kubeconfig=str(tmp_path / "kc"), context="o"))
    assert access.server == "https://other:1"
    assert access.tls is not None
    assert not access.tls.check_hostname, "insecure-skip-tls-verify"


def test_options_win_over_the_kubeconfig() -> None:
    access = load_access(
        KubeAuth(kubeconfig=CONFIG, context="o", host="https://mine:2", api_key="my", validate_certs=True)
    )
    assert access.server == "https://mine:2"
    assert access.headers == (("Authorization", "Bearer my"),)
    assert access.tls is not None
    assert access.tls.check_hostname


@pytest.mark.parametrize("where", ["home", "environment", "two joined files"])
def test_default_kubeconfig(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / ".kube" / "config" if where == "home" else tmp_path / "some"
    target.parent.mkdir(exist_ok=True)
    target.write_text(yaml.safe_dump(CONFIG))
    if where == "environment":
        monkeypatch.setenv("KUBECONFIG", str(target))
    elif where != "home":
        monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/missing:{target}")
    assert load_access(KubeAuth()).server == URL


def test_service_account_comes_before_the_default_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("sa-token\n")
    (tmp_path / "ca").write_text(certifi.contents())
    monkeypatch.setattr(incluster, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster, "SERVICE_CERT_FILENAME", str(tmp_path / "ca"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(yaml.safe_dump(CONFIG))
    access = load_access(KubeAuth())
    assert access.server == "https://10.96.0.1:443"
    assert access.headers == (("Authorization", "bearer sa-token"),)
    assert (access.renewable, access.reload_seconds) == (True, 60.0)
    assert load_access(KubeAuth(context="k")).server == URL, "a context that was named asks for the kubeconfig"


@pytest.mark.parametrize(
    ("user", "header", "renewable"),
    [
        pytest.param({"token": "abc"}, "Bearer abc", False, id="token"),
        pytest.param({"username": "u", "password": "p"}, "Basic dTpw", False, id="basic"),
        pytest.param({"tokenFile": "FILE"}, "Bearer from-file", True, id="token file"),
    ],
)
def test_users(user: dict[str, str], header: str, renewable: bool, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file")
    user = {key: str(tmp_path / "token") if value == "FILE" else value for key, value in user.items()}
    access = load_access(KubeAuth(kubeconfig=with_user(user)))
    assert dict(access.headers)["Authorization"] == header
    assert access.renewable is renewable


def plugin(tmp_path: Path, body: str) -> dict[str, t.Any]:
    script = tmp_path / "plugin.py"
    script.write_text(f"import json, os, pathlib, sys\nhome = pathlib.Path({str(tmp_path)!r})\n{body}")
    return with_user(
        {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(script)]}}
    )


ANSWER = (
    "n = len(list(home.glob('run*'))); (home / f'run{n}').touch()\n"
    "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
    " 'status': {'token': f'token-{n}', 'expirationTimestamp': '2026-01-01T00:00:00Z'}}))"
)


def test_credential_plugin_and_its_renewal(tmp_path: Path) -> None:
    client = connect(KubeAuth(kubeconfig=plugin(tmp_path, ANSWER)))
    assert client.access.headers == (("Authorization", "Bearer token-0"),)
    assert client.credential_is_renewable
    expires = client.credential_expires_at()
    assert expires is not None
    assert expires.isoformat() == "2026-01-01T00:00:00+00:00"
    client.refresh_credentials()
    assert client.access.headers == (("Authorization", "Bearer token-1"),)


def test_an_expired_credential_is_renewed_before_the_next_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = connect(KubeAuth(kubeconfig=plugin(tmp_path, ANSWER))).session
    assert session.lane.generation == 1, "not again right after it was loaded"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31.0)
    assert session.lane.generation == 2


def test_token_files_are_read_again_every_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("one")
    session = connect(KubeAuth(kubeconfig=with_user({"tokenFile": str(tmp_path / "token")}))).session
    pool = session.lane.pool
    session.reload(1)
    assert session.lane.pool is pool, "nothing changed, so the connections stay"
    (tmp_path / "token").write_text("two")
    assert session.lane.access.headers == (("Authorization", "Bearer one"),)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61.0)
    assert session.lane.access.headers == (("Authorization", "Bearer two"),)


def test_a_renewal_that_fails_keeps_the_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = connect(KubeAuth(kubeconfig=plugin(tmp_path, ANSWER))).session
    (tmp_path / "plugin.py").write_text("raise SystemExit('no network')")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31.0)
    assert session.lane.access.headers == (("Authorization", "Bearer token-0"),)
    with pytest.raises(KubeError, match="no network"):
        session.reload(1)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param("sys.exit('no login')", "no login", id="exit code"),
        pytest.param("print('hello')", "its answer is not JSON", id="no JSON"),
    ],
)
def test_failing_plugin(body: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(KubeError, match=why) as caught:
        load_access(KubeAuth(kubeconfig=plugin(tmp_path, body)))
    assert "The credential plugin" in caught.value.message


def test_proxy_url_of_the_cluster() -> None:
    assert load_access(KubeAuth(kubeconfig=with_cluster(**{"proxy-url": "http://p:1"}))).proxy == "http://p:1"
    access = load_access(KubeAuth(kubeconfig=with_cluster(**{"proxy-url": "http://p:1"}), no_proxy="10.0.0.0/8"))
    assert access.proxy is None


def test_tls_server_name() -> None:
    assert (
        load_access(KubeAuth(kubeconfig=with_cluster(**{"tls-server-name": "kubernetes"}))).tls_server_name
        == "kubernetes"
    )


@pytest.mark.parametrize(
    ("kubeconfig", "context", "sentence"),
    [
        pytest.param(None, None, "No Kubernetes credential was given, and the default kubeconfig", id="nothing at all"),
        pytest.param("/etc/no-such", None, "The kubeconfig /etc/no-such does not exist.", id="no such file"),
        pytest.param("text", None, "is not a kubeconfig: it is not a YAML mapping.", id="not a mapping"),
        pytest.param("a: [", None, "is not valid YAML", id="not YAML"),
        pytest.param("", None, "is not a kubeconfig", id="empty file"),
        pytest.param("a: b", None, "has no contexts: it is no kubeconfig", id="another document"),
        pytest.param(CONFIG, "zz", "has no context 'zz'. It has: k, o.", id="unknown context"),
        pytest.param(
            {**CONFIG, "current-context": ""}, None, "names no current context. Set context.", id="no context"
        ),
        pytest.param(
            {**CONFIG, "clusters": []}, None, "has no cluster 'c', which its context 'k' names.", id="no cluster"
        ),
        pytest.param(
            with_cluster(**{"certificate-authority": "/no/ca"}),
            None,
            "The certificate-authority /no/ca of the cluster 'c' of the kubeconfig given as a",
            id="no CA",
        ),
        pytest.param(
            with_cluster(**{"certificate-authority-data": "!!!"}),
            None,
            "has a certificate-authority-data that is not base64",
            id="bad CA data",
        ),
    ],
)
def test_sentences(kubeconfig: t.Any, context: str | None, sentence: str, tmp_path: Path) -> None:
    if isinstance(kubeconfig, str) and not kubeconfig.startswith("/"):
        (tmp_path / "kc").write_text(kubeconfig)
        kubeconfig = str(tmp_path / "kc")
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=kubeconfig, context=context))
    assert sentence in caught.value.sentence


def test_missing_library_names_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes.config", None)
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=with_user({"auth-provider": {"name": "oidc"}})))
    assert sys.executable in caught.value.message
    assert "kubernetes>=30.1.0" in caught.value.sentence


@pytest.mark.parametrize(
    ("fields", "compress"),
    [
        pytest.param({}, True, id="not-said"),
        pytest.param({"disable-compression": False}, True, id="false"),
        pytest.param({"disable-compression": True}, False, id="true"),
    ],
)
def test_disable_compression_of_the_cluster(fields: dict[str, t.Any], compress: bool) -> None:
    assert load_access(KubeAuth(kubeconfig=with_cluster(**fields))).compress is compress
