# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes over the objects of Heptio Ark 0.9 in a cluster, whose Config is the storage location.

Runs before the server of this folder starts: a cluster has the types of Velero, or of Ark.
"""

from __future__ import annotations

import base64
import typing as t

import pytest
from ark_types import types_of_ark
from granted import Granted
from velero_judge import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsOutcome,
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_run import run_operations
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

pytestmark = pytest.mark.velero

KINDS = {
    "backups": "Backup",
    "configs": "Config",
    "deletebackuprequests": "DeleteBackupRequest",
    "downloadrequests": "DownloadRequest",
    "restores": "Restore",
    "schedules": "Schedule",
}


class Ark:
    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def _path(self, plural: str) -> str:
        return f"/apis/{ARK.api_version}/namespaces/{self._namespace}/{plural}"

    def create(self, plural: str, name: str, **members: t.Any) -> None:
        body = {"apiVersion": ARK.api_version, "kind": KINDS[plural], "metadata": {"name": name}, **members}
        self._client.post(self._path(plural), body)

    def all_of(self, plural: str) -> dict[str, Object]:
        return {item["metadata"]["name"]: item for item in self._client.get(self._path(plural))["items"]}

    def is_served(self) -> bool:
        try:
            return all(self.all_of(plural) == {} for plural in KINDS)
        except KubeError:
            return False

    def pass_once(self, caller: KubeClient | None = None) -> OperationsOutcome:
        return run_operations(OperationsRequest(family=ARK, namespace=self._namespace), client=caller or self._client)


@pytest.fixture
def ark(client: KubeClient, namespace: str, kubectl: t.Any, judged_bucket: t.Any, s3: t.Any) -> t.Iterator[Ark]:
    keys = f"[default]\naws_access_key_id={s3.access_key}\naws_secret_access_key={s3.secret_key}\n"
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cloud-credentials"},
        "data": {"cloud": base64.b64encode(keys.encode()).decode()},
    }
    client.post(f"/api/v1/namespaces/{namespace}/secrets", secret)
    with types_of_ark(kubectl, KINDS):
        found = Ark(client, namespace)
        until(found.is_served, "Ark's types are served", seconds=30.0)
        settings = {"region": "us-east-1", "s3Url": s3.endpoint, "s3ForcePathStyle": "true"}
        store = {"name": "aws", "bucket": judged_bucket.name, "config": settings}
        found.create("configs", "default", backupStorageProvider=store, scheduleSyncPeriod="1m")
        yield found


def test_from_a_schedule_to_the_deletion_of_its_backup(
    ark: Ark, namespace: str, kubectl: t.Any, judged_store: Store
) -> None:
    kubectl("-n", namespace, "create", "configmap", "prices", "--from-literal=apple=1")
    template = {"includedNamespaces": [namespace], "includedResources": ["configmaps"], "snapshotVolumes": False}
    ark.create("schedules", "daily", spec={"schedule": "0 7 * * *", "template": template})
    outcome = ark.pass_once()
    assert (outcome.issues.errors, outcome.issues.warnings) == ((), ())
    ((name, backup),) = ark.all_of("backups").items()
    assert backup["status"]["phase"] == "Completed"
    assert backup["metadata"]["labels"] == {"ark-schedule": "daily", "ark.heptio.com/storage-location": "default"}
    assert judged_store.exists(f"backups/{name}/velero-backup.json")
    assert not ark.pass_once().changed

    kubectl("-n", namespace, "delete", "configmap", "prices")
    ark.create("restores", "back", spec={"backupName": name})
    ark.create("downloadrequests", "log", spec={"target": {"kind": "BackupLog", "name": name}})
    ark.pass_once()
    assert ark.all_of("restores")["back"]["status"]["phase"] == "Completed"
    assert kubectl("-n", namespace, "get", "configmap", "-l", "ark-restore=back", "-o", "name").strip()
    assert f"/{name}-logs.gz" in ark.all_of("downloadrequests")["log"]["status"]["downloadURL"]

    ark.create("deletebackuprequests", "gone", spec={"backupName": name})
    ark.pass_once()
    for plural in ("backups", "restores", "deletebackuprequests"):
        assert ark.all_of(plural) == {}
    assert judged_store.list(f"backups/{name}/").objects == []


def test_passes_with_just_their_rights(
    ark: Ark,
    client: KubeClient,
    kubeconfig: str,
    namespace: str,
    make_namespace: t.Callable[[], str],
    kubectl: t.Any,
) -> None:
    """What is backed up and restored takes the rights of these tasks beside them."""
    kubectl("-n", namespace, "create", "configmap", "prices", "--from-literal=apple=1")
    granted = Granted(client, kubeconfig, namespace, make_namespace())
    try:
        caller = granted.caller(
            "operations",
            "backup",
            "restore",
            resources=("configmaps",),
            hooks=False,
            providers=(),
            api_group=ARK.group,
        )
        spec = {"includedNamespaces": [namespace], "includedResources": ["configmaps"], "snapshotVolumes": False}
        ark.create("backups", "one", spec=spec)
        outcomes = [ark.pass_once(caller)]
        ark.create("restores", "back", spec={"backupName": "one"})
        ark.create("downloadrequests", "log", spec={"target": {"kind": "BackupLog", "name": "one"}})
        outcomes.append(ark.pass_once(caller))
        assert ark.all_of("restores")["back"]["status"]["phase"] == "Completed"
        ark.create("deletebackuprequests", "gone", spec={"backupName": "one"})
        outcomes.append(ark.pass_once(caller))
        assert "one" not in ark.all_of("backups")
        assert ark.all_of("restores") == {}
        assert [issue.message for each in outcomes for issue in (*each.issues.errors, *each.issues.warnings)] == []
    finally:
        granted.remove()
