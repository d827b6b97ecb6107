# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import JSON_PATCH, KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.retries import RetryPolicy

if t.TYPE_CHECKING:
    from conftest import FakeApi

STATUS = {"kind": "Status", "message": "no"}


MERGE, JSON = "application/merge-patch+json", "application/json"
OPERATIONS = [{"op": "remove", "path": "/a"}]


@pytest.mark.parametrize(
    ("call", "sent", "content_type", "body"),
    [
        pytest.param(
            lambda c: c.get("/api/v1/pods", query={"limit": "2", "x": "a b"}),
            ("GET", "/api/v1/pods?limit=2&x=a+b"),
            None,
            None,
            id="get",
        ),
        pytest.param(lambda c: c.post("/api", {"a": "ü"}), ("POST", "/api"), JSON, {"a": "ü"}, id="post"),
        pytest.param(lambda c: c.put("/api", {"a": 1}), ("PUT", "/api"), JSON, {"a": 1}, id="put"),
        pytest.param(lambda c: c.patch("/api", {"a": None}), ("PATCH", "/api"), MERGE, {"a": None}, id="merge patch"),
        pytest.param(
            lambda c: c.patch("/api", OPERATIONS, patch_type=JSON_PATCH),
            ("PATCH", "/api"),
            JSON_PATCH,
            OPERATIONS,
            id="JSON patch",
        ),
        pytest.param(lambda c: c.delete("/api"), ("DELETE", "/api"), None, None, id="delete"),
        pytest.param(lambda c: c.delete("/api", body={"k": 1}), ("DELETE", "/api"), JSON, {"k": 1}, id="with options"),
    ],
)
def test_requests(api: FakeApi, call: t.Any, sent: tuple[str, str], content_type: str | None, body: t.Any) -> None:
    api.say(200, {"ok": True})
    client = api.client()
    assert call(client) == {"ok": True}
    [(seen_verb, seen_path, headers, seen_body)] = api.seen
    assert (seen_verb, seen_path) == sent
    named = {name.lower(): value for name, value in headers}
    assert (named["authorization"], named["accept"]) == ("Bearer t0ken", "application/json")
    assert (named["accept-encoding"], named.get("content-type")) == ("identity", content_type)
    assert (json.loads(seen_body) if seen_body else None) == body
    assert client.requests_made == 1


