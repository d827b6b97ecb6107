# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Native snapshots of EBS volumes on a real cluster: backup, disaster, restore, deletion. moto stands in for EC2."""

from __future__ import annotations

import gzip
import json
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import plan_restore, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    REGION,
    ZONE,
    Ec2Account,
    ec2_account,
    tags_of,
)

LOCATION = SnapshotLocation(name="east", region=REGION, access_key="key", secret_key="secret")
EBS = EbsSnapshotter(LOCATION)
KINDS = ("csi", "in-tree")


@pytest.fixture
def account() -> t.Iterator[Ec2Account]:
    with ec2_account() as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


class EbsClaims:
    """Two bound claims with volumes of EBS, as the cluster keeps them with and without a CSI driver for them."""

    def __init__(self, client: KubeClient, kubectl: t.Any, namespace: str, account: Ec2Account) -> None:
        self.client = client
        self._kubectl = kubectl
        self.namespace = namespace
        self.disks = {
            kind: account.make_volume(Size=1, VolumeType="io1", Iops=100, tags={"kind": kind}) for kind in KINDS
        }

    def create(self) -> None:
        for kind, disk in self.disks.items():
            self._kubectl("create", "-f", "-", stdin=json.dumps(self._volume(kind, disk)))
            self._kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(self._claim(kind)))
        for kind in KINDS:
            self.await_bound(kind)

    def name_of(self, kind: str) -> str:
        return f"{self.namespace}-{kind}"

    def volume(self, name: str) -> Object:
        return self.client.get(f"/api/v1/persistentvolumes/{name}")

    def claim(self, kind: str, namespace: str = "") -> Object:
        return self.client.get(f"/api/v1/namespaces/{namespace or self.namespace}/persistentvolumeclaims/{kind}")

    def await_bound(self, kind: str, namespace: str = "") -> None:
        where = namespace or self.namespace
        self._kubectl("-n", where, "wait", f"pvc/{kind}", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s")

    def volumes(self) -> list[str]:
        """Names of the volumes of this test."""
        items = self.client.get("/api/v1/persistentvolumes")["items"]
        return [item["metadata"]["name"] for item in items if self._is_ours(item)]

    def delete(self) -> None:
        """The disaster: claims and volumes go, and the disks with them."""
        self._kubectl("-n", self.namespace, "delete", "pvc", "--all", "--timeout=60s")
        for name in self.volumes():
            self._kubectl("delete", "pv", name, "--timeout=60s")

    def _is_ours(self, volume: Object) -> bool:
        labels = volume["metadata"].get("labels") or {}
        return bool(labels.get("arkive-test") == self.namespace)

    def _volume(self, kind: str, disk: str) -> Object:
        source: Object = {"awsElasticBlockStore": {"volumeID": f"aws://{ZONE}/{disk}", "fsType": "ext4"}}
        if kind == "csi":
            source = {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": disk, "fsType": "ext4"}}
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": self.name_of(kind),
                "labels": {"arkive-test": self.namespace, "topology.kubernetes.io/zone": ZONE},
            },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "1Gi"},
                "storageClassName": "",
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": self.namespace, "name": kind},
                **source,
            },
        }

    def _claim(self, kind: str) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": kind},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "",
                "volumeName": self.name_of(kind),
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }


@pytest.fixture
def claims(client: KubeClient, kubectl: t.Any, namespace: str, account: Ec2Account) -> t.Iterator[EbsClaims]:
    made = EbsClaims(client, kubectl, namespace, account)
    made.create()
    yield made
    kubectl("delete", "pv", "-l", f"arkive-test={namespace}", "--wait=false", "--ignore-not-found")


def back_up(claims: EbsClaims, store: LocalStore) -> BackupOutcome:
    spec = BackupSpec.from_options({"included_namespaces": [claims.namespace]})
    request = BackupRequest(name="b1", spec=spec, labels={"team": "shop"}, snapshot_location=LOCATION)
    outcome = run_backup(request, client=claims.client, store=store)
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    return outcome


def request_of(**options: t.Any) -> RestoreRequest:
    own = {name: options.pop(name) for name in ("name", "terminating_timeout") if name in options}
    spec = RestoreSpec.from_options({"backup_name": "b1", **options})
    return RestoreRequest(spec=spec, snapshot_location=LOCATION, **own)


def snapshots_of(store: LocalStore) -> dict[str, str]:
    """Snapshot by volume, as the backup records them."""
    records = json.loads(gzip.decompress(store.get("backups/b1/b1-volumesnapshots.json.gz")))
    return {entry["spec"]["persistentVolumeName"]: entry["status"]["providerSnapshotID"] for entry in records}


