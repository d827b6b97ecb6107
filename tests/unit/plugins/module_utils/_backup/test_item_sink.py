# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan
from ansible_collections.arkive.k8s.plugins.module_utils._backup.namespaces import ChosenNamespaces
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volumes import VolumeNotes
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import GlobalFilter, IncludeExclude

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset())
PVCS = ApiResource(
    "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", True, frozenset()
)
PVS = ApiResource("", "v1", "persistentvolumes", "persistentvolume", "PersistentVolume", False, frozenset())
DEPLOYMENTS = ApiResource("apps", "v1", "deployments", "deployment", "Deployment", True, frozenset())
ROLES = ApiResource("rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole", False, frozenset())


class Writer:
    """Keeps what would go into the tarball."""

    def __init__(self) -> None:
        self.items: list[tuple[GroupResource, dict[str, t.Any], str]] = []
        self.payloads: list[bytes | None] = []

    def add_items(
        self, gr: GroupResource, items: t.Iterable[tuple[dict[str, t.Any], bytes | None]], *, preferred_version: str
    ) -> None:
        for item, payload in items:
            self.items.append((gr, item, preferred_version))
            self.payloads.append(payload)


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def sink(writer: Writer) -> ItemSink:
    list_plan = ListPlan(
        types=(PODS,),
        filter=GlobalFilter(IncludeExclude(), IncludeExclude()),
        namespaces=ChosenNamespaces(
            existing={},
            matcher=IncludeExclude(("shop", "web")),
            excluded_by_label=(),
            missing=(),
            nothing=False,
        ),
    )
    preferred = {each.group_resource: each.version for each in (PODS, PVCS, PVS, DEPLOYMENTS, ROLES)}
    return ItemSink(writer, list_plan, backup_name="b1", preferred=preferred, counted=lambda _number: None)


def obj(
    name: str = "a", namespace: str = "shop", kind: str = "Pod", api: str = "v1", **metadata: t.Any
) -> dict[str, t.Any]:
    found = {"name": name} | ({"namespace": namespace} if namespace else {}) | metadata
    return {"apiVersion": api, "kind": kind, "metadata": found}


def store(sink: ItemSink, resource: ApiResource, *items: dict[str, t.Any], payload: bytes = b"{}") -> int:
    return sink.store_all(resource, [RawItem(item, payload) for item in items])


# docs/compatibility 3.7, the checks of each item in their order.


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
    assert store(sink, PODS, item) == stored
    assert len(writer.items) == stored
    assert (sink.total, sum(sink.counts.values())) == (stored, stored)


def test_an_item_is_written_once(sink: ItemSink, writer: Writer) -> None:  # 4
    assert store(sink, PODS, obj(), obj()) == 1
    assert store(sink, PODS, obj()) == 0
    assert store(sink, PODS, obj(namespace="web")) == 1
    assert store(sink, DEPLOYMENTS, obj(kind="Deployment", api="apps/v1")) == 1
    assert len(writer.items) == 3
    assert sink.item_counts() == {"pods": 2, "deployments.apps": 1}
    assert sink.namespaces_with_items == {"shop", "web"}
    assert sink.has(PODS, "web", "a")
    assert not sink.has(PODS, "web", "b")


def test_what_the_writer_gets(sink: ItemSink, writer: Writer) -> None:
    item = obj(kind="Deployment", api="apps/v1")
    store(sink, DEPLOYMENTS, item, payload=b"{...}")
    assert writer.items == [(GroupResource("deployments", "apps"), item, "v1")]
    assert writer.payloads == [b"{...}"]


def test_a_pod_that_is_left_out_counts_and_is_listed(sink: ItemSink, writer: Writer) -> None:  # docs/compatibility 4.6
    sink.leave_out(PODS, obj())
    assert store(sink, PODS, obj()) == 0
    assert (writer.items, sink.total, sink.item_counts()) == ([], 1, {})
    assert sink.resource_list() == {"v1/Pod": ["shop/a"]}


