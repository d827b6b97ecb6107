# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stored forms of a CSI snapshot, and what the cluster's objects say of it: docs/compatibility 1.5, 8.3 and 8.6."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.records import (
    csi_volume_info,
    mark_claim,
    snapshot_labels,
    stored_content,
    stored_snapshot,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.status import is_taken, stated_error, take_status
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
GROUP = "snapshot.storage.kubernetes.io"


def taken(**more: t.Any) -> TakenSnapshot:
    return TakenSnapshot(spec=SnapshotSpec(namespace="shop", claim="data"), requested=NOON, **more)


def claim(storage: str = "100Mi", **metadata: t.Any) -> dict[str, t.Any]:
    return {
        "metadata": {"namespace": "shop", "name": "data", **metadata},
        "spec": {"resources": {"requests": {"storage": storage}}},
    }


def snapshot(**status: t.Any) -> dict[str, t.Any]:
    return {"metadata": {"name": "vs", "namespace": "shop"}, "spec": {}, "status": status}


def content(**status: t.Any) -> dict[str, t.Any]:
    return {
        "metadata": {"name": "vsc"},
        "spec": {"driver": "a.csi", "deletionPolicy": "Delete", "volumeSnapshotRef": {"name": "vs"}},
        "status": status,
    }


@pytest.mark.parametrize(
    ("size", "storage", "requested"),
    [
        pytest.param(200 << 20, "100Mi", str(200 << 20), id="8.3: raised"),
        pytest.param(100 << 20, "100Mi", "100Mi", id="the same"),
        pytest.param(1, "100Mi", "100Mi", id="smaller"),
        pytest.param(None, "100Mi", "100Mi", id="unknown"),
        pytest.param(1, "", "1", id="none requested"),
    ],
)
def test_the_claim_asks_for_enough(size: int | None, storage: str, requested: str) -> None:
    found = claim(storage)
    mark_claim(found, taken(name="vs", size_bytes=size), backup_name="b")
    assert found["spec"]["resources"]["requests"]["storage"] == requested


