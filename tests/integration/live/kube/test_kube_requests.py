# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests, discovery, lists, waits and errors of a real API server."""

from __future__ import annotations

import base64
import http.server
import json
import select
import socket
import ssl
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import JSON_PATCH, KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
    replace_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from exec_target import Target


@pytest.fixture(scope="session")
def configmaps(discovery: Discovery) -> ApiResource:
    found = discovery.resolve("configmaps")
    assert found is not None
    return found


def configmap(name: str, **data: str) -> dict[str, t.Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"n": name}}, "data": data}


# Discovery


def test_discovery_takes_two_requests_and_knows_what_kubectl_knows(client: KubeClient, kubectl: Kubectl) -> None:
    before = client.requests_made
    found = Discovery.read(client)
    assert client.requests_made - before == 2
    assert (found.resources[0].group, found.failed_groups) == ("", ())
    ours = {str(resource.group_resource) for resource in found.preferred()}
    assert ours == set(kubectl("api-resources", "-o", "name").split())


def test_the_fallback_finds_the_same(client: KubeClient, discovery: Discovery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery._ACCEPT", "application/json"
    )
    plain = Discovery.read(client)

    def known(found: Discovery) -> set[tuple[str, str, str, bool, bool]]:
        return {(res.plural, res.api_version, res.kind, res.namespaced, res.preferred) for res in found.resources}

    assert known(plain) == known(discovery)


@pytest.mark.parametrize(
    ("text", "group_resource"),
    [
        ("po", GroupResource("pods")),
        ("Deployment", GroupResource("deployments", "apps")),
        ("sts", GroupResource("statefulsets", "apps")),
        ("events", GroupResource("events")),
        ("ingress.networking.k8s.io", GroupResource("ingresses", "networking.k8s.io")),
        ("cronjobs.v1.batch", GroupResource("cronjobs", "batch")),
        ("crd", GroupResource("customresourcedefinitions", "apiextensions.k8s.io")),
    ],
)
def test_names(discovery: Discovery, text: str, group_resource: GroupResource) -> None:
    resource = discovery.resolve(text)
    assert resource is not None
    assert resource.group_resource == group_resource
    assert discovery.find(group_resource) == resource
    assert discovery.find_kind(resource.api_version, resource.kind) == resource


# Objects and lists


def test_objects(client: KubeClient, namespace: str, configmaps: ApiResource) -> None:
    made = create_object(client, configmaps, configmap("a", k="1"), namespace=namespace)
    assert made["metadata"]["uid"]
    with pytest.raises(KubeError) as caught:
        create_object(client, configmaps, configmap("a"), namespace=namespace)
    assert caught.value.already_exists
    patched = patch_object(client, configmaps, "a", {"data": {"k": "2", "l": "3"}}, namespace=namespace)
    assert patched["data"] == {"k": "2", "l": "3"}
    operations = [{"op": "remove", "path": "/data/k"}]
    patched = patch_object(client, configmaps, "a", operations, namespace=namespace, patch_type=JSON_PATCH)
    assert patched["data"] == {"l": "3"}
    with pytest.raises(KubeError) as caught:
        replace_object(client, configmaps, "a", made, namespace=namespace)
    assert caught.value.conflict
    replaced = replace_object(client, configmaps, "a", configmap("a", z="9"), namespace=namespace)
    assert replaced["data"] == {"z": "9"}
    assert delete_object(client, configmaps, "a", namespace) is True
    assert delete_object(client, configmaps, "a", namespace) is False
    assert get_object(client, configmaps, "a", namespace) is None


def test_dry_runs_change_nothing(client: KubeClient, namespace: str, configmaps: ApiResource) -> None:
    made = create_object(client, configmaps, configmap("dry", k="1"), namespace=namespace, dry_run=True)
    assert made["metadata"]["uid"]
    assert get_object(client, configmaps, "dry", namespace) is None
    create_object(client, configmaps, configmap("wet", k="1"), namespace=namespace)
    patched = patch_object(client, configmaps, "wet", {"data": {"k": "2"}}, namespace=namespace, dry_run=True)
    assert patched["data"] == {"k": "2"}
    assert delete_object(client, configmaps, "wet", namespace, dry_run=True) is True
    kept = get_object(client, configmaps, "wet", namespace)
    assert kept is not None
    assert kept["data"] == {"k": "1"}


def test_lists_in_pages(client: KubeClient, namespace: str, configmaps: ApiResource) -> None:
    for number in range(5):
        create_object(client, configmaps, configmap(f"c{number}"), namespace=namespace)
    fields = "metadata.name!=kube-root-ca.crt"
    pages = list(list_pages(client, configmaps, namespace=namespace, field_selector=fields, page_size=2))
    items = [item for page in pages for item in page.items]
    assert [item["metadata"]["name"] for item in items] == [f"c{number}" for number in range(5)]
    assert {(item["apiVersion"], item["kind"]) for item in items} == {("v1", "ConfigMap")}
    assert all(page.resource_version == pages[0].resource_version for page in pages)
    [page] = list_pages(client, configmaps, namespace=namespace, label_selector="n in (c1,c3)")
    assert [item["metadata"]["name"] for item in page.items] == ["c1", "c3"]


