# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes over the objects of Heptio Ark (docs/compatibility 9), and its Config: what it says and what of it counts."""

from __future__ import annotations

import base64
import gzip
import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations import object_family
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.ark_config import (
    location_of,
    periods_of,
    snapshot_location_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import OperationsError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    ARK_0_9,
    ARK_0_10,
    OperationsLab,
    ago,
)

SHOP = {"includedNamespaces": ["shop"]}
KEYS = "[default]\naws_access_key_id=AKIAOFDEFAULT\naws_secret_access_key=secret of default\n"
STORE = {"name": "aws", "bucket": "backups", "config": {"region": "eu-west-1", "s3ForcePathStyle": "true"}}


def _ark(path: Path, *, old: bool = True, **config: t.Any) -> OperationsLab:
    """Ark 0.9 with its Config, or 0.10 with its location."""
    lab = OperationsLab(path, ARK_0_9 if old else ARK_0_10, "heptio-ark")
    if old:
        lab.api.add("configs", "default", "heptio-ark", **{"backupStorageProvider": STORE, **config})
    else:
        lab.add_location()
    return lab


def _config(**members: t.Any) -> dict[str, t.Any]:
    return {"kind": "Config", "metadata": {"name": "default", "uid": "u"}, **members}


@pytest.mark.parametrize("old", [True, False])
def test_from_a_backup_to_its_deletion(tmp_path: Path, old: bool) -> None:
    lab = _ark(tmp_path, old=old)
    lab.add("backups", "one", SHOP)
    outcome = lab.pass_once()
    assert (outcome.namespace, outcome.issues.errors, outcome.issues.warnings) == ("heptio-ark", (), ())
    backup = lab.get("backups", "one")
    assert backup["status"]["phase"] == "Completed"
    assert backup["metadata"]["labels"] == {"ark.heptio.com/storage-location": "default"}
    assert backup["apiVersion"] == "ark.heptio.com/v1"
    stored = json.loads(lab.store.get("backups/one/velero-backup.json"))
    assert (stored["apiVersion"], stored["metadata"]["labels"]) == (
        "velero.io/v1",
        {"velero.io/storage-location": "default"},
    )
    del lab.api.objects["configmaps", "shop", "prices"]
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once()
    restore = lab.get("restores", "back")
    assert restore["status"]["phase"] == "Completed"
    assert "finalizers" not in restore["metadata"]
    assert lab.api.objects["configmaps", "shop", "prices"]["metadata"]["labels"]["ark-restore"] == "back"
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    lab.pass_once()
    assert lab.names("backups") == lab.names("restores") == lab.names("deletebackuprequests") == lab.stored() == []


def test_a_location_is_kept_in_mind_while_passes_are_made(tmp_path: Path) -> None:
    lab = _ark(tmp_path)
    before = dict(lab.get("configs", "default"))
    assert not lab.pass_once().changed
    outcome = lab.pass_once(duration=0.2, interval=0.05, locations={"default": {"path": str(tmp_path / "no")}})
    assert [(each.kind, each.phase) for each in outcome.operations] == [("Config", "Unavailable")]
    assert outcome.passes > 1
    assert lab.get("configs", "default") == before
    event = next(obj for key, obj in lab.api.objects.items() if key[0] == "events")
    assert (event["involvedObject"]["kind"], event["involvedObject"]["apiVersion"]) == ("Config", "ark.heptio.com/v1")


def test_the_first_backup_of_a_schedule_is_made_at_once(tmp_path: Path) -> None:
    lab = _ark(tmp_path)
    lab.add("schedules", "daily", {"schedule": "0 7 * * *", "template": SHOP})
    lab.pass_once()
    (name,) = lab.names("backups")
    assert re.fullmatch("daily-[0-9]{14}", name)
    assert lab.get("backups", name)["metadata"]["labels"]["ark-schedule"] == "daily"
    assert not lab.pass_once().changed
    del lab.get("schedules", "daily")["status"]["lastBackup"]
    assert not lab.pass_once().operations


def test_what_has_expired_is_deleted(tmp_path: Path) -> None:
    """A Backup of Ark 0.9 names no location."""
    lab = _ark(tmp_path)
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    backup = lab.get("backups", "one")
    del backup["spec"]["storageLocation"]
    backup["status"]["expiration"] = ago(seconds=1)
    lab.pass_once()
    assert lab.names("backups") == lab.stored() == []


def _old_bucket(lab: OperationsLab) -> None:
    backup = {
        "apiVersion": "ark.heptio.com/v1",
        "kind": "Backup",
        "metadata": {"name": "old", "namespace": "heptio-ark", "labels": {"ark-schedule": "daily"}},
        "spec": {"ttl": "24h0m0s"},
        "status": {"phase": "Completed", "version": 1},
    }
    lab.store.put("old/ark-backup.json", json.dumps(backup).encode())
    lab.store.put("old/old-logs.gz", gzip.compress(b""))


