# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API server in memory keeps the contract that a real one is held to."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_lists import ListContract
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_objects import ObjectContract
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_server import ServerContract
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Answer, Request
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_client import memory_client
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import SNAPSHOT_TYPES, TYPES

_CROWDED = "crowded"


def too_many(request: Request) -> Answer | None:
    if request.headers.get("impersonate-user") != _CROWDED:
        return None
    return Answer(429, b"Too many requests, please try again later.\n", {"Retry-After": "1"})


@pytest.fixture
def memory() -> MemoryApi:
    found = MemoryApi(TYPES + SNAPSHOT_TYPES)
    found.add("namespaces", "shop", status={"phase": "Active"})
    found.script = too_many
    return found


@pytest.fixture
def client(memory: MemoryApi) -> KubeClient:
    return memory.client


@pytest.fixture
def discovery(client: KubeClient) -> Discovery:
    return Discovery.read(client)


@pytest.fixture
def namespace() -> str:
    return "shop"


@pytest.fixture
def client_as(memory: MemoryApi) -> t.Callable[[str], KubeClient]:
    return lambda user: memory_client(memory, user=user)


@pytest.fixture
def nobody() -> str:
    return "nobody"


@pytest.fixture
def crowded() -> str:
    return _CROWDED


@pytest.fixture
def compact(memory: MemoryApi) -> t.Callable[[], None]:
    return memory.kept.compact


class TestObjects(ObjectContract):
    """In memory."""


class TestLists(ListContract):
    """In memory."""


class TestServer(ServerContract):
    """In memory."""


def test_refused_and_lost_requests(memory: MemoryApi) -> None:
    """What a test says in the place of an answer is raised as it is; only a lost one has had its effect."""
    error = KubeError("No API server answers.")
    memory.refuse = lambda verb, path, dry_run: error if verb == "POST" and not dry_run else None
    path, body = "/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "a"}}
    with pytest.raises(KubeError) as caught:
        memory.client.post(path, body)
    assert (caught.value, memory.names("configmaps", "shop")) == (error, [])
    memory.client.post(path, body, query={"dryRun": "All"})
    memory.refuse, memory.lose = lambda *_given: None, lambda _verb, _path: error
    with pytest.raises(KubeError):
        memory.client.post(path, body)
    assert memory.names("configmaps", "shop") == ["a"]
    assert memory.requests == [f"POST {path}"] * 2


def test_controllers_follow(memory: MemoryApi) -> None:
    seen: list[tuple[str, str]] = []
    memory.kept.controllers.append(lambda kind, key, _obj: seen.append((kind, key[2])))
    path = "/api/v1/namespaces/shop/configmaps"
    memory.client.post(path, {"metadata": {"name": "a"}})
    memory.client.patch(f"{path}/a", {"data": {"x": "y"}})
    memory.client.delete(f"{path}/a")
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_denied_rights(memory: MemoryApi) -> None:
    memory.denied = {"secrets", ("delete", "configmaps")}
    assert not memory.client.can_i("get", resource="secrets", namespace="shop")
    assert memory.client.can_i("get", resource="configmaps")
    assert not memory.client.can_i("delete", resource="configmaps")
    with pytest.raises(KubeError, match='User "admin" cannot list resource "secrets"'):
        memory.client.get("/api/v1/secrets")


def test_a_wrong_clock(memory: MemoryApi) -> None:
    memory.clock_ahead = dt.timedelta(hours=1)
    memory.client.version()
    assert dt.timedelta(minutes=59) < memory.client.server_now() - dt.datetime.now(tz=dt.UTC) < dt.timedelta(minutes=61)
