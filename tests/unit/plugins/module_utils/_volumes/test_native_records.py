# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import (
    NativeSnapshot,
    read_snapshots,
    snapshot_record,
    snapshot_tags,
    volume_info_entry,
)

WHOLE = NativeSnapshot(
    volume="pv-1",
    snapshot_id="snap-1",
    volume_id="vol-1",
    volume_type="io1",
    zone="eu-central-1b",
    iops=300,
    location="aws",
)
PLAIN = NativeSnapshot(volume="pv-2", snapshot_id="snap-2", volume_id="vol-2", volume_type="gp3")
FAILED = NativeSnapshot(volume="pv-3", snapshot_id="", volume_id="vol-3", volume_type="gp3", phase="Failed")
VOLUME = {"metadata": {"labels": {"tier": "db"}}, "spec": {"persistentVolumeReclaimPolicy": "Retain"}}


@pytest.mark.parametrize(
    ("snapshot", "spec", "status"),
    [
        pytest.param(
            WHOLE,
            {
                "location": "aws",
                "persistentVolumeName": "pv-1",
                "providerVolumeID": "vol-1",
                "volumeType": "io1",
                "volumeAZ": "eu-central-1b",
                "volumeIOPS": 300,
            },
            {"phase": "Completed", "providerSnapshotID": "snap-1"},
            id="1.4: every member",
        ),
        pytest.param(
            PLAIN,
            {"location": "default", "persistentVolumeName": "pv-2", "providerVolumeID": "vol-2", "volumeType": "gp3"},
            {"phase": "Completed", "providerSnapshotID": "snap-2"},
            id="1.4: no zone, no iops",
        ),
        pytest.param(
            FAILED,
            {"location": "default", "persistentVolumeName": "pv-3", "providerVolumeID": "vol-3", "volumeType": "gp3"},
            {"phase": "Failed"},
            id="10.2: snapshot error, record Failed",
        ),
    ],
)
def test_snapshot_record(snapshot: NativeSnapshot, spec: dict[str, t.Any], status: dict[str, t.Any]) -> None:
    assert snapshot_record(snapshot, backup_name="b1", backup_uid="u1") == {
        "spec": {"backupName": "b1", "backupUID": "u1", **spec},
        "status": status,
    }


@pytest.mark.parametrize(
    ("snapshot", "iops", "result"),
    [
        pytest.param(WHOLE, "300", "succeeded", id="1.5: iops is text"),
        pytest.param(PLAIN, "0", "succeeded", id="1.5: none is 0"),
        pytest.param(FAILED, "0", "failed", id="1.5: failed"),
    ],
)
def test_volume_info_entry(snapshot: NativeSnapshot, iops: str, result: str) -> None:
    assert volume_info_entry(snapshot, volume=VOLUME, claim=("shop", "data")) == {
        "pvcNamespace": "shop",
        "pvcName": "data",
        "pvName": snapshot.volume,
        "backupMethod": "NativeSnapshot",
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": False,
        "skipped": False,
        "result": result,
        "nativeSnapshotInfo": {
            "snapshotHandle": snapshot.snapshot_id,
            "volumeType": snapshot.volume_type,
            "volumeAZ": snapshot.zone,
            "iops": iops,
            "Phase": snapshot.phase,
        },
        "pvInfo": {"reclaimPolicy": "Retain", "labels": {"tier": "db"}},
    }


def test_a_volume_without_a_claim() -> None:
    assert "pvcName" not in volume_info_entry(WHOLE, volume={}, claim=None)


def test_snapshot_tags() -> None:
    """docs/compatibility 8.1: the labels of the Backup, and what the snapshot is of, which nothing overrides."""
    labels = {"team": "shop", "velero.io/backup": "other"}
    assert snapshot_tags(backup_labels=labels, backup_name="b1", volume="pv-1") == {
        "team": "shop",
        "velero.io/backup": "b1",
        "velero.io/pv": "pv-1",
    }


@pytest.mark.parametrize("snapshot", [WHOLE, PLAIN, FAILED], ids=["whole", "plain", "failed"])
def test_what_is_written_is_read_back(snapshot: NativeSnapshot) -> None:
    record = snapshot_record(snapshot, backup_name="b1")
    info = volume_info_entry(snapshot, volume=VOLUME, claim=("shop", "data"))
    assert read_snapshots(volumesnapshots=[record], volumeinfo=[info]) == {snapshot.volume: snapshot}


def test_what_only_volumeinfo_records() -> None:
    info = volume_info_entry(WHOLE, volume=VOLUME, claim=None)
    found = read_snapshots(volumesnapshots=None, volumeinfo=[info])[WHOLE.volume]
    assert (found.snapshot_id, found.volume_type, found.zone, found.iops) == ("snap-1", "io1", "eu-central-1b", 300)
    assert found.location == ""
    assert not found.failed


@pytest.mark.parametrize(
    "volumeinfo",
    [None, [], [{"pvName": "pv-1", "backupMethod": "CSISnapshot", "csiSnapshotInfo": {"snapshotHandle": "h"}}]],
    ids=["none", "empty", "CSI"],
)
def test_no_native_snapshots(volumeinfo: list[dict[str, t.Any]] | None) -> None:
    assert read_snapshots(volumesnapshots=[{"spec": {}}], volumeinfo=volumeinfo) == {}


def test_deletion_finds_what_is_written() -> None:
    records = [snapshot_record(snapshot, backup_name="b1") for snapshot in (WHOLE, PLAIN, FAILED)]
    infos = [volume_info_entry(snapshot, volume=VOLUME, claim=None) for snapshot in (WHOLE, PLAIN, FAILED)]
    found = list_snapshots(volumesnapshots=records, volumeinfo=infos)
    assert [(snapshot.handle, snapshot.location) for snapshot in found] == [("snap-1", "aws"), ("snap-2", "default")]
