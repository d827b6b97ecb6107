# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data that was moved into a repository comes back by Jobs, before its workload starts (docs/compatibility 5.12)."""

from __future__ import annotations

import gzip
import json
import secrets
import typing as t

import boto3
import pytest
from files_app import CLAIM, FilesApp
from restore_lab import Backups, Cluster

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.data_uploads import DataUpload, mark_claim
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    MoverSettings,
    Probe,
    Upload,
    Uploaded,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

pytestmark = pytest.mark.node

PASSWORD = "correct horse battery staple"
CLAIMS = GroupResource("persistentvolumeclaims")


class MovedBackups(Backups):
    """Backups in a bucket that pods reach, with records of volumes as this collection and Velero write them."""

    def __init__(self, client: KubeClient, location: S3Location, settings: MoverSettings) -> None:
        self.client = client
        self.location = location
        self.store = open_store(location)
        self.lines: list[str] = []
        self.settings = settings

    def move(self, namespace: str, *, node: str) -> Uploaded:
        """Copy the live volume of the application, which writes nothing meanwhile."""
        run = RunContext(run_id=secrets.token_hex(4), issues=Issues())
        moving = Moving(settings=self.settings, store=self.store, password=PASSWORD, run=run)
        mover = make_mover(moving, self.client, cancel=CancelToken())
        (probed,) = mover.probe([Probe(namespace=namespace, source_namespace=namespace)])
        assert probed.error == ""
        path = f"snapshot-data-upload-download/kopia/{namespace}/{CLAIM}"
        (moved,) = mover.upload([Upload(namespace=namespace, claim=CLAIM, source_path=path, node_name=node)])
        assert moved.error == ""
        return moved

    def write_moved(self, cluster: Cluster, namespace: str, moved: Uploaded) -> None:
        """The backup ``shop`` of a namespace."""
        objects = cluster.stored(namespace)
        claim = objects[(CLAIMS, namespace, CLAIM)]
        upload = DataUpload(
            name="shop-1",
            namespace="velero",
            backup_name="shop",
            claim_namespace=namespace,
            claim=CLAIM,
            snapshot_id=moved.snapshot_id,
            bytes=moved.bytes,
        )
        mark_claim(claim, upload)
        pairs = [(str(key[0]), obj) for key, obj in objects.items()]
        info = {
            "pvcName": CLAIM,
            "pvcNamespace": namespace,
            "pvName": claim["spec"]["volumeName"],
            "backupMethod": "CSISnapshot",
            "snapshotDataMoved": True,
            "result": "succeeded",
            "pvInfo": {"reclaimPolicy": "Retain", "labels": {"tier": "gold"}},
        }
        record = ("datauploads.velero.io", upload.to_object())
        self.write("shop", [*pairs, record], spec={"snapshotMoveData": True}, volume_info=[info])

    def moved_options(self, **options: t.Any) -> dict[str, t.Any]:
        return {"mover": self.settings, "repository_password": PASSWORD, **options}


