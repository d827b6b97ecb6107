# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What the archive says about each volume. Volumes are not snapshotted yet: every one is recorded as left out."""

from __future__ import annotations

import typing as t

#: Velero's form: ``<approach>: <reason>;``.
SKIPPED_REASON = "any: snapshotVolumes is false;"


def describe_volume(claim: t.Mapping[str, t.Any], volume: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """A volumeinfo entry (Velero 1.18) for one bound claim; ``volume``: its volume, None if not readable."""
    metadata = claim["metadata"]
    entry: dict[str, t.Any] = {
        "pvcName": metadata["name"],
        "pvcNamespace": metadata["namespace"],
        "pvName": (claim.get("spec") or {}).get("volumeName", ""),
        "snapshotDataMoved": False,
        "preserveLocalSnapshot": False,
        "skipped": True,
        "skippedReason": SKIPPED_REASON,
    }
    if volume is not None:
        spec = volume.get("spec") or {}
        entry["pvInfo"] = {
            "reclaimPolicy": spec.get("persistentVolumeReclaimPolicy", ""),
            "labels": (volume.get("metadata") or {}).get("labels") or {},
        }
    return entry


def bound_volume(claim: t.Mapping[str, t.Any]) -> str:
    """The name of the claim's volume; empty unless it is Bound (Velero adds the volume of bound claims only)."""
    if (claim.get("status") or {}).get("phase") != "Bound":
        return ""
    return str((claim.get("spec") or {}).get("volumeName") or "")


__all__ = ("SKIPPED_REASON", "bound_volume", "describe_volume")