def test_the_resource_list(sink: ItemSink) -> None:  # docs/compatibility 1.4
    store(sink, ROLES, obj("r", "", "ClusterRole", "rbac.authorization.k8s.io/v1"))
    for namespace, name in (("web", "b"), ("shop", "z"), ("shop", "a")):
        store(sink, PODS, obj(name, namespace))
    store(sink, DEPLOYMENTS, obj("d", kind="Deployment", api="apps/v1"))
    assert sink.resource_list() == {
        "apps/v1/Deployment": ["shop/d"],
        "rbac.authorization.k8s.io/v1/ClusterRole": ["r"],
        "v1/Pod": ["shop/a", "shop/z", "web/b"],
    }
    assert list(sink.resource_list()) == sorted(sink.resource_list())


def test_our_mark_is_not_stored(sink: ItemSink, writer: Writer) -> None:
    marked = obj(annotations={"arkive.k8s/frozen": "[]", "team": "shop"})
    store(sink, PODS, marked, payload=b"{with the mark}")
    assert writer.payloads == [None]
    assert writer.items[0][1]["metadata"]["annotations"] == {"team": "shop"}


# Volumes: docs/compatibility 1.5, 3.9, 3.12 and 3.13.

SKIPPED = {
    "snapshotDataMoved": False,
    "preserveLocalSnapshot": False,
    "skipped": True,
    "skippedReason": "any: snapshotVolumes is false;",
}


@pytest.mark.parametrize(
    ("claim", "described"),
    [
        pytest.param({"spec": {"volumeName": "pv-1"}, "status": {"phase": "Bound"}}, 1, id="bound"),
        pytest.param({"spec": {"volumeName": "pv-1"}, "status": {"phase": "Lost"}}, 0, id="lost"),
        pytest.param({"spec": {"volumeName": "pv-1"}, "status": {"phase": "Pending"}}, 0, id="pending"),
        pytest.param({"spec": {}, "status": {"phase": "Bound"}}, 0, id="no-name"),
        pytest.param({"spec": {"volumeName": "pv-1"}}, 0, id="no-status"),
    ],
)
def test_bound_claims_are_described(sink: ItemSink, claim: dict[str, t.Any], described: int) -> None:
    notes = VolumeNotes(sink, outcome_of=lambda _key: SKIPPED)
    store(sink, PVCS, obj("data", kind="PersistentVolumeClaim") | claim)
    assert len(notes.describe()) == described


@pytest.mark.parametrize(
    ("volume", "info"),
    [
        pytest.param(
            {
                "metadata": {"name": "pv-1", "labels": {"zone": "a"}},
                "spec": {"persistentVolumeReclaimPolicy": "Delete"},
            },
            {"pvInfo": {"reclaimPolicy": "Delete", "labels": {"zone": "a"}}},
            id="read",
        ),
        pytest.param(
            {"metadata": {"name": "pv-1"}, "spec": {}}, {"pvInfo": {"reclaimPolicy": "", "labels": {}}}, id="bare"
        ),
        pytest.param(None, {}, id="not-readable"),
    ],
)
def test_what_is_said_of_a_volume(sink: ItemSink, volume: t.Any, info: dict[str, t.Any]) -> None:
    asked = []

    def outcome_of(key: tuple[str, str]) -> dict[str, t.Any]:
        asked.append(key)
        return SKIPPED

    notes = VolumeNotes(sink, outcome_of=outcome_of)
    bound = {"spec": {"volumeName": "pv-1"}, "status": {"phase": "Bound"}}
    store(sink, PVCS, obj("data", kind="PersistentVolumeClaim") | bound)
    if volume is not None:
        store(sink, PVS, {"apiVersion": "v1", "kind": "PersistentVolume"} | volume)
    assert notes.describe() == [{"pvcName": "data", "pvcNamespace": "shop", "pvName": "pv-1", **SKIPPED, **info}]
    assert asked == [("shop", "data")]
