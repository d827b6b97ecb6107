# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data that was moved into a repository comes back by Jobs, before its workload starts (docs/compatibility 5.12)."""

from __future__ import annotations

import dataclasses
import gzip
import json
import secrets
import typing as t

import pytest
from files_app import CLAIM, FilesApp
from new_bucket import location_in
from restore_lab import Backups, Cluster

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

pytestmark = pytest.mark.node

PASSWORD = "correct horse battery staple"


class MovedBackups(Backups):
    """Backups in a bucket that pods reach, with the data of their volumes."""

    def __init__(self, client: KubeClient, location: S3Location, settings: MoverSettings) -> None:
        self.client = client
        self.location = location
        self.store = open_store(location)
        self.lines: list[str] = []
        self.settings = settings

    def back_up(self, namespace: str) -> None:
        """The backup ``shop`` of a namespace."""
        spec = BackupSpec.from_options({"included_namespaces": [namespace], "snapshot_move_data": True})
        request = BackupRequest(name="shop", spec=spec, mover=self.settings, repository_password=PASSWORD)
        done = run_backup(request, client=self.client, store=self.store)
        assert (done.phase, done.errors_list) == ("Completed", []), done.errors_list

    def moved_options(self, **options: t.Any) -> dict[str, t.Any]:
        return {"mover": self.settings, "repository_password": PASSWORD, **options}


@pytest.fixture(scope="module")
def moved_backups(
    client: KubeClient, s3: S3Access, module_s3_bucket: t.Any, pod_s3_url: str, kopia_image: str
) -> MovedBackups:
    location = location_in(module_s3_bucket, s3, prefix="team/a")
    return MovedBackups(client, location, MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static"))


@pytest.fixture(scope="module")
def shop(kubectl: Kubectl, moved_backups: MovedBackups) -> t.Iterator[tuple[FilesApp, list[str]]]:
    """An application that was backed up, and what was in its volume."""
    app = FilesApp(kubectl, f"arkive-test-mv-{secrets.token_hex(3)}")
    try:
        app.create()
        moved_backups.back_up(app.namespace)
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

    too_large = {"requests": {"cpu": "1000"}}
    nowhere = dataclasses.replace(moved_backups.settings, resources=too_large, pod_start_timeout=5.0)
    wrong = moved_backups.restore("shop", **{**options, "mover": nowhere})
    assert wrong.phase == "PartiallyFailed"
    assert any("its pod does not start" in entry["message"] for entry in wrong.errors_list), wrong.errors_list
    assert kubectl("-n", copy, "get", "pods,deployments", "-o", "name") == ""
    assert marks_of(cluster, copy) == {"of": volume["snapshot"]}

    done = moved_backups.restore("shop", **dict(options))
    assert (done.phase, done.errors_list) == ("Completed", []), done.errors_list
    (volume,) = done.volumes
    assert volume["state"] == "bound"
    app.await_ready(copy)
    assert app.tree(namespace=copy) == tree
    assert marks_of(cluster, copy) == {"of": volume["snapshot"], "filled": volume["snapshot"]}
    left = kubectl("-n", copy, "get", "jobs,pods,secrets", "-l", "arkive.k8s/mover", "-o", "name")
    assert left == "", "nothing stays"
    record = gzip.decompress(moved_backups.store.get(f"restores/{copy}/{copy}-volumeinfo.json.gz"))
    (entry,) = t.cast("list[Object]", json.loads(record))
    assert (entry["restoreMethod"], entry["snapshotDataMoved"]) == ("CSISnapshot", True)

    again = moved_backups.restore("shop", **dict(options))
    assert (again.changed, again.errors_list) == (False, [])


@pytest.mark.parametrize(
    ("password", "said"),
    [
        pytest.param("", "There is no password for the repository", id="none"),
        # Tried on what kopia wrote, and by no pod.
        pytest.param("wrong", "does not open with this password", id="another"),
    ],
)
def test_a_run_without_the_password_changes_nothing(
    moved_backups: MovedBackups, shop: tuple[FilesApp, list[str]], cluster: Cluster, password: str, said: str
) -> None:
    """Check mode says the same."""
    app, _tree = shop
    copy = cluster.new_name()
    options = moved_backups.moved_options(
        namespace_mapping={app.namespace: copy}, name=copy, repository_password=password, velero_namespace="arkive-none"
    )
    planned = moved_backups.plan("shop", **dict(options))
    assert planned.refusal is not None
    assert said in planned.refusal.message
    with pytest.raises(ArkiveError) as raised:
        moved_backups.restore("shop", **dict(options))
    assert raised.value.message == planned.refusal.message
    assert cluster.get("namespaces", copy) is None
