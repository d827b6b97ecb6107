# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Backup and Restore objects that go with a backup."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_objects import BackupObjects
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import TYPES, ApiType

_BEGAN = "2026-06-01T02:00:00Z"
STORED = {"metadata": {"name": "b1", "uid": "stored"}, "status": {"startTimestamp": _BEGAN}}
_FINALIZER = "restores.velero.io/external-resources-finalizer"
VELERO = tuple(
    ApiType(group="velero.io", plural=plural, kind=kind, custom=True)
    for plural, kind in (("backups", "Backup"), ("restores", "Restore"))
)


@pytest.fixture
def cluster() -> MemoryApi:
    found = MemoryApi((*TYPES, *VELERO))
    found.add("backups", "b1", "velero", metadata={"uid": "u1"}, status={"startTimestamp": _BEGAN})
    found.add("backups", "b2", "velero", metadata={"uid": "u2"}, status={"startTimestamp": _BEGAN})
    for name, backup in (("r1", "b1"), ("r2", "b2"), ("r3", "b1")):
        found.add(
            "restores",
            name,
            "velero",
            metadata={"uid": f"u-{name}", "finalizers": [_FINALIZER]},
            spec={"backupName": backup},
        )
    return found


def remove(cluster: MemoryApi, stored: t.Mapping[str, t.Any] | None = None) -> list[str]:
    return list(BackupObjects(lambda: cluster.client, "velero").remove(stored or STORED))


def test_the_backup_goes_with_its_restores(cluster: MemoryApi) -> None:
    assert remove(cluster) == []
    assert cluster.names("backups", "velero") == ["b2"]
    assert cluster.names("restores", "velero") == ["r2"]
    assert remove(cluster) == []


def test_an_object_of_another_backup_stays(cluster: MemoryApi) -> None:
    """Another location may have a backup of that name."""
    (warning,) = remove(cluster, {**STORED, "status": {"startTimestamp": "2025-01-01T00:00:00Z"}})
    assert "is of another backup" in warning
    assert cluster.names("backups", "velero") == ["b1", "b2"]
    assert cluster.names("restores", "velero") == ["r1", "r2", "r3"]


def test_a_cluster_without_such_types() -> None:
    cluster = MemoryApi()
    assert remove(cluster) == []
    assert not [each for each in cluster.seen if "velero" in each.path]


def test_who_may_not_is_told(cluster: MemoryApi) -> None:
    cluster.refuse = lambda verb, path, _dry_run: (
        KubeError("Forbidden.", status=403, reason="Forbidden") if verb == "DELETE" and "/restores/" in path else None
    )
    with pytest.raises(KubeError):
        remove(cluster)
    assert cluster.names("backups", "velero") == ["b1", "b2"]
