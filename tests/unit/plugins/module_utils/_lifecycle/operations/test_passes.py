# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes over Velero's objects. Rules: the controllers of Velero 1.18.3 (docs/compatibility 7)."""

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import hold_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations import operations_run, pass_lease
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import OperationsError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.restore_finalizer import FINALIZER
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    NAMESPACE,
    OperationsLab,
    ago,
)

SHOP = {"includedNamespaces": ["shop"]}


@pytest.fixture
def lab(tmp_path: Path) -> OperationsLab:
    found = OperationsLab(tmp_path)
    found.add_location(default=True)
    return found


def test_a_backup_is_made_and_its_object_is_what_is_stored(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    outcome = lab.pass_once()
    assert [(each.kind, each.phase) for each in outcome.operations] == [
        ("BackupStorageLocation", "Available"),
        ("Backup", "InProgress"),
        ("Backup", "Completed"),
    ]
    backup = lab.get("backups", "one")
    assert backup["status"]["phase"] == "Completed"
    assert backup["status"]["progress"] == {"totalItems": 2, "itemsBackedUp": 2}
    assert {"startTimestamp", "completionTimestamp", "expiration"} <= set(backup["status"])
    assert backup["metadata"]["labels"] == {"velero.io/storage-location": "default"}
    assert (backup["spec"]["storageLocation"], backup["spec"]["ttl"]) == ("default", "720h0m0s")
    stored = json.loads(lab.store.get("backups/one/velero-backup.json"))
    assert stored["metadata"]["uid"] == backup["metadata"]["uid"]
    assert (stored["spec"], stored["status"]) == (backup["spec"], backup["status"])
    assert lab.reasons() == ["BackupCompleted", "BackupStarted", "LocationAvailable"]
    again = lab.pass_once()
    assert not again.changed


@pytest.mark.parametrize(
    ("spec", "location", "said"),
    [
        ({"includedNamespaces": ["a"], "excludedNamespaces": ["a"]}, {}, "excludes list cannot contain an item"),
        ({"storageLocation": "no"}, {}, "the default no was not found"),
        (SHOP, {"accessMode": "ReadOnly"}, "is currently in read-only mode"),
        ({"snapshotMoveData": True, "datamover": "other"}, {}, "only Velero's own data mover"),
    ],
)
def test_a_backup_that_is_not_valid(
    lab: OperationsLab, spec: dict[str, t.Any], location: dict[str, str], said: str
) -> None:
    lab.get("backupstoragelocations", "default")["spec"].update(location)
    lab.add("backups", "one", spec)
    lab.pass_once()
    status = lab.status("backups", "one")
    assert status["phase"] == "FailedValidation"
    assert said in " ".join(status["validationErrors"])
    assert not [key for key in lab.stored() if key.startswith("backups/")]
    assert "BackupFailedValidation" in lab.reasons()


def test_a_backup_of_a_location_that_cannot_be_used(lab: OperationsLab) -> None:
    lab.add_location("other")
    lab.add("backups", "one", {"storageLocation": "other"})
    lab.pass_once(locations={**lab.request.locations, "other": {"path": str(lab.path / "no")}})
    assert lab.status("backupstoragelocations", "other")["phase"] == "Unavailable"
    assert 'BackupStorageLocation "other" is unavailable' in lab.status("backupstoragelocations", "other")["message"]
    assert "Unavailable status" in lab.status("backups", "one")["validationErrors"][0]


def test_a_name_that_is_stored_already_is_not_overwritten(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    stored = lab.store.get("backups/one/velero-backup.json")
    del lab.api.objects["backups", NAMESPACE, "one"]
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    status = lab.status("backups", "one")
    assert (status["phase"], status["failureReason"]) == ("Failed", "backup already exists in object storage")
    assert lab.store.get("backups/one/velero-backup.json") == stored


def _is_stored(lab: OperationsLab, name: str) -> bool:
    return f"backups/{name}/velero-backup.json" in lab.stored()


@pytest.mark.parametrize("spec", [SHOP, {"includedNamespaces": ["a"], "excludedNamespaces": ["a"]}])
@pytest.mark.parametrize("expires", [False, True])
def test_what_was_never_made_takes_no_other_backup_of_its_name_with_it(
    lab: OperationsLab, spec: dict[str, t.Any], expires: bool
) -> None:
    """Another cluster has stored it: only the object goes, and a sync brings the right one."""
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    del lab.api.objects["backups", NAMESPACE, "one"]
    lab.add("backups", "one", spec)
    lab.pass_once()
    uid = lab.get("backups", "one")["metadata"]["uid"]
    assert lab.status("backups", "one")["phase"] in ("Failed", "FailedValidation")
    if expires:
        lab.get("backups", "one")["status"]["expiration"] = ago(seconds=1)
    else:
        lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    outcome = lab.pass_once()
    assert "is another one" in " ".join(each.message for each in outcome.operations)
    assert lab.names("deletebackuprequests") == []
    assert _is_stored(lab, "one")
    del lab.get("backupstoragelocations", "default")["status"]["lastSyncedTime"]
    lab.pass_once()
    assert lab.get("backups", "one")["metadata"]["uid"] != uid
    assert lab.status("backups", "one")["phase"] == "Completed"
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    lab.pass_once()
    assert not lab.stored()


@pytest.mark.parametrize("damaged", [False, True])
def test_a_pass_that_died_before_it_saw_that_the_name_is_stored(lab: OperationsLab, damaged: bool) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    if damaged:
        lab.store.put("backups/one/velero-backup.json", b"{}")
    del lab.api.objects["backups", NAMESPACE, "one"]
    begun = {"phase": "InProgress", "startTimestamp": ago(seconds=1)}
    lab.add("backups", "one", {"storageLocation": "default"}, status=begun)
    keys = lab.stored()
    lab.pass_once()
    assert lab.status("backups", "one")["phase"] == "Failed"
    assert lab.stored() == keys


def test_a_restore(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    del lab.api.objects["configmaps", "shop", "prices"]
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once()
    restore = lab.get("restores", "back")
    assert restore["status"]["phase"] == "Completed"
    assert restore["spec"]["itemOperationTimeout"] == "4h0m0s"
    assert "nodes" in restore["spec"]["excludedResources"]
    assert restore["metadata"]["finalizers"] == [FINALIZER]
    assert lab.api.objects["configmaps", "shop", "prices"]["data"] == {"a": "1"}
    assert "restores/back/restore-back-logs.gz" in lab.stored()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "Either a backup or schedule must be specified"),
        ({"backupName": "no"}, 'Error retrieving backup: backups.velero.io "no" not found'),
        ({"scheduleName": "no"}, "No backups found for schedule"),
        ({"backupName": "one", "includedResources": ["nodes"]}, "nodes are non-restorable resources"),
    ],
)
def test_a_restore_that_is_not_valid(lab: OperationsLab, spec: dict[str, t.Any], said: str) -> None:
    lab.add("restores", "back", spec)
    lab.pass_once()
    status = lab.status("restores", "back")
    assert status["phase"] == "FailedValidation"
    assert said in status["validationErrors"][0]


