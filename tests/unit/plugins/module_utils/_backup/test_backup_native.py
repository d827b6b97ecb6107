# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Native snapshots in a whole backup: docs/compatibility 8.1 and 10.2. moto stands in for EC2."""

from __future__ import annotations

import gzip
import io
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import (
    BackupApi,
    back_up,
    make_request,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    REGION,
    ZONE,
    Ec2Account,
    ec2_account,
    tags_of,
)

LOCATION = SnapshotLocation(name="east", region=REGION, access_key="key", secret_key="secret")
GA, BETA = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"


@pytest.fixture
def account() -> t.Iterator[Ec2Account]:
    with ec2_account() as found:
        yield found


def add_volume(api: BackupApi, volume_id: str, name: str = "data", **labels: str) -> None:
    """A claim and its volume, of the driver that Kubernetes once had in its tree."""
    api.add("persistentvolumeclaims", name, "shop", spec={"volumeName": f"pv-{name}"}, status={"phase": "Bound"})
    spec = {"awsElasticBlockStore": {"volumeID": volume_id}, "persistentVolumeReclaimPolicy": "Delete"}
    api.add("persistentvolumes", f"pv-{name}", metadata={"labels": labels}, spec=spec)


def run(api: BackupApi, store: t.Any, *, location: SnapshotLocation | None = LOCATION, **spec: t.Any) -> BackupOutcome:
    return back_up(api, store, request={"snapshot_location": location}, included_namespaces=["shop"], **spec)


def records(store: t.Any) -> t.Any:
    return json.loads(gzip.decompress(store.get("backups/b1/b1-volumesnapshots.json.gz")))


@pytest.mark.parametrize(
    ("labels", "zone"),
    [
        pytest.param({}, None, id="10.2: no zone"),
        pytest.param({BETA: "z1"}, "z1", id="10.2: deprecated label"),
        pytest.param({GA: "z2"}, "z2", id="10.2: GA label"),
        pytest.param({BETA: "z1", GA: "z2"}, "z2", id="10.2: both, GA wins"),
    ],
)
def test_a_snapshot_and_its_records(
    api: BackupApi, store: t.Any, account: Ec2Account, labels: dict[str, str], zone: str | None
) -> None:
    volume_id = account.make_volume(VolumeType="io1", Iops=300, Size=10, tags={"team": "shop"})
    add_volume(api, f"aws://{ZONE}/{volume_id}", **labels)
    outcome = run(api, store)
    assert outcome.phase == "Completed"
    (made,) = account.snapshots
    (record,) = records(store)
    assert record["spec"] == {
        "backupName": "b1",
        "backupUID": (outcome.backup or {})["metadata"]["uid"],
        "location": "east",
        "persistentVolumeName": "pv-data",
        "providerVolumeID": volume_id,
        "volumeType": "io1",
        "volumeIOPS": 300,
        **({"volumeAZ": zone} if zone else {}),
    }
    assert record["status"] == {"phase": "Completed", "providerSnapshotID": made}
    (entry,) = outcome.volumes
    assert (entry["backupMethod"], entry["result"], entry["pvcName"]) == ("NativeSnapshot", "succeeded", "data")
    assert entry["nativeSnapshotInfo"]["snapshotHandle"] == made
    assert entry["pvInfo"] == {"reclaimPolicy": "Delete", "labels": labels}
    status = (outcome.backup or {})["status"]
    assert (status["volumeSnapshotsAttempted"], status["volumeSnapshotsCompleted"]) == (1, 1)
    tags = tags_of(account.snapshot(made))
    assert tags == {
        # Ours, by which one that belongs to nobody is found.
        "arkive.k8s/location": store.location.describe,
        "arkive.k8s/run": tags["arkive.k8s/run"],
        "arkive.k8s/volume": volume_id,
        "team": "shop",
        "velero.io/backup": "b1",
        "velero.io/pv": "pv-data",
        "velero.io/storage-location": "default",
    }


def test_a_snapshot_that_fails_is_recorded(api: BackupApi, store: t.Any, account: Ec2Account) -> None:
    """docs/compatibility 10.2: an error is recorded as Failed. The claim is stored: a restore says what it lacks."""
    add_volume(api, f"aws://{ZONE}/vol-00000000000000000")
    outcome = run(api, store)
    assert outcome.phase == "PartiallyFailed"
    (error,) = outcome.errors_list
    assert (error["name"], "vol-00000000000000000" in error["message"]) == ("data", True)
    (record,) = records(store)
    assert record["status"] == {"phase": "Failed"}
    assert outcome.items["persistentvolumeclaims"] == 1
    assert [(entry["result"], entry["skipped"]) for entry in outcome.volumes] == [("failed", False)]
    status = (outcome.backup or {})["status"]
    assert (status["volumeSnapshotsAttempted"], status.get("volumeSnapshotsCompleted")) == (1, None)
    assert account.snapshots == set()


