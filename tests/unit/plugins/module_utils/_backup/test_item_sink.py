# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.selection import Selection
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volumes import bound_volume, describe_volume
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import GlobalFilter, IncludeExclude

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset())
DEPLOYMENTS = ApiResource("apps", "v1", "deployments", "deployment", "Deployment", True, frozenset())
ROLES = ApiResource("rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole", False, frozenset())


class Writer:
    """Keeps what would go into the tarball."""

    def __init__(self) -> None:
        self.items: list[tuple[GroupResource, dict[str, t.Any], str]] = []
        self.payloads: list[bytes | None] = []

    def add_item(
        self, gr: GroupResource, obj: dict[str, t.Any], *, preferred_version: str, payload: bytes | None = None
    ) -> None:
        self.items.append((gr, obj, preferred_version))
        self.payloads.append(payload)


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def sink(writer: Writer) -> ItemSink:
    selection = Selection(
        types=(PODS,),
        filter=GlobalFilter(IncludeExclude(), IncludeExclude()),
        namespaces={"shop": {}, "web": {}},
        list_namespaces=None,
        label_selector="",
        missing_namespaces=(),
    )
    return ItemSink(t.cast("t.Any", writer), selection)


def obj(
    name: str = "a", namespace: str = "shop", kind: str = "Pod", api: str = "v1", **metadata: t.Any
) -> dict[str, t.Any]:
    found = {"name": name} | ({"namespace": namespace} if namespace else {}) | metadata
    return {"apiVersion": api, "kind": kind, "metadata": found}


# Spec 3.7, the checks of each item in their order.


@pytest.mark.parametrize(
    ("item", "stored"),
    [
        pytest.param(obj(), True, id="plain"),
        pytest.param(obj(labels={"velero.io/exclude-from-backup": "true"}), False, id="1-exclude-label"),
        pytest.param(obj(labels={"velero.io/exclude-from-backup": "false"}), True, id="1-other-value"),
        pytest.param(obj(namespace="other"), False, id="2-namespace"),
        pytest.param(obj(namespace="", kind="ClusterRole"), True, id="2-cluster-scoped"),
        pytest.param(obj(deletionTimestamp="2026-06-01T02:00:00Z"), False, id="3-terminating"),
        pytest.param(obj(deletionTimestamp=None), True, id="3-not-terminating"),
    ],
)
def test_store(sink: ItemSink, writer: Writer, item: dict[str, t.Any], stored: bool) -> None:
    assert sink.accepts(item) is stored
    assert sink.store(PODS, item) is stored
    assert len(writer.items) == stored
    assert (sink.total, sum(sink.counts.values())) == (stored, stored)


def test_an_item_is_written_once(sink: ItemSink, writer: Writer) -> None:  # 4
    assert sink.store(PODS, obj())
    assert not sink.store(PODS, obj())
    assert sink.store(PODS, obj(namespace="web"))
    assert sink.store(DEPLOYMENTS, obj(kind="Deployment", api="apps/v1"))
    assert len(writer.items) == 3
    assert sink.counts == {"pods": 2, "deployments.apps": 1}
    assert sink.namespaces_with_items == {"shop", "web"}


def test_what_the_writer_gets(sink: ItemSink, writer: Writer) -> None:
    item = obj(kind="Deployment", api="apps/v1")
    sink.store(DEPLOYMENTS, item)
    assert writer.items == [(GroupResource("deployments", "apps"), item, "v1")]


def test_a_pod_that_is_left_out_counts_and_is_listed(sink: ItemSink, writer: Writer) -> None:  # 4.6
    sink.leave_out(PODS, obj())
    assert not sink.store(PODS, obj())
    assert (writer.items, sink.total, dict(sink.counts)) == ([], 1, {})
    assert sink.resource_list() == {"v1/Pod": ["shop/a"]}


def test_the_resource_list(sink: ItemSink) -> None:  # 1.4
    sink.store(ROLES, obj("r", "", "ClusterRole", "rbac.authorization.k8s.io/v1"))
    for namespace, name in (("web", "b"), ("shop", "z"), ("shop", "a")):
        sink.store(PODS, obj(name, namespace))
    sink.store(DEPLOYMENTS, obj("d", kind="Deployment", api="apps/v1"))
    assert sink.resource_list() == {
        "apps/v1/Deployment": ["shop/d"],
        "rbac.authorization.k8s.io/v1/ClusterRole": ["r"],
        "v1/Pod": ["shop/a", "shop/z", "web/b"],
    }
    assert list(sink.resource_list()) == sorted(sink.resource_list())


def test_the_text_of_an_item_is_handed_on(sink: ItemSink, writer: Writer) -> None:
    sink.store(PODS, obj(), b"{...}")
    assert writer.payloads == [b"{...}"]


def test_our_mark_is_not_stored(sink: ItemSink, writer: Writer) -> None:
    sink.store(PODS, obj(annotations={"arkive.k8s/frozen": "[]", "team": "shop"}), b"{with the mark}")
    assert writer.payloads == [None]
    assert writer.items[0][1]["metadata"]["annotations"] == {"team": "shop"}


# Volumes: spec 1.5 and 3.9.


@pytest.mark.parametrize(
    ("claim", "volume"),
    [
        pytest.param({"spec": {"volumeName": "pv-1"}, "status": {"phase": "Bound"}}, "pv-1", id="bound"),
        pytest.param({"spec": {"volumeName": "pv-1"}, "status": {"phase": "Lost"}}, "", id="lost"),
        pytest.param({"spec": {"volumeName": "pv-1"}, "status": {"phase": "Pending"}}, "", id="pending"),
        pytest.param({"spec": {}, "status": {"phase": "Bound"}}, "", id="no-name"),
        pytest.param({"spec": {"volumeName": "pv-1"}}, "", id="no-status"),
    ],
)
def test_bound_volume(claim: dict[str, t.Any], volume: str) -> None:
    assert bound_volume(claim) == volume


@pytest.mark.parametrize(
    ("volume", "info"),
    [
        pytest.param(
            {"metadata": {"labels": {"zone": "a"}}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}},
            {"pvInfo": {"reclaimPolicy": "Delete", "labels": {"zone": "a"}}},
            id="read",
        ),
        pytest.param({"metadata": {}, "spec": {}}, {"pvInfo": {"reclaimPolicy": "", "labels": {}}}, id="bare"),
        pytest.param(None, {}, id="not-readable"),
    ],
)
def test_describe_volume(volume: t.Any, info: dict[str, t.Any]) -> None:
    claim = {"metadata": {"name": "data", "namespace": "shop"}, "spec": {"volumeName": "pv-1"}}
    assert describe_volume(claim, volume) == {
        "pvcName": "data",
        "pvcNamespace": "shop",
        "pvName": "pv-1",
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": False,
        "skipped": True,
        "skippedReason": "any: snapshotVolumes is false;",
        **info,
    }
