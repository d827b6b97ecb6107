# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CSI snapshots of a deleted backup are gone from the storage, and no object of that stays in the cluster."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from api_proxy import ApiProxy, Fate
from callers import Callers
from volume_lab import CLAIM, DataApp, Object, Storage

from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import grants_of
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify import verify_backup
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import VerifyRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import SnapshotApi, find_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.snapshots import CsiSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

pytestmark = pytest.mark.node

DRIVER = "loopfile.csi.test"
CONTENTS = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents"
CLASSES = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses"
NO_SUCH = "snap-00000000000000000000000000000000"


@pytest.fixture
def storage(state: Path) -> Storage:
    return Storage(state)


@pytest.fixture(scope="module")
def api(client: KubeClient) -> SnapshotApi:
    found = find_snapshot_api(Discovery.read(client))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def volume(client: KubeClient, kubectl: t.Any, module_namespace: str) -> DataApp:
    app = DataApp(kubectl, module_namespace)
    app.create()
    return app


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


def keep_snapshots(client: KubeClient, api: SnapshotApi, app: DataApp, count: int) -> list[str]:
    """Snapshots as a backup leaves them: in the storage alone. Their handles."""
    spec = SnapshotSpec(namespace=app.namespace, claim=CLAIM, class_name="loopfile")
    with CsiSnapshots(client, api, with_contents=True, cancel=CancelToken()) as csi:
        snapshots = csi.take(app.namespace, [spec] * count, timeout=60)
        for taken in snapshots:
            csi.retain(taken)
        assert csi.release_objects(snapshots) == []
    return [taken.handle for taken in snapshots]


def put_backup(store: LocalStore, *handles: str, driver: str = DRIVER) -> None:
    info = [
        {
            "pvcName": CLAIM,
            "pvName": f"pv-{number}",
            "backupMethod": "CSISnapshot",
            "csiSnapshotInfo": {"snapshotHandle": handle, "driver": driver},
        }
        for number, handle in enumerate(handles)
    ]
    backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "b1"}}
    store.put("backups/b1/velero-backup.json", json.dumps({**backup, "status": {"phase": "Completed"}}).encode())
    store.put("backups/b1/b1-volumeinfo.json.gz", gzip_json(info))


def left_over(client: KubeClient) -> list[str]:
    """Objects of a deletion that are still in the cluster."""
    names = [item["metadata"]["name"] for item in client.get(CONTENTS)["items"]]
    return [name for name in names if name.startswith(("arkive-delete-", "arkive-look-"))]


def files_of(store: LocalStore) -> list[str]:
    return [info.key for info in store.list("").objects]


def test_the_snapshots_are_gone_from_the_storage(
    client: KubeClient, api: SnapshotApi, volume: DataApp, storage: Storage, store: LocalStore
) -> None:
    """Check mode first, which leaves everything where it is."""
    (source,) = volume.volume_handles()
    handles = keep_snapshots(client, api, volume, 3)
    kept, *doomed = handles
    put_backup(store, *doomed)
    providers = make_providers(VolumeContext(connect=lambda: client))
    planned = delete_backup("b1", store=store, providers=providers, check_mode=True)
    assert [entry["handle"] for entry in planned.deleted_snapshots] == doomed
    assert storage.snapshots(source) >= set(handles)
    assert files_of(store) == sorted(planned.deleted)
    done = delete_backup("b1", store=store, providers=make_providers(VolumeContext(connect=lambda: client)))
    assert done.deleted_snapshots == planned.deleted_snapshots
    assert storage.snapshots(source) & set(handles) == {kept}
    assert done.warnings_list == []
    assert files_of(store) == left_over(client) == []