@pytest.mark.parametrize(
    ("volume_id", "location", "spec", "reason", "warnings"),
    [
        pytest.param("vol-1", LOCATION, {"snapshot_volumes": False}, "snapshotVolumes is false", 0, id="10.2: false"),
        pytest.param("vol-1", None, {}, "no snapshot location is for it", 1, id="10.2: no location"),
        pytest.param("disk-1", LOCATION, {}, "no snapshot location is for it", 1, id="10.2: unsupported PV"),
    ],
)
def test_no_snapshot(
    api: BackupApi,
    store: t.Any,
    account: Ec2Account,
    volume_id: str,
    location: SnapshotLocation | None,
    spec: dict[str, t.Any],
    reason: str,
    warnings: int,
) -> None:
    add_volume(api, volume_id)
    outcome = run(api, store, location=location, **spec)
    assert (outcome.phase, len(outcome.warnings_list)) == ("Completed", warnings)
    (entry,) = outcome.volumes
    assert entry["skipped"]
    assert reason in entry["skippedReason"]
    assert records(store) == []
    assert account.snapshots == set()


def test_the_snapshot_of_a_pod_whose_pre_hook_fails_is_not_taken(
    api: BackupApi, store: t.Any, account: Ec2Account
) -> None:
    add_volume(api, account.make_volume())
    api.add_pod("db", claims=["data"], **{"pre.hook.backup.velero.io/command": "/false"})
    api.codes["/false"] = 1
    outcome = run(api, store)
    assert outcome.phase == "PartiallyFailed"
    assert [entry["skippedReason"] for entry in outcome.volumes] == ["any: pre hook failed;"]
    assert account.snapshots == set()


def test_nothing_is_left_of_a_backup_that_fails(
    api: BackupApi, store: t.Any, account: Ec2Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_volume(api, account.make_volume())

    def refuse(*_given: t.Any, **_more: t.Any) -> t.NoReturn:
        raise StoreError("The store is full.")

    monkeypatch.setattr(BackupWriter, "publish", refuse)
    with pytest.raises(StoreError):
        run(api, store)
    assert account.snapshots == set()


def test_check_mode_cuts_nothing(api: BackupApi, store: t.Any, account: Ec2Account) -> None:
    add_volume(api, account.make_volume())
    request = make_request(included_namespaces=["shop"], request={"snapshot_location": LOCATION})
    outcome = plan_backup(request, client=api.client, store=store)
    assert [entry["backupMethod"] for entry in outcome.volumes] == ["NativeSnapshot"]
    assert account.snapshots == set()


def fail_once(api: BackupApi, store: t.Any, account: Ec2Account) -> str:
    """A backup that is PartiallyFailed by a hook of another pod, and has a snapshot. Returns its id."""
    add_volume(api, account.make_volume())
    api.add_pod("web", **{"pre.hook.backup.velero.io/command": "/false"})
    api.codes["/false"] = 1
    assert run(api, store).phase == "PartiallyFailed"
    api.codes.clear()
    (made,) = account.snapshots
    return made


def replace(api: BackupApi, store: t.Any) -> BackupOutcome:
    request = {"snapshot_location": LOCATION, "replace_failed": True}
    return back_up(api, store, request=request, included_namespaces=["shop"])


def test_a_replaced_backup_takes_its_snapshots_along(api: BackupApi, store: t.Any, account: Ec2Account) -> None:
    before = fail_once(api, store, account)
    outcome = replace(api, store)
    assert (outcome.phase, outcome.warnings_list) == ("Completed", [])
    (made,) = account.snapshots
    assert made != before
    assert records(store)[0]["status"]["providerSnapshotID"] == made


def test_a_replaced_backup_whose_records_are_damaged(api: BackupApi, store: t.Any, account: Ec2Account) -> None:
    before = fail_once(api, store, account)
    store.delete_many(["backups/b1/b1-volumesnapshots.json.gz"])
    store.put_file("backups/b1/b1-volumesnapshots.json.gz", io.BytesIO(b"no gzip"))
    outcome = replace(api, store)
    assert outcome.phase == "Completed"
    (warning,) = outcome.warnings_list
    assert "left behind" in warning["message"]
    assert len(account.snapshots - {before}) == 1
    assert before in account.snapshots
