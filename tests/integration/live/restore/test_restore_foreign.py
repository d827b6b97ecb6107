# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Buckets of Ark 0.3, 0.9 and 0.10, and Velero's with files of pods' volumes: listed, restored, never written to.

The buckets are written by hand, from what is known of those versions.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import typing as t
from pathlib import Path

import pytest
from cluster_access import S3Access
from new_bucket import location_in

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import parse_backup_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

if t.TYPE_CHECKING:
    from restore_lab import Cluster

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
    from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome

_IDLE = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]
_HOOKS = {
    "hook.backup.ark.heptio.com/container": "web",
    "hook.backup.ark.heptio.com/command": '["/bin/true"]',
    "post.hook.backup.ark.heptio.com/command": "/bin/sync",
    "post.hook.backup.ark.heptio.com/on-error": "Continue",
}
_RESTIC = {"backup.ark.heptio.com/backup-volumes": "cache", "snapshot.ark.heptio.com/cache": "5e5e5e5e"}


@pytest.fixture(params=["local", "s3"])
def location(request: pytest.FixtureRequest) -> StorageLocation:
    """An empty one."""
    return t.cast("StorageLocation", request.getfixturevalue(f"{request.param}_location"))


@pytest.fixture
def local_location(tmp_path: Path) -> StorageLocation:
    return LocalLocation(path=str(tmp_path))


@pytest.fixture
def s3_location(s3: S3Access, s3_bucket: t.Any) -> StorageLocation:
    return location_in(s3_bucket, s3)


Items = list[tuple[str, "Object"]]


def application(namespace: str, annotations: t.Mapping[str, str], *, waits: bool = False) -> Items:
    """Group-resources and objects, as a cluster of that time would have stored them."""

    def obj(api_version: str, kind: str, name: str, **members: t.Any) -> Object:
        meta = {"name": name, "namespace": namespace, "uid": "u-1", "resourceVersion": "7", "selfLink": "/old"}
        meta |= members.pop("metadata", {})
        return {"apiVersion": api_version, "kind": kind, "metadata": meta, **members}

    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pv-{namespace}", "uid": "u-2", "labels": {"kubernetes.io/zone": "us-east-1a"}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "gp2",
            "awsElasticBlockStore": {"volumeID": "aws://us-east-1a/vol-1", "fsType": "ext4"},
            "claimRef": {"namespace": namespace, "name": "data", "uid": "u-1"},
        },
        "status": {"phase": "Bound"},
    }
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "32Mi"}},
        "storageClassName": "gp2",
        "volumeName": f"pv-{namespace}",
    }
    mounts = [{"name": "data", "mountPath": "/data"}, {"name": "cache", "mountPath": "/cache"}]
    pod: Object = {
        "nodeName": "ip-10-0-0-1",
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "web", "image": "busybox:1", "command": _IDLE, "volumeMounts": mounts}],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "cache", "emptyDir": {}},
        ],
    }
    if waits:  # left by an earlier restore, which Velero made
        brought = [{"name": name, "mountPath": f"/restores/{name}"} for name in ("data", "cache")]
        waiting = {"name": "restore-wait", "image": "velero/velero:v1.12.0", "args": ["r1"], "volumeMounts": brought}
        pod["initContainers"] = [waiting, {"name": "own", "image": "busybox:1", "command": ["/bin/true"]}]
    space = obj("v1", "Namespace", namespace, metadata={"labels": {"team": "shop"}}, status={"phase": "Active"})
    del space["metadata"]["namespace"]
    ports = [{"port": 80, "targetPort": 80, "nodePort": 31999, "protocol": "TCP"}]
    return [
        ("namespaces", space),
        ("persistentvolumes", volume),
        ("persistentvolumeclaims", obj("v1", "PersistentVolumeClaim", "data", spec=claim, status={"phase": "Bound"})),
        ("pods", obj("v1", "Pod", "web", metadata={"annotations": dict(annotations)}, spec=pod)),
        ("configmaps", obj("v1", "ConfigMap", "conf", data={"a": "1"})),
        ("secrets", obj("v1", "Secret", "key", type="Opaque", data={"password": "aHVzaA=="})),
        (
            "services",
            obj("v1", "Service", "web", spec={"type": "NodePort", "clusterIP": "100.64.0.9", "ports": ports}),
        ),
    ]


