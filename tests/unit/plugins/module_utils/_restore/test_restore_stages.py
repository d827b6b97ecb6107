# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of a restore do not look back: each object is read and transformed once, and plans do not change."""

from __future__ import annotations

import collections
import dataclasses
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import object_waits
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import Applied, AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.prepare import Preparer
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    actions,
    config,
    plan,
    restore,
    write_backup,
)

Counts = collections.Counter[str]
WIDGETS = ApiType(group="example.org", plural="widgets", kind="Widget", custom=True)
DEFINITION: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.org"},
    "spec": {},
}
WIDGET: Object = {
    "apiVersion": "example.org/v1",
    "kind": "Widget",
    "metadata": {"name": "one", "namespace": "shop"},
    "spec": {"size": 3},
}


def pod(name: str) -> tuple[str, Object]:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "u", "controller": True}
    metadata = {"name": name, "namespace": "new", "ownerReferences": [owner]}
    spec = {"containers": [{"name": "c", "image": "i"}]}
    return "pods", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> dict[str, Counts]:
    """How often each stored object is read, and how often it is prepared."""
    counts: dict[str, Counts] = {"read": collections.Counter(), "prepared": collections.Counter()}
    read, prepare = TarballReader.read, Preparer.prepare

    def counting_read(self: TarballReader, ref: ItemRef) -> Object:
        counts["read"][f"{ref.group_resource}/{ref.name}"] += 1
        return read(self, ref)

    def counting_prepare(self: Preparer, ref: ItemRef) -> t.Any:
        counts["prepared"][f"{ref.group_resource}/{ref.name}"] += 1
        return prepare(self, ref)

    monkeypatch.setattr(TarballReader, "read", counting_read)
    monkeypatch.setattr(Preparer, "prepare", counting_prepare)
    return counts


@pytest.fixture
def widgets(api: RestoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server serves widgets once their definition is there."""

    def serve(_change: str, key: Key, _obj: Object) -> None:
        if key[0] == "customresourcedefinitions" and WIDGETS not in api.types:
            api.types.append(WIDGETS)

    api.kept.controllers.append(serve)
    monkeypatch.setattr(object_waits, "wait_for_object", lambda *_given, **_more: None)


@pytest.mark.parametrize("act", [plan, restore], ids=["plan", "restore"])
@pytest.mark.parametrize("policy", ["none", "update", "replace", "recreate"])
def test_each_object_is_read_and_prepared_once(
    api: RestoreApi, store: t.Any, reads: dict[str, Counts], widgets: None, act: t.Any, policy: str
) -> None:
    api.add("configmaps", "same", "shop", data={"a": "1"})
    api.add("configmaps", "other", "shop", data={"a": "2"})
    stored = [config("fresh"), config("same"), config("other"), config("far", "new"), pod("p")]
    custom = [("customresourcedefinitions.apiextensions.k8s.io", DEFINITION), ("widgets.example.org", WIDGET)]
    write_backup(store, "b", *stored, *custom)
    act(api, store, name="r", existing_resource_policy=policy, want_diff=True)
    assert set(reads["read"]) == {
        "configmaps/fresh",
        "configmaps/same",
        "configmaps/other",
        "configmaps/far",
        "pods/p",
        "customresourcedefinitions.apiextensions.k8s.io/widgets.example.org",
        "widgets.example.org/one",
    }
    assert set(reads["read"].values()) == {1}
    assert reads["prepared"] == reads["read"]


def test_a_type_that_comes_with_the_restore(api: RestoreApi, store: t.Any, widgets: None) -> None:
    write_backup(
        store,
        "b",
        ("customresourcedefinitions.apiextensions.k8s.io", DEFINITION),
        ("widgets.example.org", WIDGET),
        ("gadgets.example.org", {**WIDGET, "kind": "Gadget"}),
    )
    done = restore(api, store, name="r")
    found = {item["resource"]: (item["action"], item["state"]) for item in done.plan_items if item.get("state")}
    assert found == {
        "customresourcedefinitions.apiextensions.k8s.io": ("create", "created"),
        "namespaces": ("unchanged", "unchanged"),
        "widgets.example.org": ("create", "created"),
        "gadgets.example.org": ("conflict", "failed"),
    }
    made = api.objects["widgets", "shop", "one"]
    assert made["spec"] == {"size": 3}
    assert made["metadata"]["labels"] == {"velero.io/backup-name": "b", "velero.io/restore-name": "r"}


def test_what_came_after_the_plan_is_decided_on_as_if_it_had_been_there(api: RestoreApi, store: t.Any) -> None:
    """Nothing is listed again; the result has what was decided, and what was done."""
    write_backup(store, "b", config("late"), config("same"))
    came: set[str] = set()
    one_at_a_time = threading.Lock()

    def come(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb != "POST" or not path.endswith("/configmaps"):
            return None
        with one_at_a_time:  # both are created at once, and neither before both are there
            if not came:
                came.add("now")
                api.add("configmaps", "late", "shop", data={"a": "2"})
                api.add("configmaps", "same", "shop", data={"a": "1"})
        return None

    api.refuse = come
    done = restore(api, store, name="r", existing_resource_policy="update")
    assert actions(done) == {"shop": "unchanged", "late": "update", "same": "unchanged"}
    assert {item["name"]: item["state"] for item in done.plan_items} == {
        "shop": "unchanged",
        "late": "updated",
        "same": "unchanged",
    }
    assert sum(request == "GET /api/v1/namespaces/shop/configmaps" for request in api.requests) == 1


def test_plans_do_not_change() -> None:
    kind = GroupResource("configmaps")
    first, second = (PlanItem(number=number, group_resource=kind, name=f"c{number}") for number in (0, 1))
    planned = RestorePlan((Wave((kind,), (first, second)),))
    judged = planned.replacing([second.decided("conflict", "no")])
    assert [item.action for item in planned.items] == ["create", "create"]
    assert [(item.action, item.intent) for item in judged.items] == [("create", "create"), ("conflict", "")]
    applied = AppliedPlan(judged).with_done([Applied(first, "created")])
    assert [applied.state_of(item) for item in judged.items] == ["created", ""]
    assert AppliedPlan(judged).states() == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.action = "skip"  # type: ignore[misc]
