# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's custom resources in one namespace: which kinds there are, and how they are read and written."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
)

VELERO_GROUP = "velero.io"
_VERBS = frozenset({"get", "list", "create", "patch", "delete"})

#: The kinds that a pass reads, with their plurals.
KINDS: t.Mapping[str, str] = {
    "Backup": "backups",
    "BackupStorageLocation": "backupstoragelocations",
    "DeleteBackupRequest": "deletebackuprequests",
    "DownloadRequest": "downloadrequests",
    "Restore": "restores",
    "Schedule": "schedules",
    "ServerStatusRequest": "serverstatusrequests",
}


def velero_resource(kind: str) -> ApiResource:
    """How the API server serves a kind of Velero's."""
    return ApiResource(VELERO_GROUP, "v1", KINDS[kind], kind.lower(), kind, True, _VERBS)


class VeleroObjects:
    """Those of one namespace. Every call raises ``KubeError`` or ``Cancelled``."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self.namespace = namespace

    def with_client(self, client: KubeClient) -> VeleroObjects:
        return VeleroObjects(client, self.namespace)

    def all(self, kind: str, *, label_selector: str | None = None) -> list[Object]:
        """The oldest first, as they were asked for."""
        try:
            pages = list_pages(
                self._client, velero_resource(kind), namespace=self.namespace, label_selector=label_selector
            )
            found = [obj for page in pages for obj in page.items]
        except KubeError as exc:
            raise (_missing_type(kind) if exc.not_found else exc) from exc
        return sorted(found, key=lambda obj: (str(obj["metadata"].get("creationTimestamp")), obj["metadata"]["name"]))

    def get(self, kind: str, name: str) -> Object | None:
        """None when it is not there."""
        return get_object(self._client, velero_resource(kind), name, self.namespace) if name else None

    def create(self, kind: str, obj: ObjectView) -> Object:
        body = {"apiVersion": f"{VELERO_GROUP}/v1", "kind": kind, **obj}
        return create_object(self._client, velero_resource(kind), body, namespace=self.namespace)

    def patch(self, obj: ObjectView, patch: ObjectView, *, unchanged: bool = False) -> Object:
        """Merge ``patch`` into ``obj``. ``unchanged``: only when nobody has changed it since it was read."""
        metadata = obj["metadata"]
        if unchanged:
            version = {"resourceVersion": metadata["resourceVersion"]}
            patch = {**patch, "metadata": {**(patch.get("metadata") or {}), **version}}
        return patch_object(
            self._client, velero_resource(str(obj["kind"])), metadata["name"], patch, namespace=self.namespace
        )

    def delete(self, obj: ObjectView) -> bool:
        """Just this one, and none that has its name by now. False when it was not there."""
        metadata = obj["metadata"]
        resource = velero_resource(str(obj["kind"]))
        return delete_object(self._client, resource, metadata["name"], self.namespace, uid=str(metadata["uid"]))


def phase_of(obj: ObjectView) -> str:
    """``New`` before anybody has seen to it."""
    return str((obj.get("status") or {}).get("phase") or "New")


def name_of(obj: ObjectView) -> str:
    return str(obj["metadata"]["name"])


def _missing_type(kind: str) -> KubeError:
    return KubeError(
        f"The cluster does not have Velero's type {kind} ({KINDS[kind]}.{VELERO_GROUP}).",
        status=404,
        hint="Install Velero's types: k8s_velero_operations with state: present does that.",
    )


__all__ = ("KINDS", "VELERO_GROUP", "VeleroObjects", "name_of", "phase_of", "velero_resource")
