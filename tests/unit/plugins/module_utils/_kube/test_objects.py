# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube import objects
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import JSON_PATCH, MERGE_PATCH
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset())
NODES = ApiResource("", "v1", "nodes", "node", "Node", False, frozenset())
BODY = {"metadata": {"name": "p", "namespace": "inside"}}
MANAGER = {"fieldManager": "arkive.k8s"}
DRY = {**MANAGER, "dryRun": "All"}
OPTIONS = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}


class FakeClient:
    """Writes down what it is asked; answers with ``answer``."""

    def __init__(self, answer: t.Any = None) -> None:
        self.answer = {} if answer is None else answer
        self.asked: list[tuple[t.Any, ...]] = []

    def _take(self, *asked: t.Any) -> t.Any:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get(self, path: str) -> t.Any:
        return self._take("get", path)

    def post(self, path: str, body: t.Any, *, query: t.Any) -> t.Any:
        return self._take("post", path, body, query)

    def put(self, path: str, body: t.Any, *, query: t.Any) -> t.Any:
        return self._take("put", path, body, query)

    def patch(self, path: str, body: t.Any, *, patch_type: str, query: t.Any) -> t.Any:
        return self._take("patch", path, body, patch_type, query)

    def delete(self, path: str, *, body: t.Any) -> t.Any:
        return self._take("delete", path, body)


IN_A = "/api/v1/namespaces/a/pods"


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        pytest.param(lambda c: objects.get_object(c, PODS, "p", "a"), ("get", f"{IN_A}/p"), id="get"),
        pytest.param(lambda c: objects.get_object(c, NODES, "n"), ("get", "/api/v1/nodes/n"), id="get cluster-scoped"),
        pytest.param(
            lambda c: objects.create_object(c, PODS, BODY, namespace="a"), ("post", IN_A, BODY, MANAGER), id="create"
        ),
        pytest.param(
            lambda c: objects.create_object(c, PODS, BODY, dry_run=True),
            ("post", "/api/v1/namespaces/inside/pods", BODY, DRY),
            id="create where the object says, dry",
        ),
        pytest.param(
            lambda c: objects.patch_object(c, PODS, "p", {"x": 1}, namespace="a"),
            ("patch", f"{IN_A}/p", {"x": 1}, MERGE_PATCH, MANAGER),
            id="patch",
        ),
        pytest.param(
            lambda c: objects.patch_object(
                c, PODS, "p", [], namespace="a", patch_type=JSON_PATCH, subresource="status", dry_run=True
            ),
            ("patch", f"{IN_A}/p/status", [], JSON_PATCH, DRY),
            id="patch a subresource, dry",
        ),
        pytest.param(
            lambda c: objects.replace_object(c, PODS, "p", BODY, namespace="a"),
            ("put", f"{IN_A}/p", BODY, MANAGER),
            id="replace",
        ),
        pytest.param(lambda c: objects.delete_object(c, PODS, "p", "a"), ("delete", f"{IN_A}/p", OPTIONS), id="delete"),
        pytest.param(
            lambda c: objects.delete_object(c, PODS, "p", "a", propagation="Foreground", grace_seconds=0, dry_run=True),
            (
                "delete",
                f"{IN_A}/p",
                {**OPTIONS, "propagationPolicy": "Foreground", "gracePeriodSeconds": 0, "dryRun": ["All"]},
            ),
            id="delete with options",
        ),
    ],
)
def test_requests(call: t.Any, asked: tuple[t.Any, ...]) -> None:
    client = FakeClient()
    call(client)
    assert client.asked == [asked]


def test_what_is_not_there() -> None:
    client: t.Any = FakeClient(KubeError("no", status=404))
    assert objects.get_object(client, PODS, "p", "a") is None
    assert objects.delete_object(client, PODS, "p", "a") is False


@pytest.mark.parametrize("status", [403, 409, 500, None])
def test_other_errors_are_raised(status: int | None) -> None:
    client: t.Any = FakeClient(KubeError("no", status=status))
    with pytest.raises(KubeError):
        objects.get_object(client, PODS, "p", "a")
    with pytest.raises(KubeError):
        objects.delete_object(client, PODS, "p", "a")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda c: objects.delete_object(c, PODS, "", "a"), "A name is missing for a Pod", id="no name"),
        pytest.param(
            lambda c: objects.delete_object(c, PODS, "p"), "A namespace is missing for a Pod", id="no namespace"
        ),
        pytest.param(lambda c: objects.create_object(c, PODS, {}), "A namespace is missing for a Pod", id="create"),
    ],
)
def test_a_whole_collection_is_never_meant(call: t.Any, words: str) -> None:
    client = FakeClient()
    with pytest.raises(KubeError, match=words):
        call(client)
    assert client.asked == []