def test_a_verification_asks_for_them_and_changes_nothing(
    client: KubeClient, api: SnapshotApi, volume: DataApp, storage: Storage, store: LocalStore, callers: Callers
) -> None:
    """By who has the rights that ``k8s_access_info`` names for it."""
    (source,) = volume.volume_handles()
    handles = keep_snapshots(client, api, volume, 2)
    put_backup(store, *handles, NO_SUCH)
    grants = grants_of("verify", RightsScope(providers=("csi",)))
    rules = [
        {"apiGroups": [need.group], "resources": [need.resource], "verbs": [need.verb]}
        for grant in grants
        for need in grant.needs
    ]
    caller = callers.may(*rules, cluster=True)
    providers = make_providers(VolumeContext(connect=lambda: caller))
    outcome = verify_backup(VerifyRequest(name="b1"), store=store, providers=providers)
    found = [(each.snapshot.handle, each.sighting.presence) for each in outcome.snapshots]
    assert found == [(handles[0], "present"), (handles[1], "present"), (NO_SUCH, "missing")]
    assert any(f"{NO_SUCH} (CSI, volume pv-2) is gone" in problem for problem in outcome.problems)
    assert storage.snapshots(source) >= set(handles)
    assert left_over(client) == []


def test_what_outlived_its_namespace_goes_too(
    client: KubeClient, api: SnapshotApi, volume: DataApp, storage: Storage, store: LocalStore, kubectl: t.Any
) -> None:
    """A VolumeSnapshotContent with the policy Retain, whose VolumeSnapshot went with its namespace."""
    (source,) = volume.volume_handles()
    spec = SnapshotSpec(namespace=volume.namespace, claim=CLAIM, class_name="loopfile")
    with CsiSnapshots(client, api, with_contents=True, cancel=CancelToken()) as snapshots:
        lost, kept = snapshots.take(volume.namespace, [spec, spec], timeout=60)
        for taken in (lost, kept):
            snapshots.retain(taken)
    kubectl("-n", volume.namespace, "delete", "vs", lost.name)
    names = {item["metadata"]["name"] for item in client.get(CONTENTS)["items"]}
    assert {lost.content, kept.content} <= names
    put_backup(store, lost.handle, kept.handle)
    outcome = delete_backup("b1", store=store, providers=make_providers(VolumeContext(connect=lambda: client)))
    assert not storage.snapshots(source) & {lost.handle, kept.handle}
    there = {item["metadata"]["name"] for item in client.get(CONTENTS)["items"] if not is_going(item)}
    assert (lost.content in there, kept.content in there, left_over(client)) == (False, True, [])
    (warning,) = outcome.warnings_list
    assert f"VolumeSnapshot {volume.namespace}/{kept.name}: nothing can be restored" in warning["message"]
    kubectl("-n", volume.namespace, "delete", "vs", kept.name)
    kubectl("delete", "vsc", kept.content)


def is_going(content: Object) -> bool:
    return "deletionTimestamp" in content["metadata"]


def test_one_that_is_gone_is_fine(
    client: KubeClient, api: SnapshotApi, volume: DataApp, storage: Storage, store: LocalStore
) -> None:
    (source,) = volume.volume_handles()
    (there,) = keep_snapshots(client, api, volume, 1)
    put_backup(store, NO_SUCH, there)
    outcome = delete_backup("b1", store=store, providers=make_providers(VolumeContext(connect=lambda: client)))
    assert [entry["handle"] for entry in outcome.deleted_snapshots] == [NO_SUCH, there]
    assert there not in storage.snapshots(source)
    assert files_of(store) == left_over(client) == []


@pytest.mark.parametrize("force", [False, True])
def test_a_driver_that_is_not_there(client: KubeClient, store: LocalStore, *, force: bool) -> None:
    put_backup(store, "h1", driver="other.csi.test")
    before = files_of(store)
    providers = make_providers(VolumeContext(connect=lambda: client))
    if force:
        outcome = delete_backup("b1", store=store, providers=providers, force=True)
        assert "its driver other.csi.test is not in this cluster" in outcome.warnings_list[0]["message"]
        assert (outcome.deleted_snapshots, files_of(store)) == ([], [])
    else:
        with pytest.raises(ValidationError, match=r"h1 \(CSI, volume pv-0\): its driver other\.csi\.test is not in"):
            delete_backup("b1", store=store, providers=providers)
        assert files_of(store) == before
    assert left_over(client) == []


