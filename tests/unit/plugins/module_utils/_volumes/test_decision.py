# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a volume is snapshotted: docs/compatibility 3.12, 3.13, 14."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import parse_policy
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import SnapshotMeans, VolumeDecision, decide

CLAIM = {
    "metadata": {"namespace": "shop", "name": "data"},
    "spec": {"volumeName": "pv-1"},
    "status": {"phase": "Bound"},
}
CSI = {"metadata": {"name": "pv-1"}, "spec": {"csi": {"driver": "a.csi"}, "storageClassName": "fast"}}
HOST = {"metadata": {"name": "pv-1"}, "spec": {"hostPath": {"path": "/x"}, "storageClassName": "fast"}}
CLASSES = [{"metadata": {"name": "snap"}, "driver": "a.csi"}]
NOT_CSI = "csiSnapshot: the volume is not of a CSI driver;volumeSnapshot: no snapshot location is for it;"
NO_API = "csiSnapshot: the cluster does not serve VolumeSnapshots, or they may not be used;"


def policy(action: str) -> str:
    return f"version: v1\nvolumePolicies: [{{conditions: {{storageClass: [fast]}}, action: {{type: {action}}}}}]"


def means(classes: t.Any = tuple(CLASSES), native: str = "") -> SnapshotMeans:
    return SnapshotMeans(classes=classes, native_id=lambda _volume: native)


SNAPSHOT = VolumeDecision(method="csi", driver="a.csi", class_name="snap")
NATIVE = VolumeDecision(method="native", native_id="vol-1")
OFF = VolumeDecision(reason="any: snapshotVolumes is false;", on_purpose=True)
SKIPPED = VolumeDecision(reason="any: skipped due to the resource policy;", on_purpose=True)
AGENT = VolumeDecision(reason="podvolume: file system backup needs Velero's node agent;")


@pytest.mark.parametrize(
    ("volume", "action", "wanted", "able", "expected"),
    [
        pytest.param(CSI, "skip", True, means(), SKIPPED, id="3.12 1: skip"),
        pytest.param(CSI, "snapshot", False, means(), SNAPSHOT, id="3.12 1: snapshot wins over snapshotVolumes"),
        pytest.param(CSI, "fs-backup", True, means(), AGENT, id="3.12 1: fs-backup"),
        pytest.param(
            CSI,
            "custom",
            True,
            means(),
            VolumeDecision(reason="any: the resource policy leaves it to plugins;", on_purpose=True),
            id="3.12 1: custom",
        ),
        pytest.param(CSI, "", None, means(), SNAPSHOT, id="3.12 2: unset"),
        pytest.param(CSI, "", True, means(), SNAPSHOT, id="3.12 2: true"),
        pytest.param(CSI, "", False, means(), OFF, id="3.12 2: false"),
        pytest.param(HOST, "", None, means(), VolumeDecision(reason=NOT_CSI), id="8.3: PV not CSI"),
        pytest.param(HOST, "", True, means(), VolumeDecision(reason=NOT_CSI), id="8.3: PV not CSI, wanted"),
        pytest.param(HOST, "", None, means(native="vol-1"), NATIVE, id="8.1: a location has it"),
        pytest.param(HOST, "", False, means(native="vol-1"), OFF, id="10.2: snapshotVolumes=false"),
        pytest.param(CSI, "", None, means(native="vol-1"), SNAPSHOT, id="8.1: CSI before native"),
        pytest.param(CSI, "", None, means(None, "vol-1"), NATIVE, id="native without the API of CSI"),
        pytest.param(CSI, "", None, means([], "vol-1"), NATIVE, id="native without a class"),
        pytest.param(CSI, "", None, means(None), VolumeDecision(driver="a.csi", reason=NO_API), id="no API"),
        pytest.param(
            CSI,
            "",
            True,
            means(None),
            VolumeDecision(
                driver="a.csi",
                reason=NO_API,
                error="The cluster does not serve the API of VolumeSnapshots, or it may not be used.",
            ),
            id="no API, wanted",
        ),
        pytest.param(
            None, "", None, means(), VolumeDecision(reason="any: its PersistentVolume cannot be read;"), id="no PV"
        ),
    ],
)
def test_decision(
    volume: dict[str, t.Any] | None, action: str, wanted: bool | None, able: SnapshotMeans, expected: VolumeDecision
) -> None:
    rules = parse_policy(policy(action)) if action else None
    assert decide(CLAIM, volume, policy=rules, snapshot_volumes=wanted, means=able) == expected


def test_a_rule_that_does_not_match_decides_nothing() -> None:
    other = parse_policy("version: v1\nvolumePolicies: [{conditions: {storageClass: [slow]}, action: {type: skip}}]")
    assert decide(CLAIM, CSI, policy=other, snapshot_volumes=None, means=means()) == SNAPSHOT


def test_a_missing_class_is_an_error_with_a_remedy() -> None:
    found = decide(CLAIM, CSI, policy=None, snapshot_volumes=None, means=means([]))
    assert (found.method, found.on_purpose) == ("", False)
    assert found.reason == "csiSnapshot: The driver a.csi has no VolumeSnapshotClass.;"
    assert "action skip" in found.error
