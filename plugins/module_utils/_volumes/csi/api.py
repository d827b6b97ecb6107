# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of the CSI snapshot API (external-snapshotter 4 and later: snapshot.storage.k8s.io/v1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    VOLUME_SNAPSHOT_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages

GROUP = "snapshot.storage.k8s.io"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotApi:
    """The types as the cluster serves them."""

    snapshots: ApiResource
    contents: ApiResource
    classes: ApiResource


def find_snapshot_api(discovery: Discovery) -> SnapshotApi | None:
    """None where the cluster does not serve them."""
    snapshots = discovery.find(VOLUME_SNAPSHOTS)
    contents = discovery.find(VOLUME_SNAPSHOT_CONTENTS)
    classes = discovery.find(VOLUME_SNAPSHOT_CLASSES)
    if snapshots is None or contents is None or classes is None:
        return None
    return SnapshotApi(snapshots=snapshots, contents=contents, classes=classes)


def list_classes(client: KubeClient, api: SnapshotApi) -> list[dict[str, t.Any]] | None:
    """All VolumeSnapshotClasses, by name; None where they may not be listed."""
    try:
        found = [item for page in list_pages(client, api.classes) for item in page.items]
    except KubeError as exc:
        if exc.forbidden:
            return None
        raise
    return sorted(found, key=lambda entry: str(entry["metadata"]["name"]))


__all__ = ("GROUP", "SnapshotApi", "find_snapshot_api", "list_classes")
