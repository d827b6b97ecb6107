# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore-only mode, as a cluster says it: a BackupStorageLocation whose access mode is ReadOnly."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, needs_on
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_object import is_read_only, is_same_place
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation


def restore_only_why(client: KubeClient, place: StorageLocation, *, namespace: str = "") -> str:
    """Why nothing may be written to this place, a sentence; empty unless the cluster says so.

    Nobody says so in a cluster that is away, in one without Velero's types, and where the caller may not list the
    locations: neither in all namespaces nor in ``namespace``. One of the same place that is not read-only says that it
    may.
    """
    if place.velero_spec is None:
        return ""
    same = [found for found in _locations(client, namespace or VELERO.namespace) if is_same_place(found, place)]
    if not same or not all(is_read_only(found) for found in same):
        return ""
    metadata = same[0]["metadata"]
    return (
        f"The BackupStorageLocation {metadata.get('namespace')}/{metadata['name']} says that {place.describe} is "
        "ReadOnly."
    )


def restore_only_grants() -> list[Grant]:
    """For every task that writes to a location. Velero's namespace is not among those of a task."""
    return [
        Grant(
            "Whether the cluster says of the storage location that it is ReadOnly.",
            needs_on("list", VELERO.group_resource("backupstoragelocations")),
            "Only the option read_only says so.",
        )
    ]


def _locations(client: KubeClient, namespace: str) -> t.Sequence[Object]:
    for where in (None, namespace):
        try:
            return [item for page in list_pages(client, VELERO.locations, namespace=where) for item in page.items]
        except KubeError as exc:
            if exc.not_found or exc.may_pass:
                return ()
            if not exc.forbidden:
                raise
    return ()


__all__ = ("restore_only_grants", "restore_only_why")
