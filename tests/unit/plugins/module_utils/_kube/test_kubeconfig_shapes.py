# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubeconfigs that are none: each gets one sentence, and none of what they hold is in it."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
import os
import random
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._kube import auth_provider
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import load_access
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

URL = "https://10.0.0.1:6443"
SECRET = "s3cret-of-the-user"
CONFIG: dict[str, t.Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": URL}}],
    "users": [{"name": "u", "user": {"token": SECRET}}],
    "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
    "current-context": "k",
}
CERT = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n").decode()
KEY = base64.b64encode(b"-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n").decode()


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def changed(path: str, value: t.Any) -> dict[str, t.Any]:
    config = copy.deepcopy(CONFIG)
    node: t.Any = config
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        node = node[step]
    node[last] = value
    return config


USER, CLUSTER = "users/0/user", "clusters/0/cluster"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (changed("users", {"u": 1}), "has a mapping as users, where a list belongs"),
        (changed("clusters", "c"), "has text as clusters, where a list belongs"),
        (changed("contexts", None), "has no context 'k'. It has none."),
        (changed("contexts/0", "k"), "Entry 1 of the list contexts of the kubeconfig given as a dictionary is text"),
        (changed("contexts/0/name", None), "has no name that is text"),
        (changed("users/0/name", 7), "Entry 1 of the list users"),
        (changed("contexts/0/context", ["c"]), "is a list, where a mapping belongs"),
        (changed("contexts/0/context", None), "names no cluster"),
        (changed("contexts/0/context/user", "zz"), "has no user 'zz', which its context 'k' names"),
        (changed("current-context", ["k"]), "has a list as current-context, where text belongs"),
        (changed(CLUSTER, None), "No API server is named"),
        (changed(CLUSTER + "/server", 6443), "has a number as server, where text belongs"),
        (changed(CLUSTER, {"server": "https://me:s3cret-of-the-user@c"}), "holds a user name or a password"),
        (changed(CLUSTER + "/insecure-skip-tls-verify", "no"), "where true or false belongs"),
        (changed(CLUSTER + "/certificate-authority-data", "!!"), "certificate-authority-data that is not base64"),
        (changed(CLUSTER + "/certificate-authority-data", "bm8="), "The CA certificate cannot be used"),
        (changed(USER, "x"), "The user 'u' of the kubeconfig given as a dictionary is text, where a mapping belongs"),
        (changed(USER + "/token", [SECRET]), "has a list as token, where text belongs"),
        (changed(USER + "/token", 12), "has a number as token, where text belongs"),
        (changed(USER, {"client-certificate-data": CERT}), "has a client certificate without a client-key"),
        (changed(USER, {"client-certificate-data": CERT, "client-key-data": KEY}), "cannot be read"),
        (changed(USER, {"client-certificate-data": CERT, "client-key-data": CERT + "*"}), "is not base64"),
        (changed(USER, {"tokenFile": "/etc"}), "cannot be read: it is a directory"),
        (changed(USER, {"exec": ["x"]}), "has a list as exec, where a mapping belongs"),
        (changed(USER, {"exec": {"command": "x"}}), "has no apiVersion of the group"),
        (changed("users", [CONFIG["users"][0]] * 2), "has more than one user named 'u'"),
    ],
)
def test_wrong_shapes(config: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=config))
    assert sentence in caught.value.sentence
    assert SECRET not in caught.value.sentence
    assert "\n" not in caught.value.sentence


MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"\xff\xfe\x00", "is not text in UTF-8", id="binary"),
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"users: [\n  *" + SECRET.encode(), "is not valid YAML (line 2, column 3)", id="alias"),
        pytest.param(b"token: '" + SECRET.encode(), "is not valid YAML (line", id="quote"),
        pytest.param(b"t: !!timestamp " + SECRET.encode(), "is not valid YAML", id="bad-tag"),
        pytest.param(b"[" * 50_000, "", id="deep"),
        pytest.param(MERGES.encode(), "", id="merge-bomb"),
        pytest.param(b"#" * (5 << 20), "is larger than 4 MiB", id="large"),
        pytest.param(b"$ANSIBLE_VAULT;1.1;AES256\n6162", "is encrypted with Ansible Vault", id="vault"),
    ],
)
def test_files_that_are_no_kubeconfig(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "kc").write_bytes(content)
    started = time.process_time()
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=str(tmp_path / "kc")))
    assert sentence in caught.value.sentence
    assert SECRET not in caught.value.sentence
    assert time.process_time() - started < 10


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    for name, sentence in (("", "a directory"), ("loop", "cannot be read"), ("pipe", "no regular file")):
        with pytest.raises(KubeError, match=sentence):
            load_access(KubeAuth(kubeconfig=str(tmp_path / name)))


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_text_is_taken_as_the_content(write: t.Callable[[t.Any], str]) -> None:
    access = load_access(KubeAuth(kubeconfig=write(CONFIG)))
    assert access.server == URL
    assert access.source == "the kubeconfig given as text"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SECRET, "kubeconfig names no file that exists (it has 18 characters)"),
        (f"/{SECRET}", "kubeconfig names no file that exists (it has 19 characters)"),
        (f"- {SECRET}", "kubeconfig names no file that exists (it has 20 characters)"),
        (f"/nope:{SECRET}", "The text given as kubeconfig (24 characters) is neither a file nor a YAML mapping"),
        (f"users:\n- user: {{token: {SECRET}", "The kubeconfig given as text is not valid YAML (line"),
        (f"a\0{SECRET}", "The text given as kubeconfig (20 characters) is neither a file nor a YAML mapping"),
        (
            f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----",
            "The text given as kubeconfig (72 characters) is neither a file nor a YAML mapping",
        ),
    ],
)
def test_text_that_is_neither_is_not_shown(text: str, said: str) -> None:
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=text))
    assert said in caught.value.sentence
    assert SECRET not in caught.value.sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("/nope", "The kubeconfig /nope does not exist.", id="in the root folder"),
        pytest.param("/nope/kube/config", "The kubeconfig /nope/kube/config does not exist.", id="no folder is there"),
        pytest.param("/Kube/Prod-3.yaml", "The kubeconfig /Kube/Prod-3.yaml does not exist.", id="by its ending"),
        pytest.param("nope.conf", "The kubeconfig nope.conf does not exist.", id="relative"),
        pytest.param("./kube/nope", "The kubeconfig ./kube/nope does not exist.", id="relative, without ending"),
        pytest.param("/nope:/no.yaml", "The kubeconfigs /nope and /no.yaml do not exist.", id="several"),
    ],
)
def test_a_path_that_is_not_there_is_named(text: str, said: str) -> None:
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=text))
    assert said in caught.value.sentence


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("/wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", id="a secret key of AWS that begins like a path"),
        pytest.param("/hunter2", id="a password"),
        pytest.param("/abcdefghijklmnopqrstuvwxyzabcdefgh", id="a long word"),
        pytest.param("eyJhbGciOi.eyJpc3MiOi.c2ln", id="a token"),
    ],
)
def test_what_may_be_a_secret_is_no_path(text: str) -> None:
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=text))
    assert text not in caught.value.sentence


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_text_in_the_place_of_a_certificate_is_not_shown(option: str) -> None:
    files = {"client_cert": KEY, "client_key": KEY, option: SECRET}
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(host=URL, api_key=None if option != "ca_cert" else "x", **files))  # type: ignore[arg-type]
    assert SECRET not in caught.value.sentence