def test_a_bucket_of_ark_is_read_and_never_written(tmp_path: Path) -> None:
    lab = _ark(tmp_path)
    _old_bucket(lab)
    keys = lab.stored()
    lab.add("backups", "new", SHOP)
    lab.add("restores", "back", {"backupName": "old"}, status={"phase": "Completed"})
    lab.pass_once()
    assert lab.get("backups", "old")["metadata"]["labels"] == {
        "ark-schedule": "daily",
        "ark.heptio.com/storage-location": "default",
    }
    status = lab.status("backups", "new")
    assert status["phase"] in ("Failed", "FailedValidation")
    assert "holds backups of Ark 0.9 or older" in f"{status.get('failureReason')} {status.get('validationErrors')}"
    for kind, name in (("BackupLog", "old"), ("RestoreLog", "back")):
        lab.add("downloadrequests", kind.lower(), {"target": {"kind": kind, "name": name}})
    lab.pass_once()
    assert lab.status("downloadrequests", "backuplog")["downloadURL"].endswith("look there for old/old-logs.gz.")
    assert lab.status("downloadrequests", "restorelog")["downloadURL"].endswith("for old/restore-back-logs.gz.")
    assert lab.stored() == keys


def test_restore_only_mode_of_the_config(tmp_path: Path) -> None:
    lab = _ark(tmp_path)
    lab.add("backups", "one", SHOP)
    lab.pass_once()
    keys = lab.stored()
    lab.get("configs", "default")["restoreOnlyMode"] = True
    lab.add("backups", "two", SHOP)
    lab.add("schedules", "daily", {"schedule": "@daily", "template": {}})
    lab.add("deletebackuprequests", "gone", {"backupName": "one"})
    lab.add("restores", "back", {"backupName": "one"})
    lab.pass_once()
    assert lab.status("backups", "two") == lab.status("schedules", "daily") == {}
    assert lab.status("deletebackuprequests", "gone") == {}
    assert lab.status("restores", "back")["phase"] == "Completed"
    assert lab.stored() == keys


def test_without_a_config_nothing_begins(tmp_path: Path) -> None:
    lab = _ark(tmp_path)
    del lab.api.objects["configs", "heptio-ark", "default"]
    with pytest.raises(OperationsError, match="no Config 'default' of Heptio Ark in namespace 'heptio-ark'"):
        lab.pass_once()


def test_types_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperationsError, match="does not have the types of Heptio Ark"):
        OperationsLab(tmp_path).pass_once(family=ARK)


def test_both_kinds_of_types(tmp_path: Path) -> None:
    """Velero's come first, unless somebody says otherwise."""
    lab = _ark(tmp_path)
    lab.api.types = [*OperationsLab(tmp_path).api.types, *ARK_0_9]
    lab.api.add("namespaces", "velero")
    assert lab.pass_once().namespace == "velero"
    assert lab.pass_once(family=ARK).namespace == "heptio-ark"


@pytest.mark.parametrize(
    ("provider", "spec"),
    [
        (STORE, {"provider": "aws", "config": STORE["config"]}),
        (
            {"bucket": "backups", "aws": {"region": "minio", "availabilityZone": "minio", "s3ForcePathStyle": True}},
            {"provider": "aws", "config": {"region": "minio", "s3ForcePathStyle": "true"}},
        ),
        ({"bucket": "backups", "gcp": {}}, {"provider": "gcp", "config": {}}),
        ({"bucket": "backups"}, {"provider": "", "config": {}}),
    ],
)
def test_both_forms_of_a_provider(provider: dict[str, t.Any], spec: dict[str, t.Any]) -> None:
    """Sources: docs/config-definition.md of Ark at v0.9.0 and v0.3.0."""
    found = location_of(_config(backupStorageProvider=provider))
    assert found["spec"] == {"objectStorage": {"bucket": "backups"}, "backupSyncPeriod": "60m", **spec}


@pytest.mark.parametrize(
    ("members", "periods"),
    [
        ({}, {"expiry": 3600, "schedule": 60}),
        ({"gcSyncPeriod": "30m", "scheduleSyncPeriod": "2m"}, {"expiry": 1800, "schedule": 120}),
        ({"gcSyncPeriod": "0s", "scheduleSyncPeriod": "soon"}, {"expiry": 3600, "schedule": 60}),
    ],
)
def test_periods(members: dict[str, str], periods: dict[str, float]) -> None:
    """Source: ``applyConfigDefaults`` of Ark 0.9."""
    assert periods_of(_config(**members)) == periods


def test_schedules_are_looked_at_as_often_as_the_config_says(tmp_path: Path) -> None:
    looks = []
    for period in ("1m", "1ms"):
        folder = tmp_path / period
        folder.mkdir()
        lab = _ark(folder, scheduleSyncPeriod=period)
        lab.pass_once(duration=0.3, interval=0.02)
        looks.append(
            len(
                [
                    line
                    for line in lab.api.requests
                    if line.endswith("GET /apis/ark.heptio.com/v1/namespaces/heptio-ark/schedules")
                ]
            )
        )
    assert looks[0] == 1 < looks[1]


def test_where_snapshots_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = snapshot_location_of(_config(persistentVolumeProvider={"aws": {"region": "eu-west-1"}}), KEYS)
    assert found is not None
    assert (found.region, found.access_key, found.secret_key) == ("eu-west-1", "AKIAOFDEFAULT", "secret of default")
    assert snapshot_location_of(_config(persistentVolumeProvider={"name": "gcp"}), "") is None
    assert snapshot_location_of(_config(), "") is None
    lab = _ark(tmp_path, persistentVolumeProvider={"name": "aws", "config": {"region": "eu-west-1"}})
    lab.api.add("secrets", "cloud-credentials", "heptio-ark", data={"cloud": base64.b64encode(KEYS.encode()).decode()})
    _objects, request = object_family.open_objects(lab.api.client, lab.request)
    assert request.snapshot_location == found
