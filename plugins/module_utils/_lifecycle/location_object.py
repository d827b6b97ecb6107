# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BackupStorageLocation objects: what one says of a place, and one that is made of a storage location of ours."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import TypeFamily
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation


def is_read_only(location: ObjectView) -> bool:
    """Whether nothing may be written to the place that a BackupStorageLocation names: Velero's restore-only mode."""
    return bool((location.get("spec") or {}).get("accessMode") == "ReadOnly")


def is_same_place(location: ObjectView, place: StorageLocation) -> bool:
    """Whether both name one bucket and prefix.

    Endpoints are not compared: a cluster may know the server by another address than this machine.
    """
    spec, wanted = location.get("spec") or {}, place.velero_spec
    return wanted is not None and _place_of(spec) == _place_of(wanted)


def describe_place(location: ObjectView) -> str:
    """For people: ``s3://backups/production``, or the provider with the bucket."""
    provider, bucket, prefix = _place_of(location.get("spec") or {})
    scheme = "s3" if provider == "aws" else provider or "unknown"
    return "/".join(filter(None, (f"{scheme}://{bucket}", prefix)))


def build_location(
    place: StorageLocation,
    family: TypeFamily,
    *,
    namespace: str,
    default: bool,
    credential: t.Mapping[str, str] | None = None,
) -> Object:
    """The object for ``place``. ``credential``: ``name`` and ``key`` of the Secret that its server reads.

    Raises ``SyncError`` where Velero has no such place.
    """
    spec = place.velero_spec
    if spec is None:
        raise SyncError(
            f"No BackupStorageLocation can name {place.describe}: Velero knows no backups there.",
            hint="Leave create_location out, or keep the backups in a bucket.",
        )
    if credential:
        spec["credential"] = dict(credential)
    if default:
        spec["default"] = True
    spec["accessMode"] = "ReadOnly" if place.read_only else "ReadWrite"
    return {
        "apiVersion": family.api_version,
        "kind": "BackupStorageLocation",
        "metadata": {"name": place.name, "namespace": namespace},
        "spec": spec,
    }


def _place_of(spec: ObjectView) -> tuple[str, str, str]:
    storage = spec.get("objectStorage")
    storage = storage if isinstance(storage, dict) else {}
    provider = str(spec.get("provider") or "").removeprefix("velero.io/")
    return provider, str(storage.get("bucket") or "").strip("/"), str(storage.get("prefix") or "").strip("/")


__all__ = ("build_location", "describe_place", "is_read_only", "is_same_place")