def tarball(items: Items, *, first_layout: bool = False, version: str = "") -> bytes:
    """As Ark 0.3 and 0.4 wrote it, or as 0.5 and later did; ``version`` is that of the format (Velero)."""
    members = {"metadata/version": version.encode() + b"\n"} if version else {}
    for kind, obj in items:
        namespace, name = obj["metadata"].get("namespace"), obj["metadata"]["name"]
        if first_layout:
            where = f"namespaces/{namespace}/{kind}" if namespace else f"cluster/{kind}"
        else:
            where = f"resources/{kind}/namespaces/{namespace}" if namespace else f"resources/{kind}/cluster"
        members[f"{where}/{name}.json"] = json.dumps(obj).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, data in members.items():
            info = tarfile.TarInfo(path)
            info.mode, info.size = 0o755, len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def gzipped(document: t.Any) -> bytes:
    return gzip.compress(json.dumps(document).encode())


def ark_backup(namespace: str, *, native: bool) -> bytes:
    """``native``: the snapshots are in its status."""
    status: Object = {
        "version": 1,
        "phase": "Completed",
        "expiration": "2018-05-01T00:00:00Z",
        "validationErrors": None,
    }
    if native:
        recorded = {"snapshotID": "snap-1", "type": "gp2", "availabilityZone": "us-east-1a", "iops": None}
        status["volumeBackups"] = {f"pv-{namespace}": recorded}
    document = {
        "kind": "Backup",
        "apiVersion": "ark.heptio.com/v1",
        "metadata": {
            "name": "shop",
            "namespace": "heptio-ark",
            "uid": "u-9",
            "labels": {"ark-schedule": "daily"},
            "finalizers": ["gc.ark.heptio.com"],
        },
        "spec": {
            "ttl": "720h0m0s",
            "includedNamespaces": [namespace],
            "includedResources": ["*"],
            "excludedResources": None,
            "labelSelector": None,
            "includeClusterResources": None,
            "snapshotVolumes": None,
            "hooks": {"resources": None},
        },
        "status": status,
    }
    return json.dumps(document, indent=2).encode()


def ark_0_3(namespace: str) -> dict[str, bytes]:
    return {
        "shop/ark-backup.json": ark_backup(namespace, native=True),
        "shop/shop.tar.gz": tarball(application(namespace, _HOOKS), first_layout=True),
        "shop/shop-logs.gz": gzip.compress(b'time="2018-01-01T00:00:00Z" level=info msg="Starting backup"\n'),
    }


def ark_0_9(namespace: str) -> dict[str, bytes]:
    return {
        "shop/ark-backup.json": ark_backup(namespace, native=True),
        "shop/shop.tar.gz": tarball(application(namespace, _HOOKS | _RESTIC)),
        "shop/shop-logs.gz": gzip.compress(b""),
        "shop/restore-shop-20180301000000-logs.gz": gzip.compress(b""),
        "shop/restore-shop-20180301000000-results.gz": gzipped({"warnings": {}, "errors": {}}),
    }


def ark_0_10(namespace: str) -> dict[str, bytes]:
    spec = {"backupName": "shop", "location": "aws", "persistentVolumeName": f"pv-{namespace}", "volumeType": "gp2"}
    snapshots = [{"spec": spec, "status": {"providerSnapshotID": "snap-1", "phase": "Completed"}}]
    return {
        "backups/shop/ark-backup.json": ark_backup(namespace, native=False),
        "backups/shop/shop.tar.gz": tarball(application(namespace, _HOOKS | _RESTIC)),
        "backups/shop/shop-logs.gz": gzip.compress(b""),
        "backups/shop/shop-volumesnapshots.json.gz": gzipped(snapshots),
        "restores/before/restore-before-logs.gz": gzip.compress(b""),
        "metadata/revision": b"6b7f3a70-0000-4000-8000-000000000000",
    }


