# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The custom resources of Heptio Ark: a pass has them in Velero's words, and the cluster in Ark's."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.ark_config import (
    CONFIGS,
    KIND,
    NAME,
    location_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.plugins.module_utils._velero.ark import ark_key, velero_key

_LOCATION = "BackupStorageLocation"
#: Not every Ark had them.
_LATER_KINDS = ("DeleteBackupRequest", "DownloadRequest", "ServerStatusRequest", "VolumeSnapshotLocation")
_KEYED = ("labels", "annotations")


class ConfigStatus:
    """What a run has found out about the location of a Config, which has no place for it. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status: Object = {}

    def read(self) -> Object:
        with self._lock:
            return dict(self._status)

    def merge(self, status: ObjectView) -> None:
        with self._lock:
            merged = {**self._status, **status}
            self._status = {name: value for name, value in merged.items() if value is not None}


class ArkObjects(OperationObjects):
    """``status``: None where the cluster has BackupStorageLocations (Ark 0.10 and 0.11); else the Config is the one."""

    def __init__(self, client: KubeClient, namespace: str, status: ConfigStatus | None) -> None:
        super().__init__(client, ARK, namespace)
        self._status = status

    def with_client(self, client: KubeClient) -> ArkObjects:
        return ArkObjects(client, self.namespace, self._status)

    def all(self, kind: str, *, label_selector: str | None = None) -> list[Object]:
        if kind == _LOCATION and self._status is not None:
            location = self._config_location()
            return [location] if location else []
        try:
            found = super().all(kind, label_selector=label_selector and _ark_selector(label_selector))
        except KubeError as exc:
            if exc.not_found and kind in _LATER_KINDS:
                return []
            raise
        return [self._read(obj) for obj in found]

    def get(self, kind: str, name: str) -> Object | None:
        if kind == _LOCATION and self._status is not None:
            return self._config_location() if name == NAME else None
        found = super().get(kind, name)
        return None if found is None else self._read(found)

    def create(self, kind: str, obj: ObjectView) -> Object:
        return self._read(super().create(kind, _converted(obj, ark_key)))

    def patch(self, obj: ObjectView, patch: ObjectView, *, unchanged: bool = False) -> Object:
        if obj["kind"] == KIND and self._status is not None:
            self._status.merge(patch.get("status") or {})
            return {**obj, "status": self._status.read()}
        return self._read(super().patch(obj, _converted(patch, ark_key), unchanged=unchanged))

    def _config_location(self) -> Object | None:
        config = get_object(self._client, CONFIGS, NAME, self.namespace)
        status = self._status.read() if self._status else {}
        return None if config is None else {**location_of(config), "status": status}

    def _read(self, obj: Object) -> Object:
        """Up to 0.9 no Backup names its location: there is one only."""
        found = _converted(obj, velero_key)
        if self._status is not None and obj["kind"] == "Backup":
            spec = found.get("spec") or {}
            found["spec"] = {**spec, "storageLocation": spec.get("storageLocation") or NAME}
        return found


def _converted(obj: ObjectView, key_of: t.Callable[[str], str]) -> Object:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        return dict(obj)
    keyed = {name: metadata[name] for name in _KEYED if isinstance(metadata.get(name), dict)}
    found = {name: {key_of(key): value for key, value in each.items()} for name, each in keyed.items()}
    return {**obj, "metadata": {**metadata, **found}}


def _ark_selector(text: str) -> str:
    """Each ``key=value`` of it."""
    parts = (part.partition("=") for part in text.split(","))
    return ",".join(f"{ark_key(key)}{sign}{value}" for key, sign, value in parts)


__all__ = ("ArkObjects", "ConfigStatus")