def test_a_restore_of_a_schedule_takes_its_newest_good_backup(lab: OperationsLab) -> None:
    label = {"labels": {"velero.io/schedule-name": "daily"}}
    for name in ("one", "two"):
        lab.add("backups", name, SHOP, metadata=label)
        lab.pass_once()
    lab.get("backups", "one")["status"]["startTimestamp"] = ago(days=1)
    lab.add("backups", "three", {}, metadata=label, status={"phase": "Failed", "startTimestamp": ago(seconds=-60)})
    lab.add("restores", "back", {"scheduleName": "daily"})
    lab.pass_once()
    assert lab.get("restores", "back")["spec"]["backupName"] == "two"
    assert lab.status("restores", "back")["phase"] == "Completed"


def test_a_deletion_takes_everything(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.add("backups", "two", SHOP)
    lab.pass_once()
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once()
    for request in ("a", "b"):
        lab.add("deletebackuprequests", request, {"backupName": "one"})
    lab.pass_once()
    assert lab.names("backups") == ["two"]
    assert lab.names("restores") == lab.names("deletebackuprequests") == []
    assert {key.split("/")[1] for key in lab.stored()} == {"two"}


@pytest.mark.parametrize(
    ("backup", "location", "said"),
    [
        ("", {}, "spec.backupName is required"),
        ("no", {}, "backup not found"),
        ("one", {"accessMode": "ReadOnly"}, "is currently in read-only mode"),
    ],
)
def test_a_deletion_that_may_not_be(lab: OperationsLab, backup: str, location: dict[str, str], said: str) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    keys = lab.stored()
    lab.get("backupstoragelocations", "default")["spec"].update(location)
    lab.add("deletebackuprequests", "gone", {"backupName": backup})
    lab.pass_once()
    status = lab.status("deletebackuprequests", "gone")
    assert status["phase"] == "Processed"
    assert said in status["errors"][0]
    assert lab.stored() == keys
    assert lab.status("backups", "one")["phase"] == "Completed"


def test_a_backup_that_is_held_is_not_deleted(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    hold_backup(lab.store, "one", reason="an audit", by="me")
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    lab.pass_once()
    assert "an audit" in lab.status("deletebackuprequests", "gone")["errors"][0]
    assert lab.status("backups", "one")["phase"] == "Completed"


def test_files_of_a_restore_that_is_deleted_go(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    del lab.api.objects["configmaps", "shop", "prices"]
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once()
    assert [key for key in lab.stored() if key.startswith("restores/")]
    lab.api.client.delete(f"/apis/velero.io/v1/namespaces/{NAMESPACE}/restores/back")
    assert lab.names("restores") == ["back"]
    lab.pass_once()
    assert lab.names("restores") == []
    assert not [key for key in lab.stored() if key.startswith("restores/")]


def test_a_restore_that_never_began_takes_no_files_of_its_name_with_it(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    key = "restores/back/restore-back-logs.gz"
    lab.store.put(key, b"of another cluster")
    lab.add("restores", "back", {"backupName": "one", "includedResources": ["nodes"]})
    lab.pass_once()
    lab.api.client.delete(f"/apis/velero.io/v1/namespaces/{NAMESPACE}/restores/back")
    lab.pass_once()
    assert lab.names("restores") == []
    assert key in lab.stored()


def test_a_restore_whose_location_is_gone_may_go(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once()
    lab.api.client.delete(f"/apis/velero.io/v1/namespaces/{NAMESPACE}/restores/back")
    lab.get("backups", "one")["spec"]["storageLocation"] = "no"
    lab.pass_once()
    assert lab.names("restores") == []


@pytest.mark.parametrize("theirs", ["one", "other"])
def test_a_restore_that_began_takes_no_records_of_another_cluster_with_it(lab: OperationsLab, theirs: str) -> None:
    for name in ("one", "other"):
        lab.add("backups", name, SHOP)
    lab.pass_once()
    del lab.api.objects["configmaps", "shop", "prices"]
    lab.add("restores", "back", {"backupName": theirs})
    lab.pass_once()
    records = [key for key in lab.stored() if key.startswith("restores/")]
    assert records
    back = lab.get("restores", "back")
    back["metadata"]["uid"] = "of-this-cluster"
    back["spec"]["backupName"] = "one"
    lab.api.client.delete(f"/apis/velero.io/v1/namespaces/{NAMESPACE}/restores/back")
    lab.pass_once()
    assert lab.names("restores") == []
    assert [key for key in lab.stored() if key.startswith("restores/")] == records


@pytest.mark.parametrize(("theirs", "stays"), [("one", False), ("other", True)])
def test_the_log_of_a_server_says_whose_records_they_are(lab: OperationsLab, theirs: str, stays: bool) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once()
    for key in [key for key in lab.stored() if key.startswith("restores/")]:
        lab.store.delete(key)
    log = "restores/back/restore-back-logs.gz"
    lab.store.put(log, gzip.compress(f'msg="Starting restore of backup velero/{theirs}"\n'.encode()))
    lab.api.client.delete(f"/apis/velero.io/v1/namespaces/{NAMESPACE}/restores/back")
    lab.pass_once()
    assert lab.names("restores") == []
    assert (log in lab.stored()) == stays


def test_what_has_expired_is_deleted(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    lab.get("backups", "one")["status"]["expiration"] = ago(seconds=1)
    lab.pass_once()
    assert lab.names("backups") == []
    assert lab.stored() == []


@pytest.mark.parametrize(
    ("location", "label"), [({"accessMode": "ReadOnly"}, "BSLReadOnly"), (None, "BSLNotFound"), ({}, None)]
)
def test_why_something_that_has_expired_stays(
    lab: OperationsLab, location: dict[str, str] | None, label: str | None
) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    backup = lab.get("backups", "one")
    backup["status"]["expiration"] = ago(seconds=1)
    if location is None:
        backup["spec"]["storageLocation"] = "no"
    else:
        lab.get("backupstoragelocations", "default")["spec"].update(location)
    lab.pass_once()
    if label is None:
        assert lab.names("backups") == []
    else:
        assert lab.get("backups", "one")["metadata"]["labels"]["velero.io/gc-failure"] == label


def test_restore_only_mode(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    keys = lab.stored()
    lab.add("backups", "two", SHOP)
    lab.add("schedules", "daily", {"schedule": "@daily", "template": {}}, metadata={"creationTimestamp": ago(days=3)})
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once(restore_only=True)
    assert lab.status("backups", "two") == lab.status("schedules", "daily") == {}
    assert lab.status("deletebackuprequests", "gone") == {}
    assert lab.status("restores", "back")["phase"] == "Completed"
    assert lab.stored() == keys


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("BackupLog", "one", "backups/one/one-logs.gz"),
        ("BackupContents", "one", "backups/one/one.tar.gz"),
        ("RestoreLog", "back", "restores/back/restore-back-logs.gz"),
        ("RestoreLog", "no", "Restore 'no' is not there."),
        ("BackupLog", "no", "Backup 'no' is not there."),
        ("Everything", "one", "A download of 'Everything' is unknown."),
    ],
)
def test_downloads_of_a_directory_are_answered_by_a_sentence(
    lab: OperationsLab, kind: str, name: str, said: str
) -> None:
    lab.add("backups", "one", {"storageLocation": "default"}, status={"phase": "Completed"})
    lab.add("restores", "back", {"backupName": "one"}, status={"phase": "Completed"})
    lab.add("downloadrequests", "ask", {"target": {"kind": kind, "name": name}})
    lab.pass_once()
    status = lab.status("downloadrequests", "ask")
    assert status["phase"] == "Processed"
    assert said in status["downloadURL"]
    lab.get("downloadrequests", "ask")["status"]["expiration"] = ago(seconds=1)
    lab.pass_once()
    assert lab.names("downloadrequests") == []


def test_who_answers_for_the_server(lab: OperationsLab) -> None:
    lab.add("serverstatusrequests", "ask", {})
    lab.pass_once()
    status = lab.status("serverstatusrequests", "ask")
    galaxy = yaml.safe_load((Path(__file__).parents[6] / "galaxy.yml").read_text())
    assert status["serverVersion"] == f"arkive.k8s {galaxy['version']}"
    lab.get("serverstatusrequests", "ask")["status"]["processedTimestamp"] = ago(minutes=2)
    lab.pass_once()
    assert lab.names("serverstatusrequests") == []


def test_what_a_dead_pass_has_left_in_progress_has_failed(lab: OperationsLab) -> None:
    """Velero's words when its server starts."""
    lab.add("backups", "one", {"storageLocation": "default"}, status={"phase": "InProgress"})
    lab.add("restores", "back", {"backupName": "one"}, status={"phase": "InProgress"})
    lab.pass_once()
    for plural, name, kind in (("backups", "one", "backup"), ("restores", "back", "restore")):
        status = lab.status(plural, name)
        assert status["phase"] == "Failed"
        assert f'found a {kind} with status "InProgress"' in status["failureReason"]


def test_a_backup_that_a_dead_pass_had_stored_is_made(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    backup = lab.get("backups", "one")
    made = dict(backup["status"])
    backup["status"] = {"phase": "InProgress", "startTimestamp": made["startTimestamp"]}
    lock = BackupKeys("one").write_lock
    lab.store.put(lock, LockRecord.make("dead", "elsewhere", 1, utc_now(), -3600).encode())
    lab.pass_once()
    assert lab.status("backups", "one") == made
    assert lock not in lab.stored()


def test_one_run_at_a_time(lab: OperationsLab) -> None:
    lab.add("backups", "one", SHOP)
    lease = {"holderIdentity": "elsewhere", "leaseDurationSeconds": 60, "renewTime": ago(seconds=5)}
    lab.api.add("leases", "arkive-operations", NAMESPACE, spec=lease)
    outcome = lab.pass_once()
    assert (outcome.busy, outcome.changed) == ("elsewhere", False)
    assert lab.status("backups", "one") == {}
    lab.api.objects["leases", NAMESPACE, "arkive-operations"]["spec"]["renewTime"] = ago(seconds=90)
    assert lab.pass_once().busy == ""
    assert lab.status("backups", "one")["phase"] == "Completed"
    assert lab.names("leases") == []


@pytest.mark.parametrize("is_alive", [False, True])
def test_a_lease_of_a_clock_that_was_ahead(lab: OperationsLab, monkeypatch: pytest.MonkeyPatch, is_alive: bool) -> None:
    monkeypatch.setattr(pass_lease, "_RENEW_PAUSE", 0.1)
    lease = {"holderIdentity": "elsewhere", "leaseDurationSeconds": 60, "renewTime": ago(hours=-5)}
    lab.api.add("leases", "arkive-operations", NAMESPACE, spec=lease)
    looks = []

    def renew(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb == "GET" and path.endswith("/arkive-operations"):
            looks.append(path)
            if is_alive and len(looks) == 2:
                lab.api.add("leases", "arkive-operations", NAMESPACE, spec=lease)
        return None

    lab.api.refuse = renew
    assert lab.pass_once().busy == ("elsewhere" if is_alive else "")


def test_a_lease_of_no_process(lab: OperationsLab) -> None:
    lease = {"holderIdentity": "elsewhere", "leaseDurationSeconds": 60, "renewTime": ago(seconds=5)}
    marks = {"annotations": {"arkive.k8s/process": "9" * 5000 + " x/y/z"}}
    lab.api.add("leases", "arkive-operations", NAMESPACE, spec=lease, metadata=marks)
    assert lab.pass_once().busy == "elsewhere"


@pytest.mark.parametrize("phase", ["WaitingForPluginOperations", "FinalizingPartiallyFailed"])
def test_what_a_server_left_in_the_middle_is_said(lab: OperationsLab, phase: str) -> None:
    lab.add("backups", "one", {"storageLocation": "default"}, status={"phase": phase})
    lab.add("restores", "back", {"backupName": "one"}, status={"phase": phase})
    said = [issue.message for issue in lab.pass_once().issues.warnings]
    assert said == [
        f"{kind} is {phase}, where a Velero server has left it." for kind in ("Backup 'one'", "Restore 'back'")
    ]
    assert lab.status("backups", "one")["phase"] == lab.status("restores", "back")["phase"] == phase


def _pods(**container: t.Any) -> dict[str, t.Any]:
    return {"spec": {"containers": [container]}}


def test_a_namespace_that_is_not_there(lab: OperationsLab) -> None:
    with pytest.raises(KubeError, match="not found"):
        lab.pass_once(namespace="no")


@pytest.mark.parametrize(
    ("plural", "body"),
    [
        ("pods", {**_pods(command=["/velero"], args=["server"]), "status": {"phase": "Running"}}),
        ("deployments", {"spec": {"replicas": 1, "template": _pods(image="a/velero:v1", args=["server"])}}),
        ("deployments", {"spec": {"template": _pods(command=["/ark", "server"])}}),
    ],
)
def test_a_server_that_lives_there_is_named(lab: OperationsLab, plural: str, body: dict[str, t.Any]) -> None:
    lab.add("backups", "one", SHOP)
    lab.api.add(plural, "velero", NAMESPACE, **body)
    with pytest.raises(OperationsError, match="'velero'"):
        lab.pass_once()
    assert lab.status("backups", "one") == {}


@pytest.mark.parametrize("args", [["node-agent", "server"], ["restic", "server"]])
def test_agents_on_nodes_are_no_server(lab: OperationsLab, args: list[str]) -> None:
    """They stay when the server is taken down."""
    lab.api.add("pods", "agent", NAMESPACE, **_pods(command=["/velero"], args=args), status={"phase": "Running"})
    assert lab.pass_once().passes == 1


def test_a_server_that_comes_ends_the_passes(lab: OperationsLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations_run, "_SERVER_PAUSE", 0.0)
    lab.add("backups", "one", SHOP)

    def start_server(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb == "PATCH" and path.endswith("/backups/one") and "velero" not in lab.names("pods"):
            server = _pods(command=["/velero"], args=["server"])
            lab.api.add("pods", "velero", NAMESPACE, **server, status={"phase": "Running"})
        return None

    lab.api.refuse = start_server
    outcome = lab.pass_once(duration=60.0, interval=0.1)
    (error,) = outcome.issues.errors
    assert error.message.startswith("The passes have ended. A Velero server is at work")
    assert lab.status("backups", "one")["phase"] == "Completed"
    assert [each.name for each in outcome.operations if each.kind == "Backup"] == ["one", "one"]
    assert lab.names("leases") == []


def test_traces_of_a_server_elsewhere(lab: OperationsLab) -> None:
    fields: dict[str, t.Any] = {"f:status": {"f:lastValidationTime": {}}}
    entry = {"manager": "velero", "time": ago(seconds=30), "fieldsV1": fields}
    location = lab.get("backupstoragelocations", "default")
    location["metadata"]["managedFields"] = [entry]
    with pytest.raises(OperationsError, match="validated BackupStorageLocation 'default'"):
        lab.pass_once()
    entry["time"] = ago(minutes=5)
    lab.pass_once()
    entry |= {"manager": "arkive.k8s", "time": ago(seconds=1)}
    lab.pass_once()


def test_a_deployment_without_replicas_is_no_server(lab: OperationsLab) -> None:
    container = {"command": ["/velero"], "args": ["server"]}
    spec = {"replicas": 0, "template": {"spec": {"containers": [container]}}}
    lab.api.add("deployments", "velero", NAMESPACE, spec=spec)
    assert lab.pass_once().passes == 1


def test_what_is_refused_for_one_object_holds_up_no_other(lab: OperationsLab) -> None:
    lab.add("backups", "bad", SHOP)
    lab.add("backups", "good", SHOP)

    def refuse(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb == "PATCH" and path.endswith("/backups/bad"):
            return KubeError("It is refused.", status=422)
        return None

    lab.api.refuse = refuse
    outcome = lab.pass_once()
    assert [issue.message for issue in outcome.issues.errors] == ["Backup 'bad': It is refused."]
    assert lab.status("backups", "good")["phase"] == "Completed"


def test_missing_types_are_said(tmp_path: Path) -> None:
    lab = OperationsLab(tmp_path)
    lab.api.types = [kind for kind in lab.api.types if kind.plural != "backupstoragelocations"]
    with pytest.raises(ArkiveError, match="does not have the type BackupStorageLocation"):
        lab.pass_once()