def test_the_first_of_several_files_decides(tmp_path: Path) -> None:
    first = {"contexts": CONFIG["contexts"], "users": CONFIG["users"]}
    second = {**CONFIG, "users": [{"name": "u", "user": {"token": "other"}}]}
    for name, config in (("1", first), ("2", second)):
        (tmp_path / name).write_text(yaml.safe_dump(config))
    access = load_access(KubeAuth(kubeconfig=f"{tmp_path}/1:{tmp_path}/2"))
    assert dict(access.headers)["Authorization"] == f"Bearer {SECRET}"


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    (tmp_path / "kc").write_text(yaml.safe_dump(changed(USER, {"tokenFile": "token"})))
    assert dict(load_access(KubeAuth(kubeconfig=str(tmp_path / "kc"))).headers)["Authorization"] == "Bearer from-file"


VALUES: list[t.Any] = [None, True, 7, 1.5, "", "x", "\0", "é\n", [], [None], {}, {"a": []}, [[]], "https://[", -1]


def _spots(node: t.Any) -> t.Iterator[tuple[t.Any, t.Any]]:
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], (dict, list)):
            yield from _spots(node[key])


@pytest.mark.parametrize("seed", range(20))
def test_random_shapes_end_in_a_sentence(seed: int) -> None:
    """A kubeconfig with one to three places that hold something else."""
    rng = random.Random(seed)
    whole = changed(USER, {"token": "t", "username": "n", "password": "p", "client-key-data": KEY, "exec": {"env": []}})
    whole["clusters"][0]["cluster"] |= {"proxy-url": "http://p:1", "tls-server-name": "s", "extensions": []}
    for _round in range(100):
        config = copy.deepcopy(whole)
        for _change in range(rng.randint(1, 3)):
            node, key = rng.choice(list(_spots(config)))
            node[key] = copy.deepcopy(rng.choice(VALUES))
        with contextlib.suppress(KubeError):
            load_access(KubeAuth(kubeconfig=config))


