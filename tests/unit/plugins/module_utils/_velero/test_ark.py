# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.ark import convert_backup, legacy_volume_snapshots


def ark_backup(metadata: dict[str, t.Any], **members: t.Any) -> dict[str, t.Any]:
    return {"apiVersion": "ark.heptio.com/v1", "kind": "Backup", "metadata": {"name": "n", **metadata}, **members}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param({}, {}, id="nothing to convert"),
        pytest.param(
            {"labels": {"ark-schedule": "daily"}}, {"labels": {"velero.io/schedule-name": "daily"}}, id="schedule"
        ),
        pytest.param(
            {"labels": {"ark.heptio.com/storage-location": "default", "team": "ark.heptio.com"}},
            {"labels": {"velero.io/storage-location": "default", "team": "ark.heptio.com"}},
            id="keys of labels, no values",
        ),
        pytest.param(
            {"annotations": {"hook.backup.ark.heptio.com/x": "1"}},
            {"annotations": {"hook.backup.velero.io/x": "1"}},
            id="keys of annotations",
        ),
        pytest.param({"finalizers": ["gc.ark.heptio.com"]}, {}, id="finalizer of 0.7"),
        pytest.param({"finalizers": ["gc.ark.heptio.com", "a/b"]}, {"finalizers": ["a/b"]}, id="another finalizer"),
        pytest.param({"labels": None, "finalizers": None}, {"labels": None}, id="null"),
    ],
)
def test_convert_backup(metadata: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    """docs/compatibility 9: as 0.11 converted what it found."""
    stored = ark_backup(metadata, spec={"includedNamespaces": ["a"]}, status={"phase": "Completed"})
    before = copy.deepcopy(stored)
    assert convert_backup(stored) == {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": "n", **expected},
        "spec": {"includedNamespaces": ["a"]},
        "status": {"phase": "Completed"},
    }
    assert stored == before


def test_other_objects_are_not_converted() -> None:
    stored = ark_backup({"labels": {"ark-schedule": "daily"}}) | {"apiVersion": "velero.io/v1"}
    assert convert_backup(stored) == stored


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        pytest.param(None, [], id="none"),
        pytest.param({}, [], id="empty"),
        pytest.param(["odd"], [], id="no map"),
        pytest.param(
            {"pv-2": {"snapshotID": "snap-2", "type": "io1", "availabilityZone": "eu-1a", "iops": 100}},
            [
                {
                    "spec": {
                        "backupName": "n",
                        "backupUID": "u",
                        "location": "",
                        "persistentVolumeName": "pv-2",
                        "providerVolumeID": "",
                        "volumeType": "io1",
                        "volumeAZ": "eu-1a",
                        "volumeIOPS": 100,
                    },
                    "status": {"providerSnapshotID": "snap-2", "phase": "Completed"},
                }
            ],
            id="all members",
        ),
    ],
)
def test_legacy_volume_snapshots(volumes: t.Any, expected: list[dict[str, t.Any]]) -> None:
    """docs/compatibility 1.4 and 9: ``status.volumeBackups`` before 0.10."""
    assert legacy_volume_snapshots(ark_backup({"uid": "u"}, status={"volumeBackups": volumes})) == expected


def test_legacy_volumes_are_sorted_and_failed_without_a_snapshot() -> None:
    volumes = {"pv-2": {"snapshotID": "s"}, "pv-1": {"snapshotID": "", "type": "gp2"}}
    found = legacy_volume_snapshots(ark_backup({}, status={"volumeBackups": volumes}))
    assert [entry["spec"]["persistentVolumeName"] for entry in found] == ["pv-1", "pv-2"]
    assert [entry["status"] for entry in found] == [
        {"phase": "Failed"},
        {"providerSnapshotID": "s", "phase": "Completed"},
    ]
