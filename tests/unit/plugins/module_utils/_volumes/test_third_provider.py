# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A volume provider is a folder and a row of the table: no engine has to know of a third one."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.snapshot_deleter import SnapshotDeleter
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import VolumeDecisions
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes import providers
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.provider import EbsProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.restore import EbsRestore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import NativeSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Reasons, StoredContents, VolumeContext
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import (
    BackupApi,
    back_up,
    make_request,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    plan,
    write_backup,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.shelf_provider import METHOD, ROW, SHELF

HANDLE = "b1/shop/data"
VOLUME = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "pv-data"},
    "spec": {"hostPath": {"path": "/data"}, "persistentVolumeReclaimPolicy": "Delete"},
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data", "namespace": "shop"},
    "spec": {"volumeName": "pv-data"},
    "status": {"phase": "Bound"},
}


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, ROW))
    SHELF.clear()
    return SHELF


@pytest.fixture
def store(tmp_path: Path) -> t.Any:
    return open_store(LocalLocation(path=str(tmp_path)))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> BackupApi:
    fake = BackupApi()
    fake.add("namespaces", "shop", status={"phase": "Active"})
    fake.add("persistentvolumeclaims", "data", "shop", spec=CLAIM["spec"], status=CLAIM["status"])
    fake.add("persistentvolumes", "pv-data", spec=VOLUME["spec"])
    return fake


def test_backup_and_deletion(api: BackupApi, store: t.Any, shelf: dict[str, str]) -> None:
    planned = plan_backup(make_request(included_namespaces=["shop"]), client=api.client, store=store)
    assert [(entry["backupMethod"], entry["skipped"]) for entry in planned.volumes] == [(METHOD, False)]
    assert shelf == {}
    outcome = back_up(api, store, included_namespaces=["shop"])
    assert (outcome.phase, outcome.warnings_list, shelf) == ("Completed", [], {HANDLE: "/data"})
    (entry,) = outcome.volumes
    assert (entry["backupMethod"], entry["pvbInfo"]) == (METHOD, {"snapshotHandle": HANDLE})
    done = delete_backup("b1", store=store, providers=providers.make_providers(VolumeContext()))
    assert ([snapshot["handle"] for snapshot in done.deleted_snapshots], shelf) == ([HANDLE], {})


@pytest.mark.parametrize("there", [True, False])
def test_restore(monkeypatch: pytest.MonkeyPatch, store: t.Any, shelf: dict[str, str], *, there: bool) -> None:
    api = RestoreApi()
    write_backup(store, "b", ("persistentvolumes", VOLUME), ("persistentvolumeclaims", CLAIM))
    info = {"pvcNamespace": "shop", "pvcName": "data", "pvName": "pv-data", "backupMethod": METHOD, "skipped": False}
    store.put("backups/b/b-volumeinfo.json.gz", gzip_json([{**info, "pvbInfo": {"snapshotHandle": HANDLE}}]))
    if there:
        shelf[HANDLE] = "/data"
    outcome = plan(api, store, on_missing_volume_data="warn")
    (volume,) = outcome.volumes
    expected = (METHOD, HANDLE, "") if there else ("empty", "", "the shelf is empty")
    assert (volume["method"], volume["snapshot"], volume["message"]) == expected
    assert len(outcome.warnings_list) == (0 if there else 1)


class OtherCloud(EbsProvider):
    """Its snapshots are recorded as those of EBS are, and have other names."""

    name = "other_cloud"
    deleted: t.ClassVar[list[str]] = []

    def why_not_delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        theirs = [snapshot for snapshot in snapshots if not snapshot.handle.startswith("projects/")]
        return dict.fromkeys(theirs, "it is none of the other cloud")

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: StoredContents) -> Reasons:
        self.deleted.extend(snapshot.handle for snapshot in snapshots)
        return {}


def test_two_clouds_are_told_apart() -> None:
    context = VolumeContext()
    deleter = SnapshotDeleter((EbsProvider(context), OtherCloud(context)))
    theirs, ours, nobodys = (RecordedSnapshot("native", name, "pv") for name in ("projects/p/s", "snap-1", "disk-1"))
    assert deleter.delete([theirs, ours, nobodys], contents=t.cast("t.Any", None)) == {
        ours: "no snapshot_location is given; it is none of the other cloud",
        nobodys: "it is none of EBS, and others cannot be deleted here; it is none of the other cloud",
    }
    assert OtherCloud.deleted == ["projects/p/s"]


class OtherVolumes(EbsRestore):
    name = "other_cloud"

    def of_volume(self, volume: t.Mapping[str, t.Any]) -> NativeSnapshot | None:
        found = NativeSnapshot(volume="pv-data", snapshot_id="projects/p/s", provider=self.name)
        return found if "gcePersistentDisk" in volume["spec"] else None


@pytest.mark.parametrize("is_theirs", [True, False])
def test_two_clouds_restore_their_own_volumes(*, is_theirs: bool) -> None:
    volume = {"metadata": {"name": "pv-data"}, "spec": {"gcePersistentDisk": {}} if is_theirs else {}}
    given: dict[str, t.Any] = {"client": None, "discovery": Discovery([])}
    lost = {"pv-data": NativeSnapshot(volume="pv-data", snapshot_id="projects/p/s")}
    decisions = VolumeDecisions(
        archive=StoredVolume(volume),
        volume_info=[{"pvName": "pv-data", "backupMethod": "NativeSnapshot"}],
        live={},
        providers=[EbsRestore(lost, None, **given), OtherVolumes({}, None, **given)],
    )
    decision = decisions.for_claim(CLAIM, source_namespace="shop")
    if is_theirs:
        assert decision.remade_from is not None
        assert decisions.provider_of(decision.remade_from).name == "other_cloud"
    else:
        assert "projects/p/s, and no snapshot_location is given" in decision.missing


class StoredVolume:
    def __init__(self, volume: t.Any) -> None:
        self._volume = volume

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> t.Any:
        return self._volume if group_resource.resource == "persistentvolumes" else None


def test_rows() -> None:
    names = [provider.name for provider in providers.make_providers(VolumeContext())]
    assert (names[:2], names[-1]) == (["csi", "aws_ebs"], "shelf")
    assert len(set(names)) == len(names)
    assert providers.find_row("aws_ebs").library == "boto3"