def test_lists_of_all_namespaces_in_pages_are_those_in_one(client: KubeClient, configmaps: ApiResource) -> None:
    def names(size: int) -> list[tuple[str, str]]:
        pages = list_pages(client, configmaps, page_size=size)
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for page in pages for item in page.items]

    stable = [name for name in names(2) if name[0].startswith("kube-")]
    assert stable == [name for name in names(1000) if name[0].startswith("kube-")]
    assert len(stable) > 2


# Waits


def test_a_wait_is_two_requests(client: KubeClient, namespace: str, configmaps: ApiResource) -> None:
    create_object(client, configmaps, configmap("w", k="1"), namespace=namespace)
    before = client.requests_made

    def patch_once_watched() -> None:
        end = time.monotonic() + 10
        while client.requests_made - before < 2 and time.monotonic() < end:
            time.sleep(0.01)
        patch_object(client, configmaps, "w", {"data": {"k": "2"}}, namespace=namespace)

    patcher = threading.Thread(target=patch_once_watched)
    started = time.monotonic()
    patcher.start()
    state = wait_for_object(
        client, configmaps, "w", namespace, lambda obj: bool(obj) and obj["data"]["k"] == "2", timeout=20.0
    )
    assert time.monotonic() - started < 15.0
    assert state is not None
    assert (state["kind"], state["data"]) == ("ConfigMap", {"k": "2"})
    patcher.join()
    assert client.requests_made - before == 3, "list, watch, and the patch itself"


def test_waits_for_creation_and_for_the_end(client: KubeClient, namespace: str, configmaps: ApiResource) -> None:
    for action, arguments, there in (
        (create_object, [client, configmaps, configmap("late")], True),
        (delete_object, [client, configmaps, "late", namespace], False),
    ):
        options = {"namespace": namespace} if there else {}
        timer = threading.Timer(0.3, t.cast("t.Any", action), arguments, options)
        timer.start()
        state = wait_for_object(
            client, configmaps, "late", namespace, lambda obj, there=there: (obj is not None) is there, timeout=20.0
        )
        assert (state is not None) is there
        timer.join()


def test_waits_end(client: KubeClient, namespace: str, configmaps: ApiResource) -> None:
    started = time.monotonic()
    with pytest.raises(KubeTimeout, match=r"ConfigMap never in namespace .* was not in the wanted state within 1 s"):
        wait_for_object(client, configmaps, "never", namespace, bool, timeout=1.0)
    assert time.monotonic() - started < 15.0
    cancel = CancelToken()
    timer = threading.Timer(0.5, cancel.cancel, ["SIGTERM"])
    timer.start()
    with pytest.raises(Cancelled):
        wait_for_object(client, configmaps, "never", namespace, bool, timeout=30.0, cancel=cancel)
    assert time.monotonic() - started < 15.0
    timer.join()


# Credentials and errors


