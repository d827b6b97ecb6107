# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The BackupStorageLocation of a sync: that it names the place that is read, and whether anything may go."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_object import (
    build_location,
    describe_place,
    is_read_only,
    is_same_place,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncError, SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_objects import VeleroObjects
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SyncedLocation:
    """``exists``: there is an object in the cluster. ``why_kept``: why no Backup object is removed; else empty."""

    name: str
    exists: bool
    created: bool
    why_kept: str
    warnings: tuple[str, ...] = ()


def find_location(request: SyncRequest, objects: VeleroObjects, place: StorageLocation) -> SyncedLocation:
    """The location by the name of ``place``, made if that is asked for.

    Raises ``SyncError`` when it names another place, or when objects are to be removed and nothing may be.
    """
    found = objects.location(place.name)
    created = False
    if found is None and request.create_location:
        wanted = build_location(
            place,
            objects.family,
            namespace=objects.namespace,
            default=not objects.has_locations(),
            credential=request.credential,
        )
        found, created = objects.create_location(wanted), True
    if found is not None and not request.is_location_known:
        _require_same(found, place, objects.namespace)
    return SyncedLocation(
        name=place.name,
        exists=found is not None,
        created=created,
        why_kept=_why_kept(request, found, place),
        warnings=() if found or request.is_location_known else (_without_object(place.name, objects.namespace),),
    )


def _require_same(found: Object, place: StorageLocation, namespace: str) -> None:
    if not is_same_place(found, place):
        raise SyncError(
            f"The BackupStorageLocation '{place.name}' in namespace '{namespace}' names {describe_place(found)}, and "
            f"not {place.describe}. Its Backup objects belong to what it names.",
            hint="Give the task that bucket and prefix, or another name in storage_location.",
        )


def _why_kept(request: SyncRequest, found: Object | None, place: StorageLocation) -> str:
    """Raises ``SyncError`` when they are to be removed by name."""
    why = ""
    if place.read_only:
        why = f"The storage location '{place.name}' is read-only."
    elif found is not None and is_read_only(found):
        why = f"The BackupStorageLocation '{place.name}' has the access mode ReadOnly."
    if why and request.remove:
        raise SyncError(
            f"{why} In this mode objects are made, and none is removed.", hint="Leave remove out, or set it to false."
        )
    if why:
        return why
    if request.remove is False:
        return "The task does not remove objects."
    if found is None and not request.is_location_known:
        return f"No BackupStorageLocation '{place.name}' says that it belongs to {place.describe}."
    return ""


def _without_object(name: str, namespace: str) -> str:
    return (
        f"There is no BackupStorageLocation '{name}' in namespace '{namespace}': a Velero server cannot restore from "
        "the Backup objects of it. 'create_location: true' makes it."
    )


__all__ = ("SyncedLocation", "find_location")