def test_the_claim_names_its_snapshot() -> None:  # docs/compatibility 8.6.1
    found = claim(
        labels={"app": "web"},
        annotations={"a": "1"},
        finalizers=["kubernetes.io/pvc-protection", f"{GROUP}/pvc-as-source-protection"],
    )
    mark_claim(found, taken(name="v" * 70), backup_name="nightly")
    metadata = found["metadata"]
    assert metadata["annotations"] == {"a": "1", "velero.io/volume-snapshot-name": "v" * 70}
    assert metadata["labels"]["app"] == "web"
    assert metadata["labels"]["velero.io/backup-name"] == "nightly"
    assert len(metadata["labels"]["velero.io/volume-snapshot-name"]) == 63
    assert metadata["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_the_labels_of_a_snapshot() -> None:  # docs/compatibility 8.3
    found = snapshot_labels(claim(labels={"app": "web"}), backup_name="b", run_id="r1")
    assert found == {"app": "web", "velero.io/backup-name": "b", "arkive.k8s/run": "r1"}


def test_the_stored_snapshot() -> None:  # docs/compatibility 8.6.2
    given = snapshot(boundVolumeSnapshotContentName="vsc")
    given["metadata"] |= {
        "labels": {"app": "web", "arkive.k8s/run": "r1"},
        "annotations": {"arkive.k8s/location": "/x"},
        "finalizers": [f"{GROUP}/volumesnapshot-as-source-protection"],
    }
    of = content(snapshotHandle="h-1", restoreSize=1024, volumeGroupSnapshotHandle="g-1")
    found = stored_snapshot(given, of, backup_name="b")
    assert found["metadata"] == {
        "name": "vs",
        "namespace": "shop",
        "labels": {"app": "web", "velero.io/backup-name": "b"},
        "annotations": {
            "velero.io/csi-vsc-deletion-policy": "Retain",
            "velero.io/csi-volumesnapshot-handle": "h-1",
            "velero.io/csi-driver-name": "a.csi",
            "velero.io/csi-volumesnapshot-restore-size": "1024",
            "velero.io/csi-volumegroupsnapshot-handle": "g-1",
        },
        "finalizers": [],
    }
    assert found["status"] == {"boundVolumeSnapshotContentName": "vsc"}


def test_the_stored_content() -> None:  # docs/compatibility 8.6.3
    given = content(snapshotHandle="h-1")
    given["metadata"]["annotations"] = {f"{GROUP}/volumesnapshot-being-created": "yes", "a": "1"}
    found = stored_content(given, backup_name="b")
    assert found["metadata"] == {"name": "vsc", "labels": {"velero.io/backup-name": "b"}, "annotations": {"a": "1"}}
    assert found["spec"]["deletionPolicy"] == "Retain"
    assert found["status"] == {"snapshotHandle": "h-1"}


@pytest.mark.parametrize(
    ("state", "result", "handle"),
    [pytest.param("cut", "succeeded", "h-1", id="cut"), pytest.param("failed", "failed", "", id="failed: removed")],
)
def test_volume_info(state: t.Any, result: str, handle: str) -> None:  # docs/compatibility 8.6.4
    made = taken(state=state, handle="h-1", driver="a.csi", content="vsc", size_bytes=7, ready=True, created=NOON)
    assert csi_volume_info(made) == {
        "backupMethod": "CSISnapshot",
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": True,
        "skipped": False,
        "result": result,
        "startTimestamp": "2026-11-21T12:00:00Z",
        "completionTimestamp": "2026-11-21T12:00:00Z",
        "csiSnapshotInfo": {
            "snapshotHandle": handle,
            "size": 7,
            "driver": "a.csi",
            "vscName": "vsc",
            "ReadyToUse": True,
        },
    }


@pytest.mark.parametrize(
    ("vs", "vsc", "with_contents", "expected"),
    [
        pytest.param(None, None, True, False, id="nothing yet"),
        pytest.param(snapshot(boundVolumeSnapshotContentName="vsc"), content(), True, False, id="no handle"),
        pytest.param(None, content(snapshotHandle="h"), True, True, id="handle"),
        pytest.param(snapshot(creationTime="2026-11-21T12:00:00Z"), None, True, False, id="the handle counts"),
        pytest.param(snapshot(creationTime="2026-11-21T12:00:00Z"), None, False, True, id="without rights: the time"),
        pytest.param(snapshot(readyToUse=False), None, False, False, id="without rights: not yet"),
    ],
)
def test_when_it_is_cut(vs: t.Any, vsc: t.Any, with_contents: bool, expected: bool) -> None:
    found = taken()
    take_status(found, vs, vsc)
    assert is_taken(found, with_contents=with_contents) is expected


def test_what_the_objects_tell() -> None:
    found = taken()
    seconds = int(NOON.timestamp())
    take_status(
        found,
        snapshot(boundVolumeSnapshotContentName="vsc", readyToUse=False, restoreSize="1Ki"),
        content(snapshotHandle="h", creationTime=seconds * 10**9, restoreSize=2048, readyToUse=True),
    )
    assert (found.content, found.handle, found.driver, found.size_bytes) == ("vsc", "h", "a.csi", 2048)
    assert (found.created, found.ready) == (NOON, False)
    take_status(found, snapshot(readyToUse=True), None)
    assert found.ready


@pytest.mark.parametrize(
    ("vs", "vsc", "expected"),
    [
        pytest.param(snapshot(error={"message": "a"}), content(error={"message": " b\n"}), "b", id="the driver first"),
        pytest.param(snapshot(error={"message": "a"}), None, "a", id="the controller"),
        pytest.param(snapshot(), content(), "", id="none"),
        pytest.param(None, None, "", id="unknown"),
    ],
)
def test_stated_error(vs: t.Any, vsc: t.Any, expected: str) -> None:
    assert stated_error(vs, vsc) == expected


def test_the_first_error_is_kept() -> None:
    found = taken()
    found.fail("one")
    found.fail("two")
    assert (found.failed, found.error, found.where) == (True, "one", "shop/data")