@pytest.fixture
def token(client: KubeClient, namespace: str) -> str:
    """A token of the namespace's default service account, good for ten minutes, with no rights."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    return str(client.post(path, request)["status"]["token"])


@pytest.fixture
def ca_cert(kubeconfig: str, tmp_path: Path) -> str:
    cluster = yaml.safe_load(Path(kubeconfig).read_text())["clusters"][0]["cluster"]
    if "certificate-authority" in cluster:
        return str(Path(kubeconfig).parent / cluster["certificate-authority"])
    (tmp_path / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    return str(tmp_path / "ca.crt")


def test_host_and_token(client: KubeClient, namespace: str, token: str, ca_cert: str) -> None:
    other = connect(KubeAuth(host=client.server, api_key=token, ca_cert=ca_cert))
    assert other.version()["gitVersion"] == client.version()["gitVersion"]
    expires = other.credential_expires_at()
    assert expires is not None
    assert 500 < expires.timestamp() - time.time() < 700
    assert not other.credential_is_renewable
    with pytest.raises(KubeError) as caught:
        other.get(f"/api/v1/namespaces/{namespace}/secrets")
    assert caught.value.forbidden
    user = f"system:serviceaccount:{namespace}:default"
    said = f'User "{user}" cannot list resource "secrets" in API group "" in the namespace "{namespace}"'
    assert said in caught.value.message
    assert other.can_i("list", resource="secrets", namespace=namespace) is False
    assert client.can_i("create", resource="pods", subresource="exec", namespace=namespace) is True


def test_wrong_token(client: KubeClient, ca_cert: str) -> None:
    wrong = connect(KubeAuth(host=client.server, api_key="wrong", ca_cert=ca_cert))
    with pytest.raises(KubeError) as caught:
        wrong.get("/api/v1/namespaces")
    assert caught.value.message == f"The API server {client.server} did not accept the credential (401 Unauthorized)."
    assert wrong.requests_made == 2, "one 401 reads the credential again"


def test_unknown_certificate_authority(client: KubeClient) -> None:
    with pytest.raises(KubeError, match="could not be verified") as caught:
        connect(KubeAuth(host=client.server, api_key="x")).version()
    assert "validate_certs" in caught.value.sentence
    assert connect(KubeAuth(host=client.server, api_key="x", validate_certs=False)).access.tls is not None


def test_plain_http_and_a_closed_port(client: KubeClient) -> None:
    with pytest.raises(KubeError, match="answered 400"):
        connect(KubeAuth(host=client.server.replace("https:", "http:"), api_key="x")).version()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(KubeError) as caught:
        connect(KubeAuth(host=f"https://127.0.0.1:{port}", api_key="x")).version()
    assert caught.value.message == f"No API server answers at https://127.0.0.1:{port}: connection refused."
    assert time.monotonic() - started < 15.0


def test_a_stale_credential_of_a_plugin_is_replaced(
    client: KubeClient, kubeconfig: str, token: str, ca_cert: str, tmp_path: Path, target: Target
) -> None:
    """The plugin's first token is wrong; each kind of call notices the 401, runs it again and goes on."""
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "import json, pathlib\n"
        f"used = pathlib.Path({str(tmp_path / 'used')!r})\n"
        f"token = {token!r} if used.exists() else 'stale'\n"
        "used.touch()\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': {'token': token}}))\n"
    )
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(plugin)]}}
    config = {
        "clusters": [{"name": "c", "cluster": {"server": client.server, "certificate-authority": ca_cert}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "k",
    }
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    other = connect(KubeAuth(kubeconfig=config))
    assert other.credential_is_renewable
    assert "serviceaccount" in other.post(path, review)["status"]["userInfo"]["username"]
    (tmp_path / "used").unlink()
    with pytest.raises(KubeError) as caught:
        exec_command(connect(KubeAuth(kubeconfig=config)), **target._asdict(), argv=["true"])
    assert caught.value.forbidden, "known by now, but without rights: not unauthorized"


def test_impersonation(kubeconfig: str) -> None:
    groups = ("g1", "g2")
    other = connect(KubeAuth(kubeconfig=kubeconfig, impersonate_user="arkive-test-joe", impersonate_groups=groups))
    with pytest.raises(KubeError, match='User "arkive-test-joe" cannot list resource "nodes"'):
        other.get("/api/v1/nodes")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    info = other.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)["status"]["userInfo"]
    assert info["username"] == "arkive-test-joe"
    assert set(groups) <= set(info["groups"])


class ConnectProxy(http.server.BaseHTTPRequestHandler):
    """A proxy that knows CONNECT only, and asks for a password."""

    tunnels: t.ClassVar[list[str]] = []

    def do_CONNECT(self) -> None:
        if self.headers.get("Proxy-Authorization") != "Basic " + base64.b64encode(b"u:p").decode():
            self.send_error(407)
            return
        host, _colon, port = self.path.rpartition(":")
        self.tunnels.append(self.path)
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            self._pass_on(far)

    def _pass_on(self, far: socket.socket) -> None:
        ends = {self.connection: far, far: self.connection}
        while True:
            for source in select.select(list(ends), [], [], 30.0)[0]:
                data = source.recv(65536)
                if not data:
                    return
                ends[source].sendall(data)

    def log_message(self, *_args: t.Any) -> None:
        """Say nothing."""


def test_http_proxy(kubeconfig: str, target: Target, client: KubeClient) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ConnectProxy)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    try:
        through = connect(KubeAuth(kubeconfig=kubeconfig, proxy=f"http://u:p@127.0.0.1:{port}"))
        assert through.version()
        assert exec_command(through, **target._asdict(), argv=["echo", "x"]).stdout == b"x\n"
        assert len(ConnectProxy.tunnels) == 2, "one for the pool, one for the exec stream"
        around = connect(KubeAuth(kubeconfig=kubeconfig, proxy=f"http://127.0.0.1:{port}", no_proxy="127.0.0.0/8"))
        assert (around.access.proxy is None) is (around.access.host == "127.0.0.1")
        locked_out = connect(KubeAuth(kubeconfig=kubeconfig, proxy=f"http://127.0.0.1:{port}"))
        with pytest.raises(KubeError, match=r"through the proxy: .*407"):
            locked_out.version()
    finally:
        server.shutdown()
        server.server_close()


def test_the_answers_are_those_of_kubectl(client: KubeClient, kubectl: Kubectl) -> None:
    ours = client.get("/api/v1/namespaces/kube-system")
    assert ours == json.loads(kubectl("get", "namespace", "kube-system", "-o", "json", "--show-managed-fields"))


def test_tls_context_is_shared_by_requests_and_streams(client: KubeClient) -> None:
    tls = client.access.tls
    assert tls is not None
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)
