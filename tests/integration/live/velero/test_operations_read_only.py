# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore-only mode as a cluster says it, asked by who has just the documented rights: the bucket stays as it is."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from cluster_access import S3Access
from granted import Granted
from new_bucket import location_in
from play_runner import PlayRunner
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

pytestmark = pytest.mark.velero

_TASKS = ("backup", "restore", "delete", "prune", "verify")


@pytest.fixture
def place(s3: S3Access, s3_bucket: t.Any) -> S3Location:
    """A bucket of its own, which no server knows yet."""
    return location_in(s3_bucket, s3)


@pytest.fixture
def granted(
    client: KubeClient, kubeconfig: str, namespace: str, make_namespace: t.Callable[[], str]
) -> t.Iterator[Granted]:
    found = Granted(client, kubeconfig, namespace, make_namespace())
    yield found
    found.remove()


def test_nothing_is_written(
    judge: Judge,
    client: KubeClient,
    granted: Granted,
    namespace: str,
    place: S3Location,
    kubectl: t.Any,
    tmp_path: Path,
) -> None:
    kubectl("-n", namespace, "create", "configmap", "prices", "--from-literal=apple=1")
    store = open_store(place)
    chosen = {"included_namespaces": [namespace], "included_resources": ["configmaps"]}
    made = run_backup(BackupRequest(name="old", spec=BackupSpec.from_options(chosen)), client=client, store=store)
    assert made.phase == "Completed"
    # In a namespace without a server, which would sync it.
    locations = f"/apis/velero.io/v1/namespaces/{namespace}/backupstoragelocations"
    spec = {"provider": "aws", "objectStorage": {"bucket": place.bucket}, "accessMode": "ReadOnly"}
    client.post(
        locations,
        {
            "apiVersion": "velero.io/v1",
            "kind": "BackupStorageLocation",
            "metadata": {"name": "standby"},
            "spec": spec,
        },
    )
    kubectl("-n", namespace, "delete", "configmap", "prices")
    before = contents(store)
    config = tmp_path / "granted.json"
    config.write_text(
        json.dumps(
            granted.kubeconfig(*_TASKS, resources=("configmaps",), hooks=False, providers=(), on_existing="none")
        )
    )
    runner = PlayRunner(tmp_path, str(config))
    results = runner.results(tasks_of(place, namespace), *_WRITERS, "verified", "restored")
    for name in _WRITERS:
        assert results[name]["failed"], name
        assert f"The BackupStorageLocation {namespace}/standby says that" in results[name]["msg"], name
    assert (results["verified"]["changed"], results["verified"].get("failed", False)) == (False, False)
    assert (results["restored"]["phase"], results["restored"]["recorded"]) == ("Completed", False)
    assert kubectl("-n", namespace, "get", "configmap", "prices", "-o", "jsonpath={.data.apple}") == "1"
    assert contents(store) == before

    # Whoever takes the mode away may write.
    client.patch(f"{locations}/standby", {"spec": {"accessMode": "ReadWrite"}})
    again = runner.results(tasks_of(place, namespace)[:1], "held")
    assert again["held"]["changed"]


def contents(store: Store) -> dict[str, bytes]:
    return {info.key: store.get(info.key) for info in store.list("").objects}


_WRITERS = ("held", "released", "made", "pruned", "ticked", "absent")


def tasks_of(place: S3Location, namespace: str) -> list[dict[str, t.Any]]:
    location = {name: getattr(place, name) for name in ("bucket", "endpoint_url", "access_key", "secret_key", "region")}
    chosen = {"included_namespaces": [namespace], "included_resources": ["configmaps"]}
    asked: dict[str, tuple[str, dict[str, t.Any]]] = {
        "held": ("k8s_backup", {"name": "old", "state": "held", "hold_reason": "audit"}),
        "released": ("k8s_backup", {"name": "old", "state": "released"}),
        "made": ("k8s_backup", {"name": "new", **chosen}),
        "pruned": ("k8s_backup_prune", {"ttl": "ignored", "keep_last": 1, "leftovers": "removed"}),
        "ticked": ("k8s_backup_schedule", {"name": "daily", "schedule": "@daily", "template": chosen}),
        "absent": ("k8s_backup", {"name": "old", "state": "absent"}),
        "verified": ("k8s_backup_verify", {"name": "old"}),
        "restored": ("k8s_restore", {"backup": "old"}),
    }
    return [
        {f"arkive.k8s.{module}": {"storage_location": location, **options}, "register": name, "ignore_errors": True}
        for name, (module, options) in asked.items()
    ]