def contents(store: Store) -> dict[str, bytes]:
    return {info.key: store.get(info.key) for info in store.list("").objects}


def restore(store: Store, client: t.Any, *, warn: bool = True) -> RestoreOutcome:
    request = RestoreRequest(
        spec=RestoreSpec.from_options({"backup_name": "shop"}),
        name="again",
        on_missing_volume_data="warn" if warn else "fail",
        storage_class_mapping={"gp2": "loopfile"},
    )
    return run_restore(request, client=client, store=store)


def check_restored(cluster: Cluster, namespace: str) -> Object:
    """Everything is there and the pod runs, on a volume of its own; the pod."""
    found = cluster.wait("pods", "web", namespace, lambda pod: bool(pod) and pod["status"]["phase"] == "Running")
    assert found is not None
    conf, secret, service, space, claim = (
        cluster.get(kind, name, namespace if kind != "namespaces" else None)
        for kind, name in (
            ("configmaps", "conf"),
            ("secrets", "key"),
            ("services", "web"),
            ("namespaces", namespace),
            ("persistentvolumeclaims", "data"),
        )
    )
    assert conf is not None
    assert conf["data"] == {"a": "1"}
    assert conf["metadata"]["labels"] == {"velero.io/backup-name": "shop", "velero.io/restore-name": "again"}
    assert secret is not None
    assert secret["data"] == {"password": "aHVzaA=="}
    assert service is not None
    assert service["spec"]["clusterIP"] != "100.64.0.9"
    assert space is not None
    assert space["metadata"]["labels"]["team"] == "shop"
    assert claim is not None
    assert claim["spec"]["storageClassName"] == "loopfile"
    assert claim["spec"]["volumeName"] != f"pv-{namespace}"
    assert cluster.get("persistentvolumes", f"pv-{namespace}") is None
    return found


_NATIVE = "its data is in the native snapshot snap-1, and no snapshot_location is given"


def claim_warning(namespace: str, why: str) -> str:
    return f"PersistentVolumeClaim {namespace}/data gets a new, empty volume: {why}."


def cache_warning(namespace: str, why: str) -> str:
    return f"Pod {namespace}/web: volume 'cache' does not get its data: {why}."


@pytest.mark.parametrize(
    ("files_of", "flat", "saved"),
    [
        pytest.param(ark_0_3, True, {"NativeSnapshot"}, id="0.3"),
        pytest.param(ark_0_9, True, {"NativeSnapshot", "PodVolumeBackup"}, id="0.9"),
        pytest.param(ark_0_10, False, {"NativeSnapshot", "PodVolumeBackup"}, id="0.10"),
    ],
)
def test_a_bucket_of_ark(
    location: StorageLocation,
    cluster: Cluster,
    files_of: t.Callable[[str], dict[str, bytes]],
    saved: set[str],
    *,
    flat: bool,
) -> None:
    store, namespace = open_store(location), cluster.new_name()
    for key, data in files_of(namespace).items():
        store.put(key, data)
    before = contents(store)

    (entry,) = list_backups(store, sections=("items", "volumes", "logs")).backups
    assert (entry["name"], entry["phase"], entry["problems"]) == ("shop", "Completed", [])
    assert entry["backup"]["metadata"]["labels"] == {"velero.io/schedule-name": "daily"}
    assert entry["items"]["pods"] == entry["items"]["persistentvolumes"] == 1
    assert sum(entry["items"].values()) == 7
    native = [volume for volume in entry["volumes"] if volume["backupMethod"] == "NativeSnapshot"]
    assert [volume["pvName"] for volume in native] == [f"pv-{namespace}"]

    with pytest.raises(RestoreError, match=f"it has no data for the volumes of {namespace}/data"):
        restore(store, cluster.client, warn=False)
    assert cluster.get("namespaces", namespace) is None
    assert contents(store) == before

    done = restore(store, cluster.client)
    assert (done.phase, done.errors_list) == ("Completed", [])
    expected = {claim_warning(namespace, _NATIVE)}
    if "PodVolumeBackup" in saved:
        why = "its files were saved in a way that is not read here (by restic, or without a record of them)"
        expected.add(cache_warning(namespace, why))
    assert {warning["message"] for warning in done.warnings_list} == expected
    assert len(done.warnings_list) == len(expected)
    pod = check_restored(cluster, namespace)
    assert pod["metadata"]["annotations"].items() >= _HOOKS.items()
    hooks = parse_backup_hooks(pod)
    assert hooks.pre is not None
    assert hooks.post is not None
    assert (hooks.pre.argv, hooks.post.argv) == (("/bin/true",), ("/bin/sync",))

    after = contents(store)
    assert done.recorded is not flat
    assert {key: data for key, data in after.items() if not key.startswith("restores/again/")} == before
    assert (after == before) is flat


