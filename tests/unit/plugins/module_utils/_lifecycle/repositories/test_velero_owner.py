# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Velero maintains a repository (docs/compatibility 18.6)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.velero_owner import who_maintains
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType, types_named

PLACE = S3Location(bucket="backups", prefix="production")
KINDS = {"backuprepositories": "BackupRepository", "backupstoragelocations": "BackupStorageLocation"}
HERE = {"bucket": "backups", "prefix": "/production/"}


def of(namespace: str = "shop", *, location: str = "default", kind: str = "kopia") -> dict[str, t.Any]:
    return {"volumeNamespace": namespace, "backupStorageLocation": location, "repositoryType": kind}


@pytest.mark.parametrize(
    ("repository", "denied", "said"),
    [
        pytest.param(of(), [], "namespace v maintains it: there is a BackupRepository r", id="it-does"),
        pytest.param(of(kind=""), [], "maintains it", id="of-no-type"),
        pytest.param(of("other"), [], "", id="of-another-namespace"),
        pytest.param(of(location="elsewhere"), [], "", id="of-another-place"),
        pytest.param(of(location="gone"), [], "", id="of-no-place"),
        pytest.param(of(kind="restic"), [], "", id="of-restic"),
        pytest.param(of(), ["backupstoragelocations"], "maintains it", id="whose-place-nobody-may-see"),
        pytest.param(of("other"), ["backuprepositories"], "Nobody can say", id="nobody-may-look"),
    ],
)
def test_who_maintains(repository: dict[str, t.Any], denied: list[str], said: str) -> None:
    velero = [ApiType(group="velero.io", plural=plural, kind=kind, custom=True) for plural, kind in KINDS.items()]
    api = MemoryApi([*types_named("namespaces"), *velero])
    for name, storage in (("default", HERE), ("elsewhere", {"bucket": "backups"})):
        api.add("backupstoragelocations", name, "v", spec={"provider": "aws", "objectStorage": storage})
    api.add("backuprepositories", "r", "v", spec=repository)
    api.denied.update(denied)
    found = who_maintains(api.client, PLACE, "shop", velero_namespace="v")
    assert said in found
    assert bool(found) == bool(said)


def test_a_cluster_without_velero_maintains_nothing() -> None:
    api = MemoryApi(types_named("namespaces"))
    assert who_maintains(api.client, PLACE, "shop", velero_namespace="velero") == ""
