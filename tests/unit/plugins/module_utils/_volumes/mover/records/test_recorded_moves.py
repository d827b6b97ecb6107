# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of records of moved data, those of a Velero 1.18.3 among them (docs/compatibility 5.12, 18.2)."""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.recorded_moves import RecordedMoves

_RECORDS = Path(__file__).parent


def read(name: str) -> t.Any:
    return json.loads((_RECORDS / f"{name}.json").read_text())


UPLOAD, CLAIM, POD_VOLUMES = read("dataupload"), read("claim"), read("podvolumebackups")
MOVED = read("moved-volumeinfo")


class Pods:
    """Stored pods by their names."""

    def __init__(self, *pods: Object) -> None:
        self._pods = {pod["metadata"]["name"]: pod for pod in pods}

    def names(self, group_resource: object, namespace: str | None) -> list[str]:
        return list(self._pods)

    def find_object(self, group_resource: object, namespace: str | None, name: str) -> Object | None:
        return self._pods.get(name)


def moves(**records: t.Any) -> RecordedMoves:
    given = {"uploads": (), "pod_volumes": (), "volumeinfo": (), "archive": Pods()}
    return RecordedMoves(**{**given, **records})


def changed(obj: Object, **members: t.Any) -> Object:
    """With members of ``spec`` or ``status`` replaced, as ``status_phase``; None takes one away."""
    copied = copy.deepcopy(obj)
    for path, value in members.items():
        part, _line, name = path.partition("_")
        if value is None:
            copied[part].pop(name, None)
        else:
            copied[part][name] = value
    return copied


def test_what_velero_wrote() -> None:
    found = moves(uploads=[UPLOAD], volumeinfo=MOVED).of_claim(CLAIM, "app")
    assert found is not None
    assert (found.kind, found.namespace, found.claim, found.missing) == ("DataUpload", "app", "data", "")
    assert (found.snapshot, found.bytes) == (UPLOAD["status"]["snapshotID"], UPLOAD["status"]["progress"]["totalBytes"])


def test_what_velero_saved_of_pods() -> None:
    """A claim, and an emptyDir, which is known by its pod."""
    known = moves(pod_volumes=POD_VOLUMES)
    plain = {"metadata": {"name": "data", "namespace": "app"}}
    found = known.of_claim(plain, "app")
    assert found is not None
    assert (found.kind, found.claim, found.missing) == ("PodVolumeBackup", "data", "")
    pod = POD_VOLUMES[0]["spec"]["pod"]["name"]
    assert {name: move.claim for name, move in known.of_pod("app", pod).items()} == {"scratch": ""}
    assert known.of_claim({"metadata": {"name": "other"}}, "app") is None


def test_claim_of_a_pod_without_the_annotation() -> None:
    """Velero before 1.12 did not always write it; the stored pod knows."""
    record = copy.deepcopy(POD_VOLUMES[0])
    del record["metadata"]["annotations"]
    name = record["spec"]["pod"]["name"]
    volume = {"name": record["spec"]["volume"], "persistentVolumeClaim": {"claimName": "data"}}
    pod = {"metadata": {"name": name, "namespace": "app"}, "spec": {"volumes": [volume]}}
    found = moves(pod_volumes=[record], archive=Pods(pod)).of_claim({"metadata": {"name": "data"}}, "app")
    assert found is not None
    assert found.snapshot == record["status"]["snapshotID"]


@pytest.mark.parametrize(
    ("records", "claim", "why"),
    [
        pytest.param(
            {"volumeinfo": MOVED}, CLAIM, "does not hold its DataUpload 'velero/b-move", id="5.12.2: no record"
        ),
        pytest.param(
            {"volumeinfo": MOVED},
            {"metadata": {"name": "data"}},
            "does not hold its DataUpload",
            id="nor an annotation",
        ),
        pytest.param({}, CLAIM, "does not hold its DataUpload", id="the annotation alone"),
        pytest.param(
            {"uploads": [changed(UPLOAD, status_phase="Failed", status_snapshotID=None, status_message="no space")]},
            CLAIM,
            "is in the phase Failed (no space)",
            id="failed",
        ),
        pytest.param(
            {"uploads": [changed(UPLOAD, status_phase="Canceled")]}, CLAIM, "in the phase Canceled", id="cancelled"
        ),
        pytest.param({"uploads": [changed(UPLOAD, status_phase=None)]}, CLAIM, "without a phase", id="never ended"),
        pytest.param(
            {"uploads": [changed(UPLOAD, status_snapshotID=None)]}, CLAIM, "names no snapshot", id="no snapshot"
        ),
        pytest.param(
            {"uploads": [changed(UPLOAD, spec_datamover="velero-block")]},
            CLAIM,
            "by the data mover 'velero-block', which alone",
            id="another mover",
        ),
        pytest.param(
            {"uploads": [changed(UPLOAD, status_nodeOS="windows")]}, CLAIM, "a volume of windows", id="Windows"
        ),
        pytest.param(
            {"uploads": [UPLOAD]},
            {**CLAIM, "spec": {**CLAIM["spec"], "volumeMode": "Block"}},
            "a block volume",
            id="block",
        ),
        pytest.param(
            {
                "pod_volumes": [
                    changed(POD_VOLUMES[0], spec_uploaderType="", spec_repoIdentifier="s3:example.com/b/restic/app")
                ]
            },
            {"metadata": {"name": "data"}},
            "of the repository s3:example.com/b/restic/app, written by restic, which is not read here: restore this",
            id="1.5: restic, where nothing is said",
        ),
        pytest.param(
            {"pod_volumes": [changed(POD_VOLUMES[0], status_phase="Failed", status_message="\x1b[2Jx")]},
            {"metadata": {"name": "data"}},
            r"in the phase Failed (\x1b[2Jx)",
            id="failed, with control characters",
        ),
        pytest.param(
            {"uploads": [changed(UPLOAD, spec_sourcePVC=5)], "volumeinfo": MOVED},
            CLAIM,
            "does not hold its DataUpload",
            id="a record of nobody",
        ),
    ],
)
def test_what_cannot_come_back(records: t.Any, claim: Object, why: str) -> None:
    """docs/compatibility 5.12."""
    found = moves(**records).of_claim(claim, "app")
    assert found is not None
    assert why in found.missing


def test_the_good_one_counts() -> None:
    """A claim that two pods mount is saved by one of them."""
    bad = changed(POD_VOLUMES[0], status_phase="Failed")
    for records in ([bad, POD_VOLUMES[0]], [POD_VOLUMES[0], bad]):
        found = moves(pod_volumes=records).of_claim({"metadata": {"name": "data"}}, "app")
        assert found is not None
        assert found.missing == ""


def test_a_record_of_another_claim_is_none_of_its() -> None:
    """A claim that was copied with its annotations."""
    copied = copy.deepcopy(CLAIM)
    copied["metadata"]["name"] = "copy"
    found = moves(uploads=[UPLOAD]).of_claim(copied, "app")
    assert found is not None
    assert "does not hold" in found.missing
