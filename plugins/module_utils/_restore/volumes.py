# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What becomes of volumes: kept, or made anew and empty (Velero 1.18, as far as no snapshots are involved)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

_VOLUMES = GroupResource("persistentvolumes")
#: The reason that our backups give for a volume that was meant to be saved: nothing was left out on purpose there.
_PRE_HOOK_FAILED = "pre hook failed"

Object: t.TypeAlias = "t.Mapping[str, t.Any]"


@dataclasses.dataclass(frozen=True, slots=True)
class ClaimDecision:
    """``missing`` says why the claim's new volume will be empty; empty when it loses nothing."""

    keeps_volume: bool
    missing: str = ""
    on_purpose: bool = False


class VolumeArchive(t.Protocol):
    """Finds a stored object."""

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> dict[str, t.Any] | None:
        """The object, None when the archive does not hold it."""


class VolumeDecisions:
    """Decides on each volume by the backup's volume records, else by its reclaim policy.

    ``live`` are the PersistentVolumes of the target cluster by name; ``restores_volumes`` is False when the restore's
    filters leave PersistentVolumes out.
    """

    def __init__(
        self,
        *,
        archive: VolumeArchive,
        volume_info: t.Sequence[Object],
        snapshot_volumes: bool | None,
        namespace_mapping: t.Mapping[str, str],
        live: t.Mapping[str, Object],
        restores_volumes: bool = True,
    ) -> None:
        self._archive = archive
        self._info = {str(entry.get("pvName")): entry for entry in volume_info if entry.get("pvName")}
        self._snapshot_volumes = snapshot_volumes
        self._mapping = namespace_mapping
        self._live = live
        self._restores_volumes = restores_volumes

    def why_not_restored(self, volume: Object) -> str:
        """Why this PersistentVolume is not brought back; empty when it is."""
        method = self._method(volume["metadata"]["name"])
        if method:
            return f"its claim gets a new volume: the data was saved as {method}"
        if (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy", "Retain") == "Delete":
            return "its claim gets a new volume: the reclaim policy is Delete and nothing was saved"
        return ""

    def for_claim(self, claim: Object, *, source_namespace: str) -> ClaimDecision:
        """What becomes of a stored PersistentVolumeClaim's volume."""
        name = (claim.get("spec") or {}).get("volumeName")
        if not name:
            return ClaimDecision(keeps_volume=True)
        target = (self._mapping.get(source_namespace, source_namespace), str(claim["metadata"]["name"]))
        stored = self._archive.find_object(_VOLUMES, None, name)
        live = self._live.get(name)
        if stored is not None and self.why_not_restored(stored):
            method = self._method(name)
            missing = (
                f"its data was saved as {method}, which cannot be read here"
                if method
                else "the backup holds no data for it"
            )
            return self._lost(name, missing)
        if live is not None:
            taken_by = _other_claim(live, target)
            if taken_by:
                return self._lost(name, f"its volume '{name}' belongs to claim {taken_by}")
            if stored is None and not _outlives_claim(live):
                return self._lost(name, f"its volume '{name}' is about to be deleted")
            return ClaimDecision(keeps_volume=True)
        if stored is not None and self._restores_volumes:
            return ClaimDecision(keeps_volume=True)
        return self._lost(name, f"its volume '{name}' is neither in the cluster nor restored")

    def _method(self, name: str) -> str:
        return str((self._info.get(name) or {}).get("backupMethod") or "")

    def _lost(self, name: str, missing: str) -> ClaimDecision:
        entry = self._info.get(name) or {}
        skipped = bool(entry.get("skipped")) and _PRE_HOOK_FAILED not in str(entry.get("skippedReason", ""))
        if self._method(name):
            return ClaimDecision(keeps_volume=False, missing=missing)
        if skipped:
            reason = str(entry.get("skippedReason") or "").strip().rstrip(";")
            missing = f"the backup left its data out{f' ({reason})' if reason else ''}"
        elif self._snapshot_volumes is False:
            missing = "the backup was made with snapshotVolumes: false"
        return ClaimDecision(keeps_volume=False, missing=missing, on_purpose=skipped or self._snapshot_volumes is False)


def _other_claim(volume: Object, target: tuple[str, str]) -> str:
    """``namespace/name`` of the claim that holds ``volume``, empty if that is ``target`` or nobody."""
    reference = (volume.get("spec") or {}).get("claimRef") or {}
    holder = (str(reference.get("namespace", "")), str(reference.get("name", "")))
    return "" if not reference or holder == target else "/".join(holder)


def _outlives_claim(volume: Object) -> bool:
    if (volume.get("metadata") or {}).get("deletionTimestamp"):
        return False
    retained = (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy", "Retain") != "Delete"
    return retained or (volume.get("status") or {}).get("phase") == "Available"


__all__ = ("ClaimDecision", "VolumeDecisions")
