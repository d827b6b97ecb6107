# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a volume is snapshotted: docs/compatibility 3.12, 3.13, 14."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import parse_policy
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.backup import offer_snapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import VolumeDecision, VolumePlanner, decide
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.backup import EbsBackup
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import BackupJob, SnapshotOffer
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

CLAIM = {
    "metadata": {"namespace": "shop", "name": "data"},
    "spec": {"volumeName": "pv-1"},
    "status": {"phase": "Bound"},
}
CSI = {"metadata": {"name": "pv-1"}, "spec": {"csi": {"driver": "a.csi"}, "storageClassName": "fast"}}
HOST = {"metadata": {"name": "pv-1"}, "spec": {"hostPath": {"path": "/x"}, "storageClassName": "fast"}}
OLD = {"metadata": {"name": "pv-1"}, "spec": {"awsElasticBlockStore": {"volumeID": "vol-1"}}}
EBS = {"metadata": {"name": "pv-1"}, "spec": {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}}
CLASSES = [{"metadata": {"name": f"snap-{driver[0]}"}, "driver": driver} for driver in ("a.csi", "ebs.csi.aws.com")]
NOT_CSI = "csiSnapshot: the volume is not of a CSI driver;volumeSnapshot: no snapshot location is for it;"
NO_API = "csiSnapshot: the cluster does not serve VolumeSnapshots, or they may not be used;"


def policy(action: str) -> str:
    return f"version: v1\nvolumePolicies: [{{conditions: {{storageClass: [fast]}}, action: {{type: {action}}}}}]"


JOB = BackupJob(name="b1", run_id="r1", location="here")


class Csi:
    """A cluster with these VolumeSnapshotClasses, or without the API of snapshots."""

    def __init__(self, classes: t.Any) -> None:
        self._classes = classes

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        return offer_snapshot(claim, self._classes, JOB, wanted=wanted)


Able: t.TypeAlias = dict[str, VolumePlanner]


def means(classes: t.Any = tuple(CLASSES), *, cloud: bool = False) -> Able:
    return {"csi": Csi(classes), "aws_ebs": EbsBackup(EbsSnapshotter(SnapshotLocation()) if cloud else None, JOB)}


def of(volume: t.Any) -> ClaimVolume:
    return ClaimVolume(claim=CLAIM, volume=volume)


def told(found: VolumeDecision) -> tuple[str, str, str]:
    """Who takes the snapshot, of which driver and class."""
    spec = found.plan.spec if found.plan else None
    return found.provider, spec.driver if spec else "", spec.class_name if spec else ""


SNAPSHOT = ("csi", "a.csi", "snap-a")
OF_EBS = ("csi", "ebs.csi.aws.com", "snap-e")
NATIVE = ("aws_ebs", "ebs.csi.aws.com", "")
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
        pytest.param(OLD, "", None, means(cloud=True), NATIVE, id="8.1: a location has it"),
        pytest.param(OLD, "", False, means(cloud=True), OFF, id="10.2: snapshotVolumes=false"),
        pytest.param(EBS, "", None, means(cloud=True), OF_EBS, id="8.1: CSI before native"),
        pytest.param(EBS, "", None, means(None, cloud=True), NATIVE, id="native without the API of CSI"),
        pytest.param(EBS, "", None, means([], cloud=True), NATIVE, id="native without a class"),
        pytest.param(CSI, "", None, means(None), VolumeDecision(reason=NO_API), id="no API"),
        pytest.param(
            CSI,
            "",
            True,
            means(None),
            VolumeDecision(
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
    volume: dict[str, t.Any] | None, action: str, wanted: bool | None, able: Able, expected: t.Any
) -> None:
    rules = parse_policy(policy(action)) if action else None
    found = decide(of(volume), policy=rules, snapshot_volumes=wanted, planners=able)
    assert (told(found) if found.plan else found) == expected


def test_a_rule_that_does_not_match_decides_nothing() -> None:
    other = parse_policy("version: v1\nvolumePolicies: [{conditions: {storageClass: [slow]}, action: {type: skip}}]")
    assert told(decide(of(CSI), policy=other, snapshot_volumes=None, planners=means())) == SNAPSHOT


def test_a_missing_class_is_an_error_with_a_remedy() -> None:
    found = decide(of(CSI), policy=None, snapshot_volumes=None, planners=means([]))
    assert (found.provider, found.on_purpose) == ("", False)
    assert found.reason == "csiSnapshot: The driver a.csi has no VolumeSnapshotClass.;"
    assert "action skip" in found.error
