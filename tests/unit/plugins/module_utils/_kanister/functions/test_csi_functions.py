# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The five functions of CSI snapshots."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister import snapshot_objects
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import load_function
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import NAMESPACE, FunctionLab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import SNAPSHOT_TYPES

READY = {
    "readyToUse": True,
    "creationTime": "2026-06-01T02:00:00Z",
    "restoreSize": "64Mi",
    "boundVolumeSnapshotContentName": "content-1",
}
SNAPSHOTS, CONTENTS = "volumesnapshots", "volumesnapshotcontents"
CREATE = {"pvc": "data", "namespace": NAMESPACE, "snapshotClass": "fast"}
STATIC = {
    "name": "old",
    "namespace": NAMESPACE,
    "driver": "disk.example",
    "snapshotHandle": "h-1",
    "snapshotClass": "fast",
}
RESTORE = {"name": "snap", "pvc": "copy", "namespace": NAMESPACE, "storageClass": "ssd", "restoreSize": "64Mi"}
NAMED = {"name": "snap", "namespace": NAMESPACE}


class Controller:
    """The snapshot controller: each VolumeSnapshot gets ``status`` at once."""

    def __init__(self, lab: FunctionLab) -> None:
        self.status: Object | None = READY
        self._lab = lab
        lab.api.types += SNAPSHOT_TYPES
        lab.api.kept.controllers.append(self._follow)

    def _follow(self, change: str, key: tuple[str, str, str], obj: Object) -> None:
        if change == "ADDED" and key[0] == SNAPSHOTS and self.status is not None:
            self._lab.api.kept.put(key, {**obj, "status": self.status})


@pytest.fixture
def controller(lab: FunctionLab, monkeypatch: pytest.MonkeyPatch) -> Controller:
    monkeypatch.setattr(snapshot_objects, "_ERROR_SECONDS", 0.1)
    monkeypatch.setattr(snapshot_objects, "_LOOK_SECONDS", 0.05)
    made = Controller(lab)
    lab.api.add("persistentvolumeclaims", "data", NAMESPACE)
    lab.api.add("volumesnapshotclasses", "fast", driver="disk.example", deletionPolicy="Delete")
    return made


def run(lab: FunctionLab, function: str, arguments: t.Mapping[str, t.Any], **more: t.Any) -> t.Any:
    return load_function(function).run(lab.call(function, arguments, **more))


def only(lab: FunctionLab, plural: str, namespace: str = "") -> Object:
    [name] = lab.api.names(plural, namespace)
    return lab.api.objects[plural, namespace, name]


def test_create(lab: FunctionLab, controller: Controller) -> None:
    outputs = run(lab, "CreateCSISnapshot", {**CREATE, "labels": {"a": "b"}})
    made = only(lab, SNAPSHOTS, NAMESPACE)
    assert outputs == {
        "name": made["metadata"]["name"],
        "pvc": "data",
        "namespace": NAMESPACE,
        "restoreSize": "64Mi",
        "snapshotContent": "content-1",
    }
    assert made["metadata"]["name"].startswith("data-snapshot-")
    assert len(made["metadata"]["name"]) == len("data-snapshot-") + 5
    assert made["metadata"]["labels"] == {"a": "b"}
    assert made["spec"] == {"source": {"persistentVolumeClaimName": "data"}, "volumeSnapshotClassName": "fast"}


def test_create_with_a_name_and_a_lost_answer(lab: FunctionLab, controller: Controller) -> None:
    lost = [KubeError("the answer was lost")]
    lab.api.lose = lambda verb, _path: lost.pop() if verb == "POST" and lost else None
    assert run(lab, "CreateCSISnapshot", {**CREATE, "name": "mine"})["name"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param({"pvc": "gone"}, READY, 'of claim gone could not be made: .*"gone" not found', id="no such claim"),
        pytest.param({"name": "snap"}, READY, "already exists", id="its name is taken"),
        pytest.param(
            {"name": "x"},
            {"readyToUse": False, "error": {"message": "the disk is full."}},
            "VolumeSnapshot shop/x failed: the disk is full. It is left as it is",
            id="an error that stays",
        ),
        pytest.param(
            {"name": "x"}, None, "last seen: no status; is the snapshot controller running", id="nobody looks"
        ),
        pytest.param(
            {"name": "x"},
            {"readyToUse": False, "creationTime": "2026-06-01T02:00:00Z"},
            "last seen: readyToUse false, creationTime 2026-06-01T02:00:00Z",
            id="never ready",
        ),
    ],
)
def test_create_that_fails(
    lab: FunctionLab, controller: Controller, arguments: Object, status: Object | None, words: str
) -> None:
    lab.api.add(SNAPSHOTS, "snap", NAMESPACE)
    controller.status = status
    with pytest.raises(BlueprintError, match=words):
        run(lab, "CreateCSISnapshot", CREATE | arguments, seconds=0.4)


