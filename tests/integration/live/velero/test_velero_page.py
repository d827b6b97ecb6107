# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ark's first page says of expiry, sync and restore-only mode, with the bucket's listing before and after."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import pytest
from cluster_access import S3Access
from new_bucket import location_in
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_objects import BackupObjects
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncOutcome, SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_run import sync_backups
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab, states

pytestmark = pytest.mark.velero


class Page:
    """Two backups of a schedule, the older one expired, with a snapshot and a restore each, synced to a namespace."""

    def __init__(self, location: S3Location, bucket: t.Any, client: KubeClient, namespace: str, folder: Path) -> None:
        self._location, self._bucket, self._client, self._namespace = location, bucket, client, namespace
        self.lab = PruneLab(folder, open_store(location))
        for name, days in (("old", 9), ("new", 0)):
            self.lab.put(name, days=days, ttl_days=1, snapshots=[f"snap-{name}"])
            self.lab.put_restore(f"restore-{name}", name)
        self.sync()
        for name in ("old", "new"):
            body = {"metadata": {"name": f"restore-{name}"}, "spec": {"backupName": name}}
            client.post(self._path("restores"), {"apiVersion": "velero.io/v1", "kind": "Restore", **body})

    def listing(self) -> dict[str, tuple[str, t.Any]]:
        return {found.key: (found.e_tag, found.last_modified) for found in self._bucket.objects.all()}

    def objects(self, plural: str) -> set[str]:
        return {item["metadata"]["name"] for item in self._client.get(self._path(plural))["items"]}

    def remove_object(self, name: str) -> None:
        self._client.delete(f"{self._path('backups')}/{name}")

    def sync(self, *, read_only: bool = False) -> SyncOutcome:
        store = open_store(dataclasses.replace(self._location, read_only=read_only))
        request = SyncRequest(namespace=self._namespace, create_location=True)
        return sync_backups(request, client=self._client, store=store)

    def expire(self, *, read_only: bool = False) -> PruneOutcome:
        self.lab.store = open_store(dataclasses.replace(self._location, read_only=read_only))
        objects = BackupObjects(lambda: self._client, self._namespace)
        return self.lab.prune(request={"remove_objects": objects.remove})

    def _path(self, plural: str) -> str:
        return f"/apis/velero.io/v1/namespaces/{self._namespace}/{plural}"


@pytest.fixture
def page(judge: Judge, s3: S3Access, s3_bucket: t.Any, client: KubeClient, namespace: str, tmp_path: Path) -> Page:
    """The server brings the types; the bucket is not the one that it knows."""
    assert judge.all_of("backups") is not None
    return Page(location_in(s3_bucket, s3), s3_bucket, client, namespace, tmp_path)


def test_what_is_expired_is_removed(page: Page) -> None:
    """The Backup resource, the backup file, all snapshots, all associated Restores; and nothing else."""
    before = page.listing()
    assert page.objects("backups") == {"old", "new"}
    outcome = page.expire()
    assert (states(outcome), outcome.warnings) == ({"old": "deleted", "new": "kept"}, ())
    gone = {key for key in before if key.startswith(("backups/old/", "restores/restore-old/"))}
    assert len(gone) == 5
    assert page.listing() == {key: found for key, found in before.items() if key not in gone}
    assert page.lab.snapshots.there == {"snap-new"}
    assert page.objects("backups") == {"new"}
    assert page.objects("restores") == {"restore-new"}
    assert not page.expire().changed


def test_object_storage_is_the_source_of_truth(page: Page) -> None:
    """A properly formatted file without its resource: that is made. Nothing is written to the storage."""
    page.lab.store.put(BackupKeys("broken").metadata, b"{")
    before = page.listing()
    page.remove_object("old")
    outcome = page.sync()
    assert (outcome.created, outcome.removed) == (("old",), ())
    assert [each.name for each in outcome.skipped] == ["broken"]
    assert page.objects("backups") == {"old", "new"}
    assert page.listing() == before


def test_a_cluster_migration(page: Page, make_namespace: t.Callable[[], str], client: KubeClient) -> None:
    """The original Backup objects do not exist in the new cluster, which a namespace stands for."""
    before = page.listing()
    other = make_namespace()
    outcome = sync_backups(SyncRequest(namespace=other, create_location=True), client=client, store=page.lab.store)
    assert set(outcome.created) == {"old", "new"}
    made: Object = client.get(f"/apis/velero.io/v1/namespaces/{other}/backups/new")
    assert made["status"]["phase"] == "Completed"
    assert page.listing() == before


def test_restore_only_mode(page: Page) -> None:
    """No garbage collection, and no sync that removes; resources that are missing are made all the same."""
    page.lab.store.delete_many([key for key in page.lab.stored() if key.startswith("backups/new/")])
    before = page.listing()
    page.remove_object("old")
    with pytest.raises(StoreError) as raised:
        page.expire(read_only=True)
    assert raised.value.failure == "read_only"
    outcome = page.sync(read_only=True)
    assert (outcome.created, outcome.removed) == (("old",), ())
    assert page.objects("backups") == {"old", "new"}
    assert page.objects("restores") == {"restore-old", "restore-new"}
    assert page.lab.snapshots.there == {"snap-old", "snap-new"}
    assert page.listing() == before
