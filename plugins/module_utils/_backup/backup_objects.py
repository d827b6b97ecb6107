# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Backup and Restore objects of a cluster that go with a backup."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    BACKUPS,
    RESTORES,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    delete_object,
    get_object,
    patch_object,
)


class BackupObjects:
    """Those in ``namespace`` of the cluster that ``connect`` reaches; it is asked when the first backup goes."""

    def __init__(self, connect: t.Callable[[], KubeClient], namespace: str) -> None:
        self._connect = connect
        self._namespace = namespace
        self._client: KubeClient | None = None
        self._types: dict[str, ApiResource | None] = {}

    def remove(self, backup: t.Mapping[str, t.Any]) -> t.Iterator[str]:
        """Those of a stored backup, its restores first. A warning where an object of its name is another backup's.

        Raises ``KubeError``.
        """
        client = self._open()
        backups, restores = self._types["backups"], self._types["restores"]
        if backups is None:
            return
        name = str(backup["metadata"]["name"])
        found = get_object(client, backups, name, self._namespace)
        if found is not None and not is_same_backup(found, backup):
            yield (
                f"The Backup object {self._namespace}/{name} is of another backup than the one that was deleted, and "
                "stays with its restores."
            )
            return
        for restore in self._restores_of(client, restores, name):
            self._delete(client, restores, restore)
        if found is not None:
            self._delete(client, backups, found)

    def _open(self) -> KubeClient:
        if self._client is None:
            client = self._connect()
            discovery = Discovery.read(client)
            self._types = {"backups": discovery.find(BACKUPS), "restores": discovery.find(RESTORES)}
            # What was begun is brought to its end.
            self._client = client.with_cancel(CancelToken())
        return self._client

    def _restores_of(self, client: KubeClient, restores: ApiResource | None, name: str) -> list[Object]:
        if restores is None:
            return []
        pages = list_pages(client, restores, namespace=self._namespace)
        return [item for page in pages for item in page.items if (item.get("spec") or {}).get("backupName") == name]

    def _delete(self, client: KubeClient, resource: ApiResource | None, found: Object) -> None:
        """Finalizers are for a server that removes files, which go without it."""
        if resource is None:
            return
        metadata = found["metadata"]
        name, uid = str(metadata["name"]), str(metadata.get("uid") or "")
        if metadata.get("finalizers"):
            patch = {"metadata": {"finalizers": None, "uid": uid}}
            patch_object(client, resource, name, patch, namespace=self._namespace)
        delete_object(client, resource, name, self._namespace, uid=uid)


def is_same_backup(found: t.Mapping[str, t.Any], stored: t.Mapping[str, t.Any]) -> bool:
    """Whether an object in a cluster stands for a stored backup: that of another location may have its name.

    A sync makes objects with uids of their own, but the times are those of the file.
    """
    began = (stored.get("status") or {}).get("startTimestamp")
    if began:
        return bool((found.get("status") or {}).get("startTimestamp") == began)
    return bool(found["metadata"].get("uid") == (stored.get("metadata") or {}).get("uid"))


def prune_grants(_scope: RightsScope) -> list[Grant]:
    """Beside those to delete snapshots. Neither Velero's namespace nor those of snapshots are among the scope's."""
    return [
        Grant(
            "The Backup objects of backups that go, and those of their restores, where the cluster has such types. "
            "None of it with velero_namespace: ''.",
            (*needs_on("get patch delete", BACKUPS), *needs_on("list patch delete", RESTORES)),
        ),
        Grant(
            "VolumeSnapshots that killed runs have left.",
            needs_on("list get patch delete", VOLUME_SNAPSHOTS),
            "They are not found, or named and stay.",
        ),
    ]


__all__ = ("BackupObjects", "is_same_backup", "prune_grants")
