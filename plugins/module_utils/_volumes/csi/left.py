# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VolumeSnapshots that runs have left in a cluster, whatever backup they were for."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import find_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.records import (
    BACKUP_NAME,
    LOCATION_ANNOTATION,
    RUN_LABEL,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.removal import SnapshotRemoval, adopt
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot


def find_left(client: KubeClient, location: str) -> list[LeftSnapshot]:
    """Those that were taken for backups in ``location``. Raises ``KubeError``."""
    api = find_snapshot_api(Discovery.read(client))
    if api is None:
        return []
    removal = SnapshotRemoval(client.with_cancel(CancelToken()), api, with_contents=True)
    pages = list_pages(client, api.snapshots, label_selector=f"{RUN_LABEL},{BACKUP_NAME}")
    items = [item for page in pages for item in page.items]
    return [_left(item, removal) for item in items if _location_of(item) == location]


def _location_of(snapshot: Object) -> str:
    return str((snapshot["metadata"].get("annotations") or {}).get(LOCATION_ANNOTATION) or "")


def _left(snapshot: Object, removal: SnapshotRemoval) -> LeftSnapshot:
    metadata = snapshot["metadata"]

    def remove() -> str:
        return " ".join(removal.discard([adopt(snapshot)]))

    return LeftSnapshot(str(metadata["labels"][BACKUP_NAME]), f"{metadata['namespace']}/{metadata['name']}", remove)


__all__ = ("find_left",)