_KILLED = """
import json, os, signal, sys
sys.path[:0] = json.loads(sys.argv[1])
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
try:
    connect(KubeAuth(kubeconfig=json.loads(sys.argv[2])))
finally:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_no_key_behind(tmp_path: Path) -> None:
    config = changed(USER, {"client-certificate-data": CERT, "client-key-data": KEY})
    command = [sys.executable, "-c", _KILLED, json.dumps(sys.path), json.dumps(config)]
    ended = subprocess.run(command, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, check=False)
    assert ended.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_in_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "kubee" / "config"
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=str(path)))
    assert f"The kubeconfig {path} does not exist." in caught.value.sentence


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(LAUGHS, "has more than 100000 values, those of its aliases counted", id="laughs"),
        pytest.param(f"users: &a\n- token: {SECRET}\n- *a\n", "a value holds itself by the alias *a", id="self"),
        pytest.param("a: " * 300 + "b", "is neither a file nor a YAML mapping", id="colons"),
        pytest.param("a:\n" + "- " * 300 + "b", "is nested more than 200 levels deep", id="deep"),
        pytest.param(f"token: {SECRET}\n\tx: [", "is not valid YAML (line 2", id="tab"),
        pytest.param("no-such", "kubeconfig names no file that exists", id="relative"),
        pytest.param(f"/{SECRET}{'9' * 30}", "kubeconfig names no file that exists", id="begins-with-a-slash"),
    ],
)
def test_text_that_is_no_kubeconfig(text: str, sentence: str) -> None:
    started = time.process_time()
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=text))
    assert sentence in caught.value.sentence
    assert SECRET not in caught.value.sentence
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("user", "headers"),
    [
        ({"as": "ada"}, [("Impersonate-User", "ada")]),
        (
            {"as": "ada", "as-uid": "7", "as-groups": ["dev", "ops"], "as-user-extra": {"acme/r%l": ["x", "y"]}},
            # client-go v0.34, transport/round_trippers.go: headerKeyEscape.
            [
                ("Impersonate-User", "ada"),
                ("Impersonate-Uid", "7"),
                ("Impersonate-Group", "dev"),
                ("Impersonate-Group", "ops"),
                ("Impersonate-Extra-acme%2Fr%25l", "x"),
                ("Impersonate-Extra-acme%2Fr%25l", "y"),
            ],
        ),
        ({"as": "\u00e4\u540d"}, [("Impersonate-User", "\u00e4\u540d".encode().decode("latin-1"))]),
        ({}, []),
    ],
)
def test_whom_a_user_acts_as(user: dict[str, t.Any], headers: list[tuple[str, str]]) -> None:
    access = load_access(KubeAuth(kubeconfig=changed(USER, {"token": "t", **user})))
    assert list(access.headers) == [("Authorization", "Bearer t"), *headers]


def test_options_impersonate_in_place_of_the_kubeconfig() -> None:
    config = changed(USER, {"token": "t", "as": "ada", "as-groups": ["dev"]})
    access = load_access(KubeAuth(kubeconfig=config, impersonate_user="bob"))
    assert access.headers[1:] == (("Impersonate-User", "bob"),)


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        ({"as-groups": ["dev"]}, "impersonates a uid, groups or other attributes without a user (as)"),
        ({"as": ["ada"]}, "has a list as as, where text belongs"),
        ({"as": "ada", "as-groups": "dev"}, "has text as as-groups, where a list belongs"),
        ({"as": "ada", "as-user-extra": {"k": "v"}}, "has text as k, where a list belongs"),
        ({"as": "ada\r\nX: y"}, "The value for Impersonate-User has a line break in it"),
    ],
)
def test_wrong_impersonation(user: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=changed(USER, {"token": "t", **user})))
    assert sentence in caught.value.sentence


def _google(tmp_path: Path, script: str, **settings: str) -> dict[str, t.Any]:
    program = tmp_path / "gcloud"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    provider = {"name": "gcp", "config": {"cmd-path": str(program), "cmd-args": "config helper", **settings}}
    return changed(USER, {"auth-provider": provider})


GOOGLE = '{"credential": {"access_token": "ya29", "token_expiry": "2099-01-01T00:00:00Z"}, "t": {"o": "other"}}'


@pytest.mark.parametrize(
    ("settings", "token"),
    [({}, "ya29"), ({"token-key": "{.t.o}", "expiry-key": "{.credential.token_expiry}"}, "other")],
)
def test_the_command_of_a_gcp_provider(settings: dict[str, str], token: str, tmp_path: Path) -> None:
    config = _google(tmp_path, f'[ "$*" = "config helper" ] && echo \'{GOOGLE}\'', **settings)
    access = load_access(KubeAuth(kubeconfig=config))
    assert dict(access.headers)["Authorization"] == f"Bearer {token}"
    assert access.expires_at is not None
    assert access.expires_at.year == 2099


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        pytest.param("sleep 600 & echo $! > child; sleep 600", "gave no token within 1 s and was ended", id="hangs"),
        pytest.param("yes; true", "it wrote more than 1 MiB and was ended", id="floods"),
        pytest.param("echo no >&2; exit 3", "it ended with code 3: no", id="fails"),
        pytest.param("echo '[]'", "its answer has no text where token-key looks for it", id="shape"),
        pytest.param('echo \'{"access_token": "a", "token_expiry": "x"}\'', "is no time", id="time"),
        pytest.param("echo '['", "its answer is not JSON", id="json"),
    ],
)
def test_a_gcp_command_that_gives_no_token(
    script: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth_provider, "_SECONDS", 1.0)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KubeError) as caught:
        load_access(KubeAuth(kubeconfig=_google(tmp_path, script)))
    assert sentence in caught.value.sentence
    if (tmp_path / "child").exists():
        child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
        end = time.monotonic() + 10
        while _is_alive(child):
            assert time.monotonic() < end
            time.sleep(0.01)


def _is_alive(stat: Path) -> bool:
    with contextlib.suppress(OSError):
        return not stat.read_text().rpartition(") ")[2].startswith("Z")
    return False