FORMATS = {"Velero 1.3": "", "Velero 1.12": "1.1.0", "Velero 1.18": "1.1.0"}


@pytest.mark.parametrize("version", FORMATS)
def test_pod_volumes_of_velero(local_location: StorageLocation, cluster: Cluster, version: str) -> None:
    """From 1.13 on the volumeinfo file has them, before only their own one; the wait container goes."""
    store, namespace = open_store(local_location), cluster.new_name()
    pod = {"kind": "Pod", "name": "web", "namespace": namespace, "uid": "u-1"}
    pod_volumes = [
        {
            "metadata": {"name": f"shop-{volume}", "annotations": annotations},
            "spec": {"pod": pod, "volume": volume, "uploaderType": "restic", "node": "ip-10-0-0-1"},
            "status": {"phase": "Completed", "snapshotID": f"id-{volume}"},
        }
        for volume, annotations in (("data", {"velero.io/pvc-name": "data"}), ("cache", {}))
    ]
    status = {"phase": "Completed", "version": 1} | ({"formatVersion": FORMATS[version]} if FORMATS[version] else {})
    meta = {"name": "shop", "namespace": "velero"}
    backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": meta, "spec": {}, "status": status}
    items = application(namespace, {"backup.velero.io/backup-volumes": "data,cache"}, waits=True)
    files = {
        "velero-backup.json": json.dumps(backup).encode(),
        "shop.tar.gz": tarball(items, version=FORMATS[version]),
        "shop-podvolumebackups.json.gz": gzipped(pod_volumes),
    }
    if version == "Velero 1.18":
        flags = {"snapshotDataMoved": False, "preserveLocalSnapshot": False, "skipped": False}
        saved = {"podName": "web", "podNamespace": namespace, "uploaderType": "kopia", "Phase": "Completed"}
        claimed = {"pvcName": "data", "pvcNamespace": namespace, "pvName": f"pv-{namespace}"}
        info = [
            {**claimed, "backupMethod": "PodVolumeBackup", "pvbInfo": saved | {"volumeName": "data"}, **flags},
            {"backupMethod": "PodVolumeBackup", "pvbInfo": saved | {"volumeName": "cache"}, **flags},
        ]
        files["shop-volumeinfo.json.gz"] = gzipped(info)
    for name, data in files.items():
        store.put(f"backups/shop/{name}", data)

    (entry,) = list_backups(store, sections=("volumes",)).backups
    assert [volume["pvbInfo"]["volumeName"] for volume in entry["volumes"]] == ["data", "cache"]
    with pytest.raises(RestoreError, match=f"it has no data for the volumes of {namespace}/data"):
        restore(store, cluster.client, warn=False)

    done = restore(store, cluster.client)
    assert (done.phase, done.errors_list) == ("Completed", [])
    messages = sorted(warning["message"] for warning in done.warnings_list)
    assert len(messages) == 3
    why = "written by restic, which is not read here: restore this volume with Velero 1.18 or older, or with restic"
    assert messages[0] == claim_warning(namespace, f"its data is snapshot id-data, {why} itself")
    assert messages[1].startswith(f"Pod {namespace}/web: the init container that waits for the data of volume 'data'")
    assert messages[2] == cache_warning(namespace, f"its data is snapshot id-cache, {why} itself")
    found = check_restored(cluster, namespace)
    assert [container["name"] for container in found["spec"]["initContainers"]] == ["own"]