def test_no_snapshots_in_this_cluster(lab: FunctionLab) -> None:
    with pytest.raises(BlueprintError, match="The cluster does not serve VolumeSnapshots"):
        run(lab, "CreateCSISnapshot", CREATE)


def test_static(lab: FunctionLab, controller: Controller) -> None:
    outputs = run(lab, "CreateCSISnapshotStatic", STATIC)
    content, snapshot = only(lab, CONTENTS), only(lab, SNAPSHOTS, NAMESPACE)
    name = content["metadata"]["name"]
    assert name.startswith("old-content-")
    assert content["spec"] == {
        "source": {"snapshotHandle": "h-1"},
        "driver": "disk.example",
        "deletionPolicy": "Delete",
        "volumeSnapshotClassName": "fast",
        "volumeSnapshotRef": {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "name": "old",
            "namespace": NAMESPACE,
        },
    }
    assert snapshot["spec"] == {"source": {"volumeSnapshotContentName": name}, "volumeSnapshotClassName": "fast"}
    wanted = {"name": "old", "namespace": NAMESPACE, "restoreSize": "64Mi", "snapshotContent": "content-1"}
    assert outputs == wanted


def test_static_without_its_class(lab: FunctionLab, controller: Controller) -> None:
    with pytest.raises(BlueprintError, match="There is no VolumeSnapshotClass slow"):
        run(lab, "CreateCSISnapshotStatic", {**STATIC, "snapshotClass": "slow"})
    assert not lab.api.names(CONTENTS)


def test_restore(lab: FunctionLab, controller: Controller) -> None:
    lab.api.add(SNAPSHOTS, "snap", NAMESPACE)
    assert run(lab, "RestoreCSISnapshot", {**RESTORE, "labels": {"a": "b"}}) is None
    claim = lab.api.objects["persistentvolumeclaims", NAMESPACE, "copy"]
    assert claim["metadata"]["labels"] == {"a": "b"}
    assert claim["spec"] == {
        "storageClassName": "ssd",
        "accessModes": ["ReadWriteOnce"],
        "volumeMode": "Filesystem",
        "resources": {"requests": {"storage": "64Mi"}},
        "dataSource": {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "snap"},
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"restoreSize": "0"}, "restoreSize of .* has to be more than nothing"),
        ({"restoreSize": "much"}, "restoreSize of .* no quantity"),
        ({"accessModes": ["ReadWriteOncePod"]}, "accessModes of .* has 'ReadWriteOncePod', and knows ReadWriteOnce"),
        ({"volumeMode": "File"}, "volumeMode of .* is 'File'"),
        ({"name": "gone"}, "there is no VolumeSnapshot shop/gone"),
        ({"pvc": "data"}, "Claim shop/data could not be made: .*already exists"),
    ],
)
def test_restore_that_fails(lab: FunctionLab, controller: Controller, arguments: Object, words: str) -> None:
    lab.api.add(SNAPSHOTS, "snap", NAMESPACE)
    with pytest.raises(BlueprintError, match=words):
        run(lab, "RestoreCSISnapshot", RESTORE | arguments)


def test_delete(lab: FunctionLab, controller: Controller) -> None:
    lab.api.add(SNAPSHOTS, "snap", NAMESPACE)
    assert run(lab, "DeleteCSISnapshot", NAMED) is None
    assert not lab.api.names(SNAPSHOTS, NAMESPACE)
    assert run(lab, "DeleteCSISnapshot", NAMED) is None


def test_delete_that_never_ends(lab: FunctionLab, controller: Controller) -> None:
    lab.api.add(SNAPSHOTS, "snap", NAMESPACE, metadata={"finalizers": ["x/y"]})
    with pytest.raises(BlueprintError, match="VolumeSnapshot shop/snap is to be deleted, and was still there"):
        run(lab, "DeleteCSISnapshot", NAMED, seconds=0.1)


def test_delete_content(lab: FunctionLab, controller: Controller) -> None:
    """One that is bound is not waited for."""
    lab.api.add(CONTENTS, "c", metadata={"finalizers": ["x/y"]})
    assert run(lab, "DeleteCSISnapshotContent", {"name": "c"}) is None
    assert only(lab, CONTENTS)["metadata"]["deletionTimestamp"]
    assert run(lab, "DeleteCSISnapshotContent", {"name": "gone"}) is None


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        ("CreateCSISnapshot", CREATE, "snapshot the claim data with the class fast"),
        ("CreateCSISnapshotStatic", STATIC, "make VolumeSnapshot old for the handle h-1"),
        ("RestoreCSISnapshot", RESTORE, "make the claim copy from VolumeSnapshot snap"),
        ("DeleteCSISnapshot", NAMED, "delete VolumeSnapshot snap"),
        ("DeleteCSISnapshotContent", NAMED, "delete VolumeSnapshotContent snap"),
    ],
)
def test_plans(lab: FunctionLab, controller: Controller, function: str, arguments: Object, words: str) -> None:
    assert load_function(function).plan(lab.call(function, arguments)).does == words
    assert not lab.api.names(SNAPSHOTS, NAMESPACE)