@pytest.fixture
def deaf_driver(client: KubeClient, module_namespace: str) -> t.Iterator[str]:
    """A class whose driver does not run."""
    driver = f"{module_namespace}.csi.test"
    body: Object = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": module_namespace},
        "driver": driver,
        "deletionPolicy": "Delete",
    }
    client.post(CLASSES, body)
    yield driver
    client.delete(f"{CLASSES}/{module_namespace}")


def test_a_driver_that_does_not_run(client: KubeClient, store: LocalStore, deaf_driver: str) -> None:
    """The backup stays, and no VolumeSnapshotContent waits for the driver forever."""
    put_backup(store, "h1", driver=deaf_driver)
    before = files_of(store)
    providers = make_providers(VolumeContext(connect=lambda: client, delete_timeout=2))
    with pytest.raises(CatalogError, match=r"stays, because .* no csi-snapshotter of its driver has looked at it"):
        delete_backup("b1", store=store, providers=providers)
    assert files_of(store) == before
    assert left_over(client) == []
    outcome = delete_backup("b1", store=store, providers=providers, force=True)
    assert "no csi-snapshotter" in outcome.warnings_list[0]["message"]
    assert files_of(store) == left_over(client) == []


@pytest.mark.fault
def test_a_driver_that_stops_and_comes_back(
    client: KubeClient,
    api: SnapshotApi,
    volume: DataApp,
    storage: Storage,
    store: LocalStore,
    component: t.Callable[[str, str], None],
) -> None:
    """The backup stays while the driver is away; deleted again, it goes with its snapshot."""
    (source,) = volume.volume_handles()
    (handle,) = keep_snapshots(client, api, volume, 1)
    put_backup(store, handle)
    before = files_of(store)
    component("stop", "csi-snapshotter")
    with pytest.raises(CatalogError, match="no csi-snapshotter of its driver has looked at it"):
        delete_backup(
            "b1",
            store=store,
            providers=make_providers(VolumeContext(connect=lambda: client, delete_timeout=2)),
        )
    component("cont", "csi-snapshotter")
    assert handle in storage.snapshots(source)
    assert files_of(store) == before
    assert left_over(client) == []
    delete_backup("b1", store=store, providers=make_providers(VolumeContext(connect=lambda: client)))
    assert handle not in storage.snapshots(source)
    assert files_of(store) == left_over(client) == []


@pytest.mark.fault
def test_an_answer_is_lost(
    client: KubeClient, api: SnapshotApi, volume: DataApp, storage: Storage, store: LocalStore, kubeconfig: str
) -> None:
    """The object was made, and is found: the snapshot goes, and nothing is left of the request."""
    (source,) = volume.volume_handles()
    (handle,) = keep_snapshots(client, api, volume, 1)
    put_backup(store, handle)
    proxy, lost = ApiProxy(yaml.safe_load(Path(kubeconfig).read_text())), []

    def decide(method: str, target: str) -> Fate:
        if method != "POST" or "/volumesnapshotcontents" not in target or lost:
            return "pass"
        lost.append(target)
        return "lose"

    proxy.decide = decide
    try:
        delete_backup("b1", store=store, providers=make_providers(VolumeContext(connect=proxy.connect)))
    finally:
        proxy.close()
    assert [fate for fate, _method, _target in proxy.met] == ["lose"]
    assert handle not in storage.snapshots(source)
    assert files_of(store) == left_over(client) == []


def test_without_the_right_to_make_contents(client: KubeClient, callers: Callers, store: LocalStore) -> None:
    caller = callers.may(
        {"apiGroups": ["snapshot.storage.k8s.io"], "resources": ["*"], "verbs": ["get", "list"]}, cluster=True
    )
    put_backup(store, NO_SUCH)
    before = files_of(store)
    lacks = r"the API server does not let you create, .*volumesnapshotcontents\.snapshot\.storage\.k8s\.io"
    with pytest.raises(ValidationError, match=lacks):
        delete_backup("b1", store=store, providers=make_providers(VolumeContext(connect=lambda: caller)))
    assert files_of(store) == before
