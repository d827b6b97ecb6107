# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the contract of an API server is tried with. Whoever runs it has the fixtures that ``ApiContract`` names."""

from __future__ import annotations

import contextlib
import json
import secrets
import typing as t
import urllib.parse

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

ClientAs: t.TypeAlias = "t.Callable[[str], KubeClient]"


class Reply(t.NamedTuple):
    """One HTTP answer; ``document`` is None for one that is not JSON."""

    status: int
    headers: t.Mapping[str, str]
    document: t.Any
    data: bytes


def ask(
    client: KubeClient,
    verb: str,
    path: str,
    body: t.Any = None,
    *,
    content_type: str = "application/json",
    accept: str = "application/json",
    **query: str,
) -> Reply:
    """One request with nothing around it: no retries, no errors."""
    lane = client.session.lane
    target = f"{path}?{urllib.parse.urlencode(query)}" if query else path
    headers = {"Accept": accept, **dict(lane.access.headers)}
    if body is not None:
        headers["Content-Type"] = content_type
    data = None if body is None else json.dumps(body).encode()
    answer = lane.pool.request(verb, lane.url(target), body=data, headers=headers)
    document = None
    with contextlib.suppress(ValueError):
        document = json.loads(answer.data)
    return Reply(answer.status, answer.headers, document, answer.data)


class Place:
    """One namespace, and names that nobody else takes there."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self.client = client
        self.namespace = namespace
        self.mark = secrets.token_hex(4)
        self.maps = f"/api/v1/namespaces/{namespace}/configmaps"
        self.leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"

    def name(self, name: str) -> str:
        return f"{self.mark}-{name}"

    def path(self, name: str) -> str:
        return f"{self.maps}/{self.name(name)}"

    def config(self, name: str, data: t.Mapping[str, str] | None = None, **metadata: t.Any) -> Object:
        labels = {"mark": self.mark, **metadata.pop("labels", {})}
        named = {"name": self.name(name), "labels": labels, **metadata}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": dict(data or {"a": "1"})}

    def make(self, name: str, data: t.Mapping[str, str] | None = None, **metadata: t.Any) -> Object:
        return self.client.post(self.maps, self.config(name, data, **metadata))

    def ask(self, verb: str, name: str, body: t.Any = None, **more: t.Any) -> Reply:
        return ask(self.client, verb, self.path(name), body, **more)

    def make_lease(self, name: str, **labels: str) -> Object:
        metadata = {"name": name, "labels": labels}
        body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {}}
        return self.client.post(self.leases, body)

    def list_leases(self, **query: str) -> Object:
        return self.client.get(self.leases, query=query)

    def watch(self, **query: str) -> t.Generator[tuple[str, str, Object], None, None]:
        """Type, name without the mark, object."""
        asked = {"watch": "1", "labelSelector": f"mark={self.mark}", "timeoutSeconds": "10", **query}
        for line in self.client.stream(self.maps, query=asked, timeout=15.0):
            event = json.loads(line)
            name = str(event["object"]["metadata"].get("name") or "")
            yield event["type"], name.removeprefix(f"{self.mark}-"), event["object"]


def names(answer: Object) -> list[str]:
    return [item["metadata"]["name"] for item in answer["items"]]


class ApiContract:
    """What an API server does, as far as tests count on it: run against the one in memory, and a real one live.

    Needs the fixtures ``client`` (of somebody with all rights), ``discovery``, ``namespace``, ``client_as`` (an
    impersonated user), ``nobody`` and ``crowded`` (users without rights, and with room for one request at a time at
    most), and ``compact``, after which the server knows nothing but the newest version.
    """

    @pytest.fixture
    def place(self, client: KubeClient, namespace: str) -> Place:
        return Place(client, namespace)


__all__ = ("ApiContract", "ClientAs", "Place", "Reply", "ask", "names")