def test_impersonation_headers_are_on_every_request_one_for_each_group(api: FakeApi) -> None:
    api.say(200, {})
    api.client(impersonate_user="joe", impersonate_groups=("a", "b")).get("/api")
    sent = [(name, value) for name, value in api.seen[0][2] if name.lower().startswith("impersonate")]
    assert sent == [("Impersonate-User", "joe"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")]


def test_a_path_of_the_server_is_kept(api: FakeApi) -> None:
    api.say(200, {})
    connect(KubeAuth(host=api.url + "/k8s/clusters/c-1", api_key="x")).get("/api/v1/pods")
    assert api.seen[0][1] == "/k8s/clusters/c-1/api/v1/pods"


def test_bytes_are_as_the_server_wrote_them(api: FakeApi) -> None:
    api.say(503, STATUS)
    api.say(200, b'{ "items" : [] }\n')
    assert api.client().get_bytes("/api", query={"limit": "5"}) == b'{ "items" : [] }\n'
    assert [path for _verb, path, _headers, _body in api.seen] == ["/api?limit=5"] * 2


def test_gzip(api: FakeApi) -> None:
    api.say(200, gzip.compress(b'{"big": 1}'), Content_Encoding="gzip")
    assert api.client().get("/api") == {"big": 1}


@pytest.mark.parametrize(
    ("verb", "statuses", "requests", "good"),
    [
        pytest.param("get", [503, 500, 200], 3, True, id="a read is repeated on 5xx"),
        pytest.param("get", [429, 200], 2, True, id="a read on 429"),
        pytest.param("post", [429, 429, 201], 3, True, id="a write on 429"),
        pytest.param("post", [500, 201], 1, False, id="a write is not repeated on 500"),
        pytest.param("post", [503, 201], 1, False, id="nor on 503 without Retry-After"),
        pytest.param("get", [404, 200], 1, False, id="404 is an answer"),
        pytest.param("get", [503] * 20, 4, False, id="attempts end"),
        pytest.param("get", [302], 1, False, id="redirects are not followed"),
    ],
)
def test_repeats(api: FakeApi, verb: str, statuses: list[int], requests: int, good: bool) -> None:
    for status in statuses:
        api.say(status, {"ok": True} if status < 300 else STATUS)
    policy = RetryPolicy(base=0.001, attempts=4, first_contact_attempts=4)
    client = connect(KubeAuth(host=api.url, api_key="x"), retry=policy)
    arguments = ({"a": 1},) if verb == "post" else ()
    if good:
        assert getattr(client, verb)("/api", *arguments) == {"ok": True}
    else:
        with pytest.raises(KubeError) as caught:
            getattr(client, verb)("/api", *arguments)
        assert caught.value.status == statuses[requests - 1]
    assert len(api.seen) == client.requests_made == requests


def test_retry_after_is_waited_for(api: FakeApi) -> None:
    api.say(429, STATUS, Retry_After="0.3")
    api.say(200, {})
    started = time.monotonic()
    api.client().post("/api", {})
    assert time.monotonic() - started >= 0.3


def test_retry_after_beyond_the_budget_is_not_waited_for(api: FakeApi) -> None:
    api.say(429, STATUS, Retry_After="20")
    started = time.monotonic()
    with pytest.raises(KubeError, match="429"):
        api.client().get("/api")
    assert time.monotonic() - started < 1


def test_cancel_ends_the_wait_before_a_repeat(api: FakeApi) -> None:
    api.say(429, STATUS, Retry_After="4")
    cancel = CancelToken()
    client = api.client().with_cancel(cancel)
    timer = threading.Timer(0.1, cancel.cancel, ["SIGTERM"])
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled, match="SIGTERM"):
        client.get("/api")
    assert time.monotonic() - started < 2
    timer.join()
    api.answers[:] = [(200, {}, {})]
    assert client.with_cancel(CancelToken()).get("/api") == {}, "a release goes on under another token"


def test_one_401_reloads_the_credential_and_repeats_once(api: FakeApi, tmp_path: Path) -> None:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": api.url}}],
        "users": [{"name": "u", "user": {"tokenFile": str(tmp_path / "token")}}],
        "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "k",
    }
    (tmp_path / "kc").write_text(yaml.safe_dump(config))
    (tmp_path / "token").write_text("old")
    client = connect(KubeAuth(kubeconfig=str(tmp_path / "kc")))
    (tmp_path / "token").write_text("new")
    api.say(401, STATUS)
    api.say(201, {})
    client.post("/api", {})
    assert [dict(headers)["Authorization"] for _v, _p, headers, _b in api.seen] == ["Bearer old", "Bearer new"]
    api.answers[:] = [(401, STATUS, {})]
    with pytest.raises(KubeError, match="did not accept the credential"):
        client.get("/api")
    assert len(api.seen) == 4, "the second 401 is final"


@pytest.mark.parametrize(
    ("body", "words"), [(b"<html>", "is not JSON"), (b"[1]", "is no object")], ids=["HTML", "a list"]
)
def test_nonsense(api: FakeApi, body: bytes, words: str) -> None:
    api.say(200, body)
    with pytest.raises(KubeError, match=words):
        api.client().get("/api")


def test_silence_is_a_timeout(exec_api: t.Any) -> None:
    def quiet(_sock: t.Any) -> None:
        time.sleep(0.6)

    exec_api._talk = quiet
    client = connect(KubeAuth(host=exec_api.url, api_key="x"), timeout=0.2)
    with pytest.raises(KubeTimeout, match=r"did not answer GET /api within 0\.2 s"):
        client.get("/api")


def test_many_threads_share_one_client(api: FakeApi) -> None:
    api.say(200, {"ok": True})
    client = api.client()
    answers: list[t.Any] = []
    threads = [threading.Thread(target=lambda: answers.append(client.get("/api"))) for _n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"ok": True}] * 16
    assert client.requests_made == 16


def test_stream_gives_lines(api: FakeApi) -> None:
    api.say(200, b'{"a":1}\n{"b":2}\n')
    assert list(api.client().stream("/api", query={"watch": "1"}, timeout=5.0)) == [b'{"a":1}', b'{"b":2}']
    assert api.seen[0][1] == "/api?watch=1"


def test_stream_refusal(api: FakeApi) -> None:
    api.say(403, STATUS)
    with pytest.raises(KubeError, match="refused GET /api: no") as caught:
        list(api.client().stream("/api", timeout=5.0))
    assert caught.value.forbidden


def test_can_i(api: FakeApi) -> None:
    api.say(201, {"status": {"allowed": True}})
    client: KubeClient = api.client()
    assert client.can_i("create", resource="pods", subresource="exec", namespace="a") is True
    asked = json.loads(api.seen[0][3])["spec"]["resourceAttributes"]
    assert asked == {"verb": "create", "resource": "pods", "subresource": "exec", "namespace": "a"}
