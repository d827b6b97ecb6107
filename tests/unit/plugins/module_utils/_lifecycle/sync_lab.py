# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster with the types of Velero, or of Ark, in memory, and a bucket in a directory."""

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncOutcome, SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_run import sync_backups
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.read_only import ReadOnlyStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import ARK_METADATA_FILE, BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType, types_named

NOW = parse_rfc3339("2026-06-10T12:00:00Z")
NAMESPACE = "velero"
_KINDS = {
    "backups": "Backup",
    "schedules": "Schedule",
    "podvolumebackups": "PodVolumeBackup",
    "backupstoragelocations": "BackupStorageLocation",
}


class BucketInDirectory(LocalLocation):
    """A directory that says of itself that it is a bucket."""

    @property
    def velero_spec(self) -> dict[str, t.Any]:
        return {"provider": "aws", "objectStorage": {"bucket": "backups", "prefix": "production"}}


class SyncLab:
    """``api``: the cluster; ``store``: the bucket."""

    def __init__(
        self,
        path: Path,
        *,
        group: str = "velero.io",
        read_only: bool = False,
        status: bool = False,
        plain: bool = False,
    ) -> None:
        kinds = [
            ApiType(group=group, plural=plural, kind=kind, custom=True, has_status=status and plural == "backups")
            for plural, kind in _KINDS.items()
        ]
        self.group = group
        self.namespace = NAMESPACE if group == "velero.io" else "heptio-ark"
        self.api = MemoryApi([*types_named("namespaces"), *(kinds if group else ())])
        self.api.add("namespaces", self.namespace)
        path.mkdir(exist_ok=True)
        location = (LocalLocation if plain else BucketInDirectory)(path=str(path), read_only=read_only)
        self._files = LocalStore(location)
        self.store: Store = ReadOnlyStore(self._files) if read_only else self._files

    def sync(self, *, check_mode: bool = False, **asked: t.Any) -> SyncOutcome:
        return sync_backups(
            SyncRequest(**asked), client=self.api.client, store=self.store, check_mode=check_mode, clock=lambda: NOW
        )

    def put(
        self,
        name: str,
        phase: str = "Completed",
        *,
        pod_volumes: t.Sequence[t.Mapping[str, t.Any]] = (),
        ark: str = "",
        **members: t.Any,
    ) -> None:
        """A stored backup; ``ark``: as Ark keeps it, ``flat`` or below ``backups``."""
        metadata = {"name": name, "namespace": "elsewhere", "uid": "of-another-cluster", **members.pop("metadata", {})}
        backup = {
            "apiVersion": "ark.heptio.com/v1" if ark else "velero.io/v1",
            "kind": "Backup",
            "metadata": metadata,
            "spec": members.pop("spec", {"storageLocation": "old"}),
            "status": {**({"phase": phase} if phase else {}), **members.pop("status", {})},
        }
        assert not members
        keys = BackupKeys(name)
        if ark:
            keys = BackupKeys(name, parent="" if ark == "flat" else "backups/", metadata_file=ARK_METADATA_FILE)
        self._files.put(keys.metadata, json.dumps(backup).encode())
        if pod_volumes:
            self._files.put(keys.podvolumebackups, gzip.compress(json.dumps(pod_volumes).encode()))

    def lose(self, name: str) -> None:
        """The files of a backup are gone."""
        directory = BackupKeys(name).directory
        self._files.delete_many([info.key for info in self._files.list(directory).objects])

    def add_location(self, *, bucket: str = "backups", prefix: str = "/production/", **spec: t.Any) -> None:
        storage = {"bucket": bucket, "prefix": prefix}
        full = {"provider": "velero.io/aws", "objectStorage": storage, **spec}
        self.api.add("backupstoragelocations", "default", self.namespace, spec=full)

    def add_backup(self, name: str, phase: str = "Completed", location: str = "default", **metadata: t.Any) -> None:
        """A Backup object."""
        labels = {f"{self.group}/storage-location": location} if location else {}
        self.api.add(
            "backups", name, self.namespace, metadata={"labels": labels, **metadata}, spec={}, status={"phase": phase}
        )

    def backup(self, name: str) -> dict[str, t.Any]:
        return self.api.objects["backups", self.namespace, name]

    def names(self, plural: str = "backups") -> list[str]:
        return self.api.names(plural, self.namespace)

    def keys(self) -> list[str]:
        return [info.key for info in self._files.list().objects]

    def writes(self) -> list[str]:
        return [line for line in self.api.requests if not line.startswith("GET ")]


def pod_volume(name: str, backup: str) -> dict[str, t.Any]:
    """As Velero stores one."""
    return {
        "apiVersion": "velero.io/v1",
        "kind": "PodVolumeBackup",
        "metadata": {
            "name": name,
            "namespace": "elsewhere",
            "uid": "of-another-cluster",
            "resourceVersion": "7",
            "labels": {"velero.io/backup-name": backup, "velero.io/backup-uid": "of-another-cluster"},
            "ownerReferences": [
                {"apiVersion": "velero.io/v1", "kind": "Backup", "name": backup, "uid": "of-another-cluster"}
            ],
        },
        "spec": {"backupStorageLocation": "old", "volume": "data", "node": "n"},
        "status": {"phase": "Completed", "snapshotID": "abc"},
    }


__all__ = ("NAMESPACE", "NOW", "BucketInDirectory", "SyncLab", "pod_volume")
