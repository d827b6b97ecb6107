# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VolumeSnapshotLocations: which of them a backup uses (docs/compatibility 3.2, 3.3), and how AWS's are reached."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import LocationBook
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_options import (
    AWS_PROVIDERS,
    DEFAULT_PROFILE,
    credentials_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    OperationObjects,
    name_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

KIND = "VolumeSnapshotLocation"


class ChosenLocations(t.NamedTuple):
    """``names``: one for each provider; ``errors``: why a backup may not be made, in Velero's words."""

    names: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def choose_locations(objects: OperationObjects, named: t.Iterable[str]) -> ChosenLocations:
    """Those that a backup names, and the only one of each other provider. Raises ``KubeError``."""
    found = {name_of(each): each for each in objects.all(KIND)}
    by_provider: dict[str, str] = {}
    errors = []
    for name in named:
        if name not in found:
            errors.append(
                f"a VolumeSnapshotLocation CRD for the location {name} with the name specified in the backup spec "
                "needs to be created before this snapshot can be executed. Error: "
                f'VolumeSnapshotLocation.{objects.family.group} "{name}" not found'
            )
            continue
        provider = _provider(found[name])
        first = by_provider.setdefault(provider, name)
        if first != name:
            errors.append(
                f"more than one VolumeSnapshotLocation name specified for provider {provider}: {name}; unexpected name "
                f"was {first}"
            )
    if errors:
        return ChosenLocations(errors=tuple(errors))
    for provider in sorted({_provider(each) for each in found.values()} - set(by_provider)):
        names = [name for name, each in found.items() if _provider(each) == provider]
        by_provider[provider] = names[0]
        if len(names) > 1:
            errors.append(
                f"provider {provider} has more than one possible volume snapshot location, and none were specified "
                "explicitly or as a default"
            )
    return ChosenLocations(errors=tuple(errors)) if errors else ChosenLocations(tuple(sorted(by_provider.values())))


def find_location(backup: ObjectView, objects: OperationObjects, book: LocationBook) -> SnapshotLocation | None:
    """Where the snapshots of a backup are that the server's plugin for AWS would make; None without such a location.

    Raises ``ValidationError`` when its credentials cannot be read, ``KubeError``.
    """
    for name in (backup.get("spec") or {}).get("volumeSnapshotLocations") or ():
        found = objects.get(KIND, str(name))
        if found is not None and _provider(found) in AWS_PROVIDERS:
            return _opened(found, book)
    return None


def _opened(location: Object, book: LocationBook) -> SnapshotLocation | None:
    config = (location.get("spec") or {}).get("config") or {}
    if not config.get("region"):
        return None
    profile = config.get("profile") or DEFAULT_PROFILE
    keys: dict[str, t.Any] = dict(credentials_of(KIND, name_of(location), book.credentials(location), profile))
    return SnapshotLocation(
        name=name_of(location), region=config["region"], kms_key_id=config.get("ebsKmsKeyId") or None, **keys
    )


def _provider(location: ObjectView) -> str:
    return str((location.get("spec") or {}).get("provider") or "")


__all__ = ("KIND", "ChosenLocations", "choose_locations", "find_location")
