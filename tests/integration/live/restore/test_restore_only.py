# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore-only mode: whatever is run, the bucket is as it was, and restores work."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from refusing_s3 import ReadOnlyS3

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_listing import list_restores
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import ScheduleRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_run import tick
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec


@pytest.fixture
def refusing(s3: t.Any) -> t.Iterator[ReadOnlyS3]:
    found = ReadOnlyS3(s3.endpoint)
    yield found
    found.close()


class Place(t.NamedTuple):
    """One bucket: by the server that takes everything, and by the one that refuses writes."""

    s3: t.Any
    bucket: t.Any
    refusing: ReadOnlyS3

    def store(self, endpoint: str, *, read_only: bool = False) -> Store:
        keys = {"access_key": self.s3.access_key, "secret_key": self.s3.secret_key, "region": "us-east-1"}
        return open_store(S3Location(bucket=self.bucket.name, endpoint_url=endpoint, read_only=read_only, **keys))

    def listing(self) -> list[tuple[str, str, t.Any]]:
        return [(found.key, found.e_tag, found.last_modified) for found in self.bucket.objects.all()]


@pytest.mark.parametrize("said", [True, False], ids=["said", "not said"])
def test_the_bucket_stays_as_it_is(
    s3: t.Any,
    s3_bucket: t.Any,
    refusing: ReadOnlyS3,
    client: KubeClient,
    kubectl: t.Any,
    namespace: str,
    tmp_path: Path,
    said: bool,
) -> None:
    """``said``: the task says that the location is read-only. Else the server refuses, and nothing is left either."""
    place = Place(s3, s3_bucket, refusing)
    spec = BackupSpec.from_options({"included_namespaces": [namespace], "snapshot_volumes": False})
    kubectl("-n", namespace, "create", "configmap", "kept", "--from-literal=a=b")
    assert run_backup(BackupRequest(name="old", spec=spec), client=client, store=place.store(s3.endpoint)).phase == (
        "Completed"
    )
    before = place.listing()
    store = place.store(refusing.endpoint, read_only=said)

    new = BackupRequest(name="new", spec=spec)
    schedule = ScheduleRequest("new", "@daily", "strict", lambda name: BackupRequest(name=name, spec=spec))
    writers: list[t.Callable[[], t.Any]] = [
        lambda: run_backup(new, client=client, store=store),
        lambda: delete_backup("old", store=store, providers=()),
        lambda: tick(schedule, store, lambda request: run_backup(request, client=client, store=store)),
    ]
    if said:
        writers.append(lambda: plan_backup(new, client=client, store=store))
        writers.append(lambda: delete_backup("old", store=store, providers=(), check_mode=True))
    for write in writers:
        with pytest.raises(StoreError) as raised:
            write()
        assert raised.value.failure == ("read_only" if said else "denied")

    kubectl("-n", namespace, "delete", "configmap", "kept")
    records = LocalStore(LocalLocation(path=str(tmp_path)))
    done = _restore(client, store, records)
    assert (done.phase, done.recorded, done.warnings_list, done.errors_list) == ("Completed", True, [], [])
    assert kubectl("-n", namespace, "get", "configmap", "kept", "-o", "jsonpath={.data.a}") == "b"
    (record,) = list_restores(records)
    assert (record["name"], record["phase"]) == ("back", "Completed")

    kubectl("-n", namespace, "delete", "configmap", "kept")
    nowhere = _restore(client, store, None)
    assert (nowhere.phase, nowhere.recorded) == ("Completed", False)
    assert bool(nowhere.warnings_list) is not said

    assert place.listing() == before
    assert bool(refusing.refused) is not said


def _restore(client: KubeClient, store: Store, records: Store | None) -> RestoreOutcome:
    request = RestoreRequest(
        spec=RestoreSpec.from_options({"backup_name": "old"}),
        name="back" if records else "nowhere",
        write_records=records is not None or not store.location.read_only,
    )
    return run_restore(request, client=client, store=store, records=records)
