# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Config object of Heptio Ark up to 0.9: its storage location, its mode and its periods (docs/compatibility 9)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_options import (
    DEFAULT_PROFILE,
    credentials_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.periods import read_period
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

KIND = "Config"
#: The only one that Ark's server reads.
NAME = "default"
CONFIGS = ARK.resource("configs", KIND)
#: Ark up to 0.5 named the provider by the member that says where it is.
_PROVIDERS = ("aws", "gcp", "azure")
_HOUR = "60m"
#: What a pass looks at, with the member that says how often, and Ark's default in seconds.
_PERIODS = (("expiry", "gcSyncPeriod", 3600.0), ("schedule", "scheduleSyncPeriod", 60.0))
#: Settings of Ark up to 0.5 that Velero's plugin has no more, and does not need.
_WITHOUT_EFFECT = frozenset({"availabilityZone", "disableSSL"})


def location_of(config: ObjectView) -> Object:
    """Its object storage in the form of a BackupStorageLocation; name, kind and UID are those of the Config."""
    given = _members(config, "backupStorageProvider")
    provider, settings = _provider(given)
    return {
        "apiVersion": ARK.api_version,
        "kind": KIND,
        "metadata": dict(config["metadata"]),
        "spec": {
            "provider": provider,
            "objectStorage": {"bucket": str(given.get("bucket") or "")},
            "config": settings,
            "backupSyncPeriod": config.get("backupSyncPeriod") or _HOUR,
        },
    }


def is_restore_only(config: ObjectView) -> bool:
    return config.get("restoreOnlyMode") is True


def periods_of(config: ObjectView) -> dict[str, float]:
    """Seconds between two looks, by the names of controllers. As with Ark, zero stands for the default."""
    return {name: read_period(config.get(member), default) or default for name, member, default in _PERIODS}


def snapshot_location_of(config: ObjectView, credentials: str) -> SnapshotLocation | None:
    """Where the snapshots of volumes are; None without a provider, or with another one than AWS's.

    ``credentials``: the text of the server's Secret. Raises ``ValidationError``.
    """
    provider, settings = _provider(_members(config, "persistentVolumeProvider"))
    if provider != "aws" or not settings.get("region"):
        return None
    keys: dict[str, t.Any] = dict(
        credentials_of("Config", NAME, credentials, settings.get("profile") or DEFAULT_PROFILE)
    )
    return SnapshotLocation(region=settings["region"], **keys)


def _provider(given: ObjectView) -> tuple[str, dict[str, str]]:
    """Its name and its settings, which are text as in a BackupStorageLocation."""
    named = str(given.get("name") or "")
    found = named or next((name for name in _PROVIDERS if isinstance(given.get(name), dict)), "")
    settings = _members(given, "config" if named else found)
    return found, {key: _text(value) for key, value in settings.items() if key not in _WITHOUT_EFFECT}


def _members(obj: ObjectView, name: str) -> t.Mapping[str, t.Any]:
    found = obj.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


__all__ = ("CONFIGS", "KIND", "NAME", "is_restore_only", "location_of", "periods_of", "snapshot_location_of")
