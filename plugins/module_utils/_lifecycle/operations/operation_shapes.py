# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of which types what passes read of an object has to be.

Velero's own definitions hold objects to that. Ours do not, nor do those of Ark, and whoever may create an object must
not be able to stop the work on all others.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, OneOf, Shape, find_misfit

_TEXTS: Shape = MapOf(str)
_PERIOD: Shape = OneOf((str, int))
_KEY: Shape = {"name": str, "key": str}
_STATUS: dict[str, Shape] = {
    "phase": str,
    "startTimestamp": str,
    "completionTimestamp": str,
    "expiration": str,
    "validationErrors": [str],
}
_SHAPES: t.Mapping[str, Shape] = {
    "Backup": {"spec": {"storageLocation": str, "volumeSnapshotLocations": [str]}, "status": _STATUS},
    "Restore": {
        "spec": {"backupName": str, "scheduleName": str, "excludedResources": [str]},
        "status": _STATUS,
    },
    "Schedule": {
        "spec": {
            "schedule": str,
            "paused": bool,
            "skipImmediately": bool,
            "useOwnerReferencesInBackup": bool,
            "template": {"metadata": {"labels": _TEXTS}, "resourcePolicy": dict},
        },
        "status": {**_STATUS, "lastBackup": str, "lastSkipped": str},
    },
    "DeleteBackupRequest": {"spec": {"backupName": str}, "status": {"phase": str}},
    "DownloadRequest": {
        "spec": {"target": {"kind": str, "name": str}},
        "status": {"phase": str, "expiration": str},
    },
    "ServerStatusRequest": {"status": {"phase": str, "processedTimestamp": str}},
    "BackupStorageLocation": {
        "spec": {
            "provider": str,
            "objectStorage": {"bucket": str, "prefix": str, "caCert": str, "caCertRef": _KEY},
            "config": _TEXTS,
            "credential": _KEY,
            "default": bool,
            "accessMode": str,
            "backupSyncPeriod": _PERIOD,
            "validationFrequency": _PERIOD,
        },
        "status": {"phase": str, "lastValidationTime": str, "lastSyncedTime": str},
    },
    "VolumeSnapshotLocation": {"spec": {"provider": str, "config": _TEXTS, "credential": _KEY}},
}
#: The phase by which each kind says that it was refused, and the member of the status that says why.
_REFUSALS: t.Mapping[str, tuple[str, str]] = {
    "Backup": ("FailedValidation", "validationErrors"),
    "Restore": ("FailedValidation", "validationErrors"),
    "Schedule": ("FailedValidation", "validationErrors"),
    "DeleteBackupRequest": ("Processed", "errors"),
    "BackupStorageLocation": ("Unavailable", "message"),
}
#: What becomes of a location depends on no phase before it.
_ALWAYS_JUDGED = ("BackupStorageLocation", "Schedule")


def find_wrong_type(obj: ObjectView) -> str:
    """What has a type that it cannot have, as ``spec.target is not a mapping``; empty where all is well."""
    shape = _SHAPES.get(str(obj["kind"]))
    return find_misfit(obj, shape) if shape is not None else ""


def refusal_of(obj: ObjectView, said: str) -> Object:
    """Members of the status of an object that has a wrong type; empty where nothing is to be written.

    What was carried out before it got one keeps its phase.
    """
    kind, status = str(obj["kind"]), obj.get("status")
    before = status.get("phase") if isinstance(status, dict) else None
    if kind not in _REFUSALS or (before not in (None, "", "New") and kind not in _ALWAYS_JUDGED):
        return {}
    phase, member = _REFUSALS[kind]
    refusal: Object = {"phase": phase, member: said if member == "message" else [said]}
    return {} if isinstance(status, dict) and refusal.items() <= status.items() else refusal


__all__ = ("find_wrong_type", "refusal_of")
