# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes over objects of Velero that want data to be moved: as the tasks do it that make one backup or restore."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.provider import CsiProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import deletion, moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.provider import MoverProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    OperationsLab,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.backup.moving_lab import (
    LabMover,
    LabSnapshots,
)

SHOP = {"includedNamespaces": ["shop"]}
MOVED = {**SHOP, "snapshotMoveData": True, "itemOperationTimeout": "2h"}
SETTINGS = MoverSettings(concurrency=5, s3_url="http://inside:9000")


@pytest.fixture
def lab(tmp_path: Path) -> OperationsLab:
    found = OperationsLab(tmp_path)
    found.add_location()
    found.api.add(
        "persistentvolumeclaims",
        "data",
        "shop",
        metadata={"uid": "uid-data"},
        spec={
            "volumeName": "pv-data",
            "storageClassName": "fast",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
        status={"phase": "Bound"},
    )
    csi = {"driver": "csi.example", "volumeHandle": "v"}
    found.api.add(
        "persistentvolumes",
        "pv-data",
        spec={"csi": csi, "persistentVolumeReclaimPolicy": "Delete", "capacity": {"storage": "1Gi"}},
    )
    return found


@pytest.fixture(autouse=True)
def _snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CsiProvider, "for_backup", lambda _self, _job, _discovery: LabSnapshots([]))


class Asked(t.NamedTuple):
    """``mover`` does it, as each of ``movings`` says."""

    mover: LabMover
    movings: list[Moving]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = Asked(LabMover([]), [])

    def make_mover(given: Moving, _client: object, *, cancel: object) -> LabMover:
        found.movings.append(given)
        return found.mover

    for module in (deletion, moving):
        monkeypatch.setattr(module, "make_mover", make_mover)
    return found


def _pass(lab: OperationsLab) -> None:
    lab.pass_once(mover=SETTINGS, repository_password="word")


def test_a_backup_is_moved_as_the_task_says(lab: OperationsLab, asked: Asked) -> None:
    lab.add("backups", "one", MOVED)
    _pass(lab)
    made = lab.get("backups", "one")
    assert (made["status"]["phase"], made["spec"]["snapshotMoveData"]) == ("Completed", True)
    assert made["status"]["backupItemOperationsCompleted"] == 1
    [volume] = Catalog(lab.store).files("one").read_json("volumeinfo")
    assert volume["snapshotDataMovementInfo"]["snapshotHandle"] == "id-of-data"
    given = asked.movings[0]
    assert (given.settings.concurrency, given.settings.s3_url, given.settings.timeout) == (5, SETTINGS.s3_url, 7200)
    assert (given.password, given.velero_namespace) == ("word", lab.namespace)


def test_its_deletion_takes_it_out_of_the_repository(lab: OperationsLab, asked: Asked) -> None:
    lab.add("backups", "one", MOVED)
    _pass(lab)
    asked.movings.clear()
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    _pass(lab)
    assert asked.mover.forgotten == [("shop", ("id-of-data",))]
    assert (lab.names("backups"), lab.stored()) == ([], [])
    assert {(each.password, each.settings.concurrency) for each in asked.movings} == {("word", 5)}


def test_one_that_cannot_be_taken_out_keeps_the_backup(lab: OperationsLab, asked: Asked) -> None:
    lab.add("backups", "one", MOVED)
    _pass(lab)
    asked.mover.why_not_forgotten["id-of-data"] = "No pod was started."
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    _pass(lab)
    [said] = lab.status("deletebackuprequests", "gone")["errors"]
    assert "No pod was started" in said
    assert Catalog(lab.store).names() == ["one"]


def test_a_restore_has_the_same_mover(lab: OperationsLab, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.add("backups", "one", MOVED)
    _pass(lab)
    seen: list[VolumeContext] = []
    for_restore = MoverProvider.for_restore

    def note(provider: MoverProvider, job: t.Any) -> t.Any:
        seen.append(provider._context)
        return for_restore(provider, job)

    monkeypatch.setattr(MoverProvider, "for_restore", note)
    lab.add("restores", "back", {"backupName": "one", "itemOperationTimeout": "30m"})
    _pass(lab)
    assert "startTimestamp" in lab.status("restores", "back")
    given = seen[0].moving
    assert given is not None
    assert (given.settings.concurrency, given.settings.timeout) == (5, 1800)
    assert (given.password, given.velero_namespace) == ("word", lab.namespace)


@pytest.mark.parametrize(
    ("spec", "asked_for", "phase", "said"),
    [
        pytest.param(
            {**MOVED, "datamover": "vendor"}, {}, "FailedValidation", "only Velero's own data mover", id="another mover"
        ),
        pytest.param(MOVED, {}, "Failed", "repository_password", id="no password anywhere"),
        pytest.param(
            MOVED, {"repository_password": "word"}, "Failed", "Use a location with 'bucket'", id="of a directory"
        ),
    ],
)
def test_why_nothing_is_moved_stands_in_the_object(
    lab: OperationsLab, spec: dict[str, t.Any], asked_for: dict[str, t.Any], phase: str, said: str
) -> None:
    lab.add("backups", "one", spec)
    lab.pass_once(**asked_for)
    status = lab.status("backups", "one")
    sentences = [*status.get("validationErrors", ()), status.get("failureReason", "")]
    assert said in " ".join(sentences), sentences
    assert status["phase"] == phase
    assert Catalog(lab.store).names() == []
