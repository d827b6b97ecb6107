# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import (
    describe_restic_volumes,
    describe_volumes,
    list_snapshots,
)

NATIVE = {
    "spec": {
        "backupName": "n",
        "location": "aws",
        "persistentVolumeName": "pv-1",
        "volumeType": "gp2",
        "volumeIOPS": 9,
    },
    "status": {"providerSnapshotID": "snap-1", "phase": "Completed"},
}
POD_VOLUME = {
    "metadata": {"annotations": {"velero.io/pvc-name": "data"}},
    "spec": {"node": "k1", "pod": {"namespace": "app", "name": "web"}, "volume": "files", "uploaderType": ""},
    "status": {"phase": "Completed", "snapshotID": "k0pia"},
}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param({}, [], id="no files"),
        pytest.param({"volumeinfo": [], "volumesnapshots": [], "podvolumebackups": []}, [], id="empty"),
        pytest.param({"volumesnapshots": [NATIVE]}, ["snap-1 (native, volume pv-1)"], id="1.4: native"),
        pytest.param({"volumesnapshots": [{"status": {"phase": "Failed"}}, {"status": None}]}, [], id="none was made"),
        pytest.param(
            {
                "volumesnapshots": [NATIVE],
                "volumeinfo": [{"pvName": "pv-1", "nativeSnapshotInfo": {"snapshotHandle": "snap-1"}}],
            },
            ["snap-1 (native, volume pv-1)"],
            id="1.5: the same again",
        ),
        pytest.param(
            {"volumeinfo": [{"pvName": "pv-1", "csiSnapshotInfo": {"snapshotHandle": "h1"}}]},
            ["h1 (CSI, volume pv-1)"],
            id="1.5: CSI",
        ),
        pytest.param(
            {
                "volumeinfo": [
                    {
                        "pvName": "pv-1",
                        "snapshotDataMoved": True,
                        "csiSnapshotInfo": {"snapshotHandle": "unknown"},
                        "snapshotDataMovementInfo": {"snapshotHandle": "abc"},
                    }
                ]
            },
            ["abc (repository, volume pv-1)"],
            id="1.5: data moved",
        ),
        pytest.param({"volumeinfo": [{"pvName": "pv-1", "skipped": True}]}, [], id="skipped"),
        pytest.param({"podvolumebackups": [POD_VOLUME]}, ["k0pia (repository, volume files)"], id="1.4: fs-backup"),
        pytest.param(
            {
                "csi_volumesnapshotcontents": [
                    {"spec": {"volumeSnapshotRef": {"name": "vs"}}, "status": {"snapshotHandle": "h1"}}
                ]
            },
            ["h1 (CSI, volume vs)"],
            id="1.2: CSI of 1.4 to 1.16",
        ),
        pytest.param(
            {
                "volumeinfo": [{"pvName": "pv-1", "snapshotDataMovementInfo": {"snapshotHandle": "abc"}}],
                "datauploads": [
                    {"spec": {"sourcePVC": "data"}, "status": {"snapshotID": "abc"}},
                    {"spec": {"sourcePVC": "more"}, "status": {"snapshotID": "def"}},
                    {"spec": {"sourcePVC": "failed"}, "status": {}},
                    {"spec": "damaged", "status": []},
                ],
            },
            ["abc (repository, volume pv-1)", "def (repository, volume more)"],
            id="19.2: data moved, in Velero 1.12",
        ),
    ],
)
def test_list_snapshots(documents: dict[str, t.Any], expected: list[str]) -> None:
    assert [str(snapshot) for snapshot in list_snapshots(**documents)] == expected


def test_describe_volumes() -> None:
    """docs/compatibility 1.5: as volumeinfo has it since 1.13; ``iops`` is text."""
    flags = {"snapshotDataMoved": False, "preserveLocalSnapshot": False, "skipped": False}
    assert describe_volumes(volumesnapshots=[NATIVE], podvolumebackups=[POD_VOLUME]) == [
        {
            "pvName": "pv-1",
            "backupMethod": "NativeSnapshot",
            "nativeSnapshotInfo": {
                "snapshotHandle": "snap-1",
                "volumeType": "gp2",
                "volumeAZ": "",
                "iops": "9",
                "Phase": "Completed",
            },
            **flags,
        },
        {
            "pvcName": "data",
            "pvcNamespace": "app",
            "backupMethod": "PodVolumeBackup",
            "pvbInfo": {
                "snapshotHandle": "k0pia",
                "uploaderType": "restic",
                "volumeName": "files",
                "podName": "web",
                "podNamespace": "app",
                "nodeName": "k1",
                "Phase": "Completed",
            },
            **flags,
        },
    ]
    assert describe_volumes() == []


def test_describe_snapshots_of_csi() -> None:
    """docs/compatibility 1.4: the file of Velero 1.4 to 1.16 names the claim, never the volume."""
    record = {"metadata": {"namespace": "app"}, "spec": {"source": {"persistentVolumeClaimName": "data"}}}
    (found,) = describe_volumes(csi_volumesnapshots=[record])
    assert (found["pvcNamespace"], found["pvcName"], found["backupMethod"]) == ("app", "data", "CSISnapshot")
    assert "pvName" not in found


@pytest.mark.parametrize("prefix", ["snapshot.ark.heptio.com/", "snapshot.velero.io/"])
def test_describe_restic_volumes(prefix: str) -> None:
    """docs/compatibility 9: the ids of restic's snapshots lay on the stored pod alone, before 1.1."""
    pod = {
        "metadata": {
            "name": "web",
            "namespace": "app",
            "annotations": {prefix + "files": "5e5e", prefix + "cache": "6f6f", "other.io/files": "x"},
        },
        "spec": {"nodeName": "k1", "volumes": [{"name": "files", "persistentVolumeClaim": {"claimName": "data"}}]},
    }
    cache, files = describe_restic_volumes(pod)
    assert (files["pvcNamespace"], files["pvcName"]) == ("app", "data")
    assert "pvcName" not in cache
    assert cache["backupMethod"] == files["backupMethod"] == "PodVolumeBackup"
    assert cache["pvbInfo"] == {
        "snapshotHandle": "6f6f",
        "uploaderType": "restic",
        "volumeName": "cache",
        "podName": "web",
        "podNamespace": "app",
        "nodeName": "k1",
        "Phase": "Completed",
    }
    assert describe_restic_volumes({"metadata": {"name": "web"}}) == []
