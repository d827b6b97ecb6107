# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster with Velero's types, or Ark's, in memory, a storage location in a directory, and passes over them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsOutcome,
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_run import run_operations
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.type_definitions import VELERO_TYPES
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK, VELERO
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import TYPES, ApiType

NAMESPACE = "velero"
_VELERO_TYPES = [
    ApiType(group=VELERO.group, version=of.version, plural=of.plural, kind=of.kind, custom=True) for of in VELERO_TYPES
]
_ARK_KINDS = {
    "backups": "Backup",
    "restores": "Restore",
    "schedules": "Schedule",
    "deletebackuprequests": "DeleteBackupRequest",
    "downloadrequests": "DownloadRequest",
}
#: With the Config up to 0.9, and locations since.
ARK_0_9, ARK_0_10 = (
    [
        ApiType(group=ARK.group, plural=plural, kind=kind, custom=True)
        for plural, kind in {**_ARK_KINDS, **place}.items()
    ]
    for place in ({"configs": "Config"}, {"backupstoragelocations": "BackupStorageLocation"})
)


class OperationsLab:
    """``api``: the cluster, which has a ConfigMap ``prices`` in namespace ``shop``; ``store``: the location."""

    def __init__(self, path: Path, kinds: t.Sequence[ApiType] = _VELERO_TYPES, namespace: str = NAMESPACE) -> None:
        self.namespace = namespace
        self.api = MemoryApi([*TYPES, *kinds])
        for name in (self.namespace, "shop"):
            self.api.add("namespaces", name)
        self.api.add("configmaps", "prices", "shop", data={"a": "1"})
        self.path = path
        self.store = LocalStore(LocalLocation(path=str(path)))
        self.request = OperationsRequest(locations={"default": {"path": str(path)}})

    def add_location(self, name: str = "default", **spec: t.Any) -> None:
        full = {"provider": "aws", "objectStorage": {"bucket": "backups"}, **spec}
        self.api.add("backupstoragelocations", name, self.namespace, spec=full)

    def add(self, plural: str, name: str, spec: t.Mapping[str, t.Any], **more: t.Any) -> None:
        self.api.add(plural, name, self.namespace, spec=dict(spec), **more)

    def pass_once(self, **asked: t.Any) -> OperationsOutcome:
        return run_operations(dataclasses.replace(self.request, **asked), client=self.api.client)

    def get(self, plural: str, name: str) -> dict[str, t.Any]:
        return self.api.objects[plural, self.namespace, name]

    def status(self, plural: str, name: str) -> dict[str, t.Any]:
        return dict(self.get(plural, name).get("status") or {})

    def names(self, plural: str) -> list[str]:
        return self.api.names(plural, self.namespace)

    def reasons(self) -> list[str]:
        """Of the events, in the order of their names."""
        return sorted(obj["reason"] for key, obj in self.api.objects.items() if key[0] == "events")

    def stored(self) -> list[str]:
        return [info.key for info in self.store.list().objects]


def ago(**time: float) -> str:
    return rfc3339(utc_now() - dt.timedelta(**time))


__all__ = ("ARK_0_9", "ARK_0_10", "NAMESPACE", "OperationsLab", "ago")
