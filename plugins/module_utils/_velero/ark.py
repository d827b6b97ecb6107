# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that Heptio Ark 0.3 to 0.11 stored, in Velero's words; converted as Ark 0.11, the first Velero, did."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

ARK_API_VERSION = "ark.heptio.com/v1"
VELERO_API_VERSION = "velero.io/v1"
_ARK_DOMAIN = "ark.heptio.com"
_VELERO_DOMAIN = "velero.io"
_ARK_SCHEDULE = "ark-schedule"
_SCHEDULE_LABEL = "velero.io/schedule-name"
#: Ark 0.7 put it on; later versions take it off again.
_FINALIZER = "gc.ark.heptio.com"


def convert_backup(backup: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A stored Ark Backup as ``velero.io/v1``: apiVersion, the keys of labels and annotations, no finalizer of Ark's.

    Spec and status stay as they are. An object with another apiVersion than Ark's is not changed.
    """
    converted = dict(backup)
    if backup.get("apiVersion") != ARK_API_VERSION:
        return converted
    converted["apiVersion"] = VELERO_API_VERSION
    metadata = backup.get("metadata")
    if isinstance(metadata, dict):
        metadata = dict(metadata)
        for member in ("labels", "annotations"):
            if isinstance(metadata.get(member), dict):
                metadata[member] = {velero_key(key): value for key, value in metadata[member].items()}
        finalizers = metadata.pop("finalizers", None)
        if isinstance(finalizers, list):
            kept = [finalizer for finalizer in finalizers if finalizer != _FINALIZER]
            metadata |= {"finalizers": kept} if kept else {}
        converted["metadata"] = metadata
    return converted


def convert_to_ark(backup: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The other way round: a Backup in Velero's words as Ark's servers and their command line know it."""
    metadata = dict(backup.get("metadata") or {})
    for member in ("labels", "annotations"):
        if isinstance(metadata.get(member), dict):
            metadata[member] = {ark_key(key): value for key, value in metadata[member].items()}
    return {**backup, "apiVersion": ARK_API_VERSION, "metadata": metadata}


def legacy_volume_snapshots(backup: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """``status.volumeBackups`` (Ark before 0.10) as the entries of a volumesnapshots file, by volume.

    Ark had one provider and recorded no volume id: ``location`` and ``providerVolumeID`` are empty.
    """
    volumes = (backup.get("status") or {}).get("volumeBackups") or {}
    if not isinstance(volumes, dict):
        return []
    metadata = backup.get("metadata") or {}
    return [
        _snapshot(metadata, volume, recorded)
        for volume, recorded in sorted(volumes.items())
        if isinstance(recorded, dict)
    ]


def _snapshot(metadata: t.Mapping[str, t.Any], volume: str, recorded: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    spec: dict[str, t.Any] = {
        "backupName": metadata.get("name", ""),
        "backupUID": metadata.get("uid", ""),
        "location": "",
        "persistentVolumeName": volume,
        "providerVolumeID": "",
        "volumeType": recorded.get("type", ""),
    }
    if recorded.get("availabilityZone"):
        spec["volumeAZ"] = recorded["availabilityZone"]
    if recorded.get("iops") is not None:
        spec["volumeIOPS"] = recorded["iops"]
    snapshot = recorded.get("snapshotID") or ""
    return {
        "spec": spec,
        "status": {"providerSnapshotID": snapshot, "phase": "Completed"} if snapshot else {"phase": "Failed"},
    }


def velero_key(key: str) -> str:
    """A key of labels or annotations of Ark's, as Velero has it."""
    return _SCHEDULE_LABEL if key == _ARK_SCHEDULE else key.replace(_ARK_DOMAIN, _VELERO_DOMAIN)


def ark_key(key: str) -> str:
    """The other way round."""
    if key == _SCHEDULE_LABEL:
        return _ARK_SCHEDULE
    domain, slash, name = key.partition("/")
    if f".{domain}".endswith(f".{_VELERO_DOMAIN}"):
        domain = domain.removesuffix(_VELERO_DOMAIN) + _ARK_DOMAIN
    return f"{domain}{slash}{name}"


__all__ = (
    "ARK_API_VERSION",
    "VELERO_API_VERSION",
    "ark_key",
    "convert_backup",
    "convert_to_ark",
    "legacy_volume_snapshots",
    "velero_key",
)