@pytest.fixture(scope="module")
def moved_backups(client: KubeClient, s3: S3Access, pod_s3_url: str, kopia_image: str) -> t.Iterator[MovedBackups]:
    name = f"arkive-test-{secrets.token_hex(6)}"
    keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key}
    bucket = boto3.resource("s3", endpoint_url=s3.endpoint, region_name="us-east-1", **keys).Bucket(name)
    bucket.create()
    location = S3Location(
        bucket=name, prefix="team/a", endpoint_url=s3.endpoint, access_key=s3.access_key, secret_key=s3.secret_key
    )
    yield MovedBackups(client, location, MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static"))
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture(scope="module")
def shop(client: KubeClient, kubectl: Kubectl, moved_backups: MovedBackups) -> t.Iterator[tuple[FilesApp, list[str]]]:
    """An application that was backed up, and what was in its volume."""
    app = FilesApp(kubectl, f"arkive-test-mv-{secrets.token_hex(3)}")
    try:
        app.create()
        pod = ("-n", app.namespace, "get", "pod", "-l", "app=files")
        node = kubectl(*pod, "-o", "jsonpath={.items[0].spec.nodeName}")
        moved = moved_backups.move(app.namespace, node=node)
        moved_backups.write_moved(Cluster(client), app.namespace, moved)
        yield app, app.tree()
    finally:
        app.remove()


def marks_of(cluster: Cluster, namespace: str) -> dict[str, str]:
    """What the claim says of its data."""
    claim = cluster.get("persistentvolumeclaims", CLAIM, namespace)
    assert claim is not None
    annotations = claim["metadata"].get("annotations") or {}
    beginning = "arkive.k8s/data-"
    return {name.removeprefix(beginning): value for name, value in annotations.items() if name.startswith(beginning)}


def test_data_comes_back(
    moved_backups: MovedBackups, shop: tuple[FilesApp, list[str]], cluster: Cluster, kubectl: Kubectl
) -> None:
    """Into another namespace, where the first pod decides on the place: with owners and modes, and before the pod.

    What did not come holds the workload back, and the same restore goes on.
    """
    app, tree = shop
    copy = cluster.new_name()
    options = moved_backups.moved_options(
        namespace_mapping={app.namespace: copy}, storage_class_mapping={"loopfile": "loopfile-wait"}, name=copy
    )
    planned = moved_backups.plan("shop", **dict(options))
    assert planned.refusal is None
    (volume,) = planned.volumes
    assert (volume["method"], volume["state"]) == ("CSISnapshot", "planned")
    assert f"from snapshot {volume['snapshot']} in " in volume["message"]

    wrong = moved_backups.restore("shop", **{**options, "repository_password": "wrong"})
    assert wrong.phase == "PartiallyFailed"
    assert any("password" in entry["message"] for entry in wrong.errors_list), wrong.errors_list
    assert kubectl("-n", copy, "get", "pods,deployments", "-o", "name") == ""
    assert marks_of(cluster, copy) == {"of": volume["snapshot"]}

    done = moved_backups.restore("shop", **dict(options))
    assert (done.phase, done.errors_list) == ("Completed", []), done.errors_list
    (volume,) = done.volumes
    assert volume["state"] == "bound"
    app.await_ready(copy)
    assert app.tree(namespace=copy) == tree
    assert marks_of(cluster, copy) == {"of": volume["snapshot"], "filled": volume["snapshot"]}
    live = cluster.get("persistentvolumes", volume["volume"])
    assert live is not None
    assert (live["spec"]["persistentVolumeReclaimPolicy"], live["metadata"]["labels"]["tier"]) == ("Retain", "gold")
    left = kubectl("-n", copy, "get", "jobs,pods,secrets", "-l", "arkive.k8s/mover", "-o", "name")
    assert left == "", "nothing stays"
    kubectl("patch", "pv", volume["volume"], "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}')
    record = gzip.decompress(moved_backups.store.get(f"restores/{copy}/{copy}-volumeinfo.json.gz"))
    (entry,) = t.cast("list[Object]", json.loads(record))
    assert (entry["restoreMethod"], entry["snapshotDataMoved"]) == ("CSISnapshot", True)

    again = moved_backups.restore("shop", **dict(options))
    assert (again.changed, again.errors_list) == (False, [])


def test_a_run_without_the_password_changes_nothing(
    moved_backups: MovedBackups, shop: tuple[FilesApp, list[str]], cluster: Cluster
) -> None:
    """Check mode says the same."""
    app, _tree = shop
    copy = cluster.new_name()
    options = moved_backups.moved_options(
        namespace_mapping={app.namespace: copy}, name=copy, repository_password="", velero_namespace="arkive-none"
    )
    planned = moved_backups.plan("shop", **dict(options))
    assert planned.refusal is not None
    assert "There is no password for the repository" in planned.refusal.message
    with pytest.raises(ArkiveError) as raised:
        moved_backups.restore("shop", **dict(options))
    assert raised.value.message == planned.refusal.message
    assert cluster.get("namespaces", copy) is None
