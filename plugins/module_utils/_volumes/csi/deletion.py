# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete the CSI snapshots that a backup records, from the storage of the cluster; or ask whether they are there."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import find_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.rights import deletion_needs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.storage import StorageSnapshots, StoredSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    Reasons,
    Sighting,
    StoredContents,
    VolumeContext,
)

_AT_A_TIME = 4


class CsiDeletion:
    """Asks the cluster for nothing before a snapshot is to be deleted."""

    def __init__(self, context: VolumeContext) -> None:
        self._context = context
        self._storage: StorageSnapshots | None = None
        self._no_storage = ""

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why this cluster cannot be asked to delete it; empty when it may."""
        storage = self._find_storage()
        return self._no_storage if storage is None else storage.why_not(snapshot.driver)

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: StoredContents) -> Reasons:
        """Have the drivers delete them. Returns why others are still there."""
        storage = self._find_storage()
        if storage is None:
            return dict.fromkeys(snapshots, self._no_storage)
        stored = {}
        for snapshot in snapshots:
            content = contents.find(snapshot.handle, thoroughly=storage.needs_content(snapshot.driver))
            stored[StoredSnapshot(driver=snapshot.driver, handle=snapshot.handle, content=content)] = snapshot
        failed = storage.delete(list(stored), timeout=self._context.delete_timeout)
        return {stored[key]: why for key, why in failed.items()}

    def look_for(self, snapshot: RecordedSnapshot, contents: StoredContents) -> Sighting:
        """Have its driver say whether it is there."""
        storage = self._find_storage()
        why = self._no_storage if storage is None else storage.why_not(snapshot.driver)
        if storage is None or why:
            return Sighting("unknown", why)
        content = contents.find(snapshot.handle, thoroughly=storage.needs_content(snapshot.driver))
        stored = StoredSnapshot(driver=snapshot.driver, handle=snapshot.handle, content=content)
        return storage.look_for(stored, timeout=self._context.delete_timeout)

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is to be reported of the deletions."""
        return tuple(self._storage.notes) if self._storage is not None else ()

    def _find_storage(self) -> StorageSnapshots | None:
        """The cluster's drivers; None, with the reason noted, where it has none or cannot be asked."""
        if self._storage is None and not self._no_storage:
            try:
                self._storage = self._ask_cluster()
            except Cancelled:
                raise
            except ArkiveError as exc:
                self._no_storage = exc.sentence
        return self._storage

    def _ask_cluster(self) -> StorageSnapshots:
        client = self._context.client()
        discovery = Discovery.read(client)
        api = find_snapshot_api(discovery)
        if api is None:
            raise SnapshotError(f"the cluster at {client.server} does not serve the API of CSI snapshots")
        forbidden = find_forbidden(client, deletion_needs(), workers=_AT_A_TIME)
        if forbidden:
            raise SnapshotError(f"the API server does not let you {rights_text(forbidden)} ({rules_text(forbidden)})")
        return StorageSnapshots(client, discovery, api, cancel=self._context.cancel)


__all__ = ("CsiDeletion",)