def test_from_backup_to_deletion(claims: EbsClaims, store: LocalStore, account: Ec2Account) -> None:
    disks = account.volumes
    outcome = back_up(claims, store)
    assert (outcome.backup or {})["status"]["volumeSnapshotsCompleted"] == 2
    snapshots = snapshots_of(store)
    assert set(snapshots.values()) == account.snapshots
    for kind, disk in claims.disks.items():
        made = account.snapshot(snapshots[claims.name_of(kind)])
        tags = {"kind": kind, "team": "shop", "velero.io/backup": "b1", "velero.io/pv": claims.name_of(kind)}
        assert made["VolumeId"] == disk
        assert tags.items() <= tags_of(made).items()

    claims.delete()
    planned = plan_restore(request_of(), client=claims.client, store=store)
    assert {entry["method"] for entry in planned.volumes} == {"NativeSnapshot"}
    assert account.volumes == disks
    restored = run_restore(request_of(name="r1"), client=claims.client, store=store)
    assert (restored.phase, restored.errors_list) == ("Completed", [])
    for kind in KINDS:
        claims.await_bound(kind)
        disk = EBS.volume_id(claims.volume(claims.name_of(kind)))
        made = account.volume(disk)
        assert made["SnapshotId"] == snapshots[claims.name_of(kind)]
        assert (made["VolumeType"], made["Iops"], made["AvailabilityZone"]) == ("io1", 100, ZONE)
    in_tree = claims.volume(claims.name_of("in-tree"))["spec"]["awsElasticBlockStore"]["volumeID"]
    assert in_tree.startswith(f"aws://{ZONE}/vol-")
    assert len(account.volumes - disks) == 2

    again = run_restore(request_of(name="r1"), client=claims.client, store=store)
    assert (again.changed, again.errors_list, again.warnings_list) == (False, [], [])
    assert len(account.volumes - disks) == 2

    deleted = delete_backup("b1", store=store, providers=make_providers(VolumeContext(location=LOCATION)))
    assert {entry["handle"] for entry in deleted.deleted_snapshots} == set(snapshots.values())
    assert account.snapshots == set()
    assert store.list("").objects == []


def test_beside_the_original(claims: EbsClaims, store: LocalStore, account: Ec2Account, kubectl: t.Any) -> None:
    """Into another namespace, with volumes of other names."""
    back_up(claims, store)
    disks, target = account.volumes, f"{claims.namespace}-copy"
    try:
        outcome = run_restore(
            request_of(namespace_mapping={claims.namespace: target}), client=claims.client, store=store
        )
        assert (outcome.phase, outcome.errors_list) == ("Completed", [])
        for kind in KINDS:
            claims.await_bound(kind, target)
            name = claims.claim(kind, target)["spec"]["volumeName"]
            volume = claims.volume(name)
            assert name.startswith("velero-clone-")
            assert volume["metadata"]["annotations"]["velero.io/original-pv-name"] == claims.name_of(kind)
            assert EBS.volume_id(volume) in account.volumes - disks
            assert EBS.volume_id(claims.volume(claims.name_of(kind))) == claims.disks[kind]
    finally:
        kubectl("delete", "namespace", target, "--wait=false", "--ignore-not-found")


def test_an_old_volume_that_is_on_its_way_out(
    claims: EbsClaims, store: LocalStore, account: Ec2Account, kubectl: t.Any
) -> None:
    """The restore waits for it, and makes the volume anew from its snapshot."""
    back_up(claims, store)
    disks = account.volumes
    kubectl("-n", claims.namespace, "delete", "pvc", "--all", "--timeout=60s")
    names = claims.volumes()
    assert {claims.volume(name)["status"]["phase"] for name in names} <= {"Bound", "Released"}

    lines: list[str] = []
    waits = threading.Event()

    def note(line: str) -> None:
        lines.append(line)
        if "waiting for the old PersistentVolume" in line:
            waits.set()

    def delete_when_waited_for() -> None:
        if waits.wait(60):
            for name in names:
                kubectl("delete", "pv", name, "--timeout=60s")

    deleting = threading.Thread(target=delete_when_waited_for)
    deleting.start()
    try:
        outcome = run_restore(request_of(), client=claims.client, store=store, progress=note)
    finally:
        waits.set()
        deleting.join()
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    for kind in KINDS:
        claims.await_bound(kind)
        assert EBS.volume_id(claims.volume(claims.name_of(kind))) in account.volumes - disks
    assert any("waiting for the old PersistentVolume" in line for line in lines)


def test_no_disk_is_left_when_volumes_may_not_be_made(
    claims: EbsClaims, store: LocalStore, account: Ec2Account, client: KubeClient, callers: t.Any
) -> None:
    back_up(claims, store)
    claims.delete()
    disks = account.volumes
    caller = callers.may(
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["create"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["*"]},
        cluster=True,
    )
    with pytest.raises(RestoreError, match='cannot create resource "persistentvolumes"') as caught:
        run_restore(request_of(), client=caller, store=store)
    assert account.volumes == disks
    assert {entry["state"] for entry in caught.value.details["volumes"]} == {"refused"}
