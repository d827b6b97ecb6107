# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real API server keeps the contract that the one in memory, which unit tests use, is held to."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_lists import ListContract, token_of
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_objects import ObjectContract
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_place import Place, ask
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_server import ServerContract

LAB = Path(__file__).parents[3] / "cluster" / "lab.py"
LEASES = "/apis/coordination.k8s.io/v1/leases"
OLD = token_of(2, "a\0")
FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1"
#: Asks etcd, which listens in the node only, for its newest version, and to forget all before it. API servers tell each
#: other of it by a key.
COMPACT = """
import base64, json, urllib.request
def encoded(text):
    return base64.b64encode(text.encode()).decode()
def ask(path, **body):
    request = urllib.request.Request("http://127.0.0.1:2379/v3/kv/" + path, data=json.dumps(body).encode())
    return json.load(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20))
version = ask("range", key="AA==")["header"]["revision"]
ask("compaction", revision=version, physical=True)
ask("put", key=encoded("compact_rev_key"), value=encoded(version))
"""


@pytest.fixture
def client_as(kubeconfig: str) -> t.Callable[[str], KubeClient]:
    return lambda user: connect(KubeAuth(kubeconfig=kubeconfig, impersonate_user=user))


@pytest.fixture
def nobody() -> str:
    return f"arkive-test-{secrets.token_hex(4)}"


@pytest.fixture
def crowded(client: KubeClient) -> t.Iterator[str]:
    """A user whose requests are served one by one, and refused while one is served."""
    name = f"arkive-test-{secrets.token_hex(4)}"
    level = {
        "kind": "PriorityLevelConfiguration",
        "spec": {
            "type": "Limited",
            "limited": {
                "nominalConcurrencyShares": 0,
                "lendablePercent": 0,
                "borrowingLimitPercent": 0,
                "limitResponse": {"type": "Reject"},
            },
        },
    }
    rules = [
        {
            "subjects": [{"kind": "User", "user": {"name": name}}],
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}],
        }
    ]
    flow = {
        "kind": "FlowSchema",
        "spec": {"priorityLevelConfiguration": {"name": name}, "matchingPrecedence": 50, "rules": rules},
    }
    made = {f"{FLOWS}/prioritylevelconfigurations": level, f"{FLOWS}/flowschemas": flow}
    for path, body in made.items():
        client.post(path, {"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "metadata": {"name": name}, **body})
    yield name
    for path in reversed(made):
        client.delete(f"{path}/{name}")


@pytest.fixture
def compact(state: Path, client: KubeClient) -> t.Callable[[], None]:
    """Of the local cluster only. The API server's own copies of lists go a moment later."""
    command = [sys.executable, str(LAB), "status", "--json", "--state", str(state)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    inside = ["nsenter", "-n", "-t", str(json.loads(done.stdout)["pids"]["etcd"])]

    def run() -> None:
        subprocess.run([*inside, sys.executable, "-c", COMPACT], check=True, timeout=60)
        end = time.monotonic() + 60
        while ask(client, "GET", LEASES, limit="1", **{"continue": OLD}).status != 410:
            assert time.monotonic() < end, "the API server still knows what etcd has forgotten"
            time.sleep(0.1)

    return run


class TestObjects(ObjectContract):
    """A real one."""

    @pytest.fixture
    def namespace(self, module_namespace: str) -> str:
        return module_namespace


class TestLists(ListContract):
    """A real one."""

    @pytest.mark.fault
    def test_an_expired_page(self, place: Place, compact: t.Callable[[], None]) -> None:
        super().test_an_expired_page(place, compact)


class TestServer(ServerContract):
    """A real one."""

    @pytest.fixture
    def namespace(self, module_namespace: str) -> str:
        return module_namespace
