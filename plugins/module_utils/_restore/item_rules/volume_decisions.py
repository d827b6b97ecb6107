# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of volumes: kept, recreated from a snapshot, or recreated and empty (Velero 1.18)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    DataSource,
    PodData,
    PodFilling,
    RestoreVolumes,
    SnapshotObjects,
    VolumeFilling,
)

#: In the reason of a volume that somebody did not want saved, ours or Velero's. All others were meant to be.
_ON_PURPOSE = re.compile(r"\bpolic(y|ies)\b|VolumePolicy|snapshotVolumes is false|exclude-from-backup")
#: Of Velero's node agent.
_POD_VOLUME = "PodVolumeBackup"
_CLONES = uuid.UUID("8f6e2a52-4c0b-4c57-9a53-0d4f6c1f9a11")


@dataclasses.dataclass(frozen=True, slots=True)
class ClaimDecision:
    """``missing`` says why the claim's new volume will be empty; empty when it loses nothing.

    ``volume`` is the one that it had in the backup, ``snapshot`` where the data of a new one comes from. A volume that
    is kept may itself be recreated, from ``remade_from``.
    """

    keeps_volume: bool
    missing: str = ""
    on_purpose: bool = False
    volume: str = ""
    snapshot: DataSource | None = None
    remade_from: DataSource | None = None

    @property
    def has_data(self) -> bool:
        """True for a claim that comes back with data: from a snapshot, or with the volume that it had."""
        return not self.missing and bool(self.volume or self.snapshot)

    @property
    def is_wanted(self) -> bool:
        """True for a claim that has data, or should: it was not left out on purpose."""
        return self.has_data or bool(self.missing and not self.on_purpose)


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeTraits:
    """What the volume of the backup was like and a new one is made to be (``pvInfo``)."""

    reclaim_policy: str = ""
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


class VolumeArchive(t.Protocol):
    """Finds a stored object."""

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> dict[str, t.Any] | None:
        """The object, None when the archive does not hold it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeTerms:
    """What backup and restore were asked to do about volumes.

    ``snapshot_volumes`` is the backup's. ``restores_volumes`` is False when the restore's filters leave
    PersistentVolumes out; ``restore_data`` is False for ``restorePVs: false``. ``restore_name`` goes into the new names
    of volumes, so that the same restore gives the same ones.
    """

    snapshot_volumes: bool | None = None
    namespace_mapping: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    restores_volumes: bool = True
    restore_data: bool = True
    restore_name: str = ""


class VolumeDecisions:
    """Decides on each volume by the backup's volume records, else by its reclaim policy.

    ``live`` are the PersistentVolumes of the target cluster by name; ``providers`` know the backup's snapshots.
    """

    def __init__(
        self,
        *,
        archive: VolumeArchive,
        volume_info: t.Sequence[ObjectView],
        live: t.Mapping[str, ObjectView],
        terms: VolumeTerms | None = None,
        providers: t.Sequence[RestoreVolumes] = (),
    ) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._archive = archive
        self._info = {str(entry.get("pvName")): entry for entry in volume_info if entry.get("pvName")}
        #: Entries of older backups name the claim, and no volume; the first one counts.
        self._info_of_claims: dict[tuple[str, str], ObjectView] = {}
        self._pod_volumes: dict[tuple[str, str], list[str]] = {}
        for entry in volume_info:
            if entry.get("pvcName") and not entry.get("pvName"):
                claim = (str(entry.get("pvcNamespace", "")), str(entry["pvcName"]))
                self._info_of_claims.setdefault(claim, entry)
            elif entry.get("backupMethod") == _POD_VOLUME and not entry.get("pvName"):
                saved = entry.get("pvbInfo") or {}
                pod = (str(saved.get("podNamespace", "")), str(saved.get("podName", "")))
                self._pod_volumes.setdefault(pod, []).append(str(saved.get("volumeName", "")))
        self._live = live
        self._terms = terms or VolumeTerms()

    def why_not_restored(self, volume: ObjectView) -> str:
        """Why this PersistentVolume is not brought back; empty when it is."""
        name = volume["metadata"]["name"]
        method = self._method(name)
        comes_without_its_snapshot = not self._terms.restore_data and self._remakes(method)
        if comes_without_its_snapshot or self.remade_from(volume) is not None:
            return ""
        if method:
            return f"a claim that is restored gets a new volume: the data was saved as {readable(method)}"
        if (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy", "Retain") == "Delete":
            return "a claim that is restored gets a new volume: the reclaim policy is Delete and nothing was saved"
        return ""

    def remade_from(self, volume: ObjectView) -> DataSource | None:
        """The snapshot that a stored PersistentVolume is recreated from, None when there is none."""
        method = self._method(str(volume["metadata"]["name"])) if self._terms.restore_data else ""
        found = (provider.of_volume(volume) for provider in self._of_method(method))
        return next((source for source in found if source is not None), None)

    def provider_of(self, source: DataSource) -> RestoreVolumes:
        """Whose snapshot it is."""
        return self._providers[source.provider]

    @property
    def objects(self) -> SnapshotObjects | None:
        """The VolumeSnapshots of the backup and their contents; None where nobody knows what to do with them."""
        return next((provider.objects for provider in self._providers.values() if provider.objects is not None), None)

    def is_made_from(self, claim: ObjectView, namespace: str, live: ObjectView, ours: bool) -> bool:
        """Whether ``live`` is a copy of a stored claim with its data."""
        return any(provider.is_made_from(claim, namespace, live, ours=ours) for provider in self._providers.values())

    def filling_of(self, source: DataSource) -> VolumeFilling | None:
        """Who brings the data to a volume that is made empty; None where it comes with its data."""
        return self.provider_of(source).filling

    def is_unfilled(self, live: ObjectView) -> bool:
        """Whether a claim in the cluster was made for data that it has not, or not to the end."""
        fillings = [provider.filling for provider in self._providers.values()]
        return any(filling.is_unfilled(live) for filling in fillings if filling is not None)

    def for_claim(self, claim: ObjectView, *, source_namespace: str) -> ClaimDecision:
        """What becomes of the volume of a PersistentVolumeClaim as it is stored."""
        name = str((claim.get("spec") or {}).get("volumeName") or "")
        source = self._source_of(claim, source_namespace) if self._terms.restore_data else None
        if source is not None and self._counts(source, name):
            return self._from_snapshot(source, claim, name, source_namespace)
        if not name:
            return ClaimDecision(keeps_volume=True)
        target = (self._terms.namespace_mapping.get(source_namespace, source_namespace), str(claim["metadata"]["name"]))
        stored = self._archive.find_object(VOLUMES, None, name)
        live = self._live.get(self.target_name(name))
        remade_from = self.remade_from(stored) if stored is not None else None
        if stored is not None and self.why_not_restored(stored):
            missing = self._why_unreadable(name, stored) or (source.missing if source else "")
            return self._lost(name, missing or "the backup holds no data for it")
        if live is not None:
            taken_by = _other_claim(live, target)
            if taken_by:
                return self._lost(name, f"its volume '{name}' belongs to claim {taken_by}")
            if stored is None and not _outlives_claim(live):
                return self._lost(name, f"its volume '{name}' is about to be deleted")
            return ClaimDecision(keeps_volume=True, volume=name, remade_from=remade_from)
        if stored is not None and self._terms.restores_volumes:
            return ClaimDecision(keeps_volume=True, volume=name, remade_from=remade_from)
        return self._lost(name, f"its volume '{name}' is neither in the cluster nor restored")

    def traits_of(self, name: str) -> VolumeTraits | None:
        """What is set on the new volume in place of a stored one whose data was saved; None where nothing is.

        By the backup's records (Velero 1.18); one with data is protected as it was without records, too.
        """
        method = self._method(name)
        is_provisioned = bool(self._of_method(method)) and not self._remakes(method)
        info = self._entry(name).get("pvInfo") if is_provisioned or method == _POD_VOLUME else None
        if info:
            return VolumeTraits(str(info.get("reclaimPolicy") or ""), info.get("labels") or {})
        stored = self._archive.find_object(VOLUMES, None, name) if is_provisioned else None
        if stored is None:
            return None
        policy = (stored.get("spec") or {}).get("persistentVolumeReclaimPolicy") or ""
        return VolumeTraits(str(policy), stored["metadata"].get("labels") or {})

    def stored_volume(self, name: str) -> ObjectView | None:
        """A PersistentVolume as the backup has it."""
        return self._archive.find_object(VOLUMES, None, name)

    def brings(self, namespace: str, claim: str) -> bool:
        """Whether the restore itself brings data to the new volume of a stored claim."""
        stored = self._archive.find_object(CLAIMS, namespace, claim)
        source = self.for_claim(stored, source_namespace=namespace).snapshot if stored is not None else None
        return source is not None and self.filling_of(source) is not None

    def saved_of_pod(self, namespace: str, name: str) -> t.Sequence[str]:
        """The volumes of a stored pod, without a claim, that volumeinfo says data of was saved."""
        return self._pod_volumes.get((namespace, name), ()) if self._terms.restore_data else ()

    @property
    def pod_filling(self) -> PodFilling | None:
        """Who fills volumes of pods that have no claim; None where nobody does."""
        found = (provider.pod_filling for provider in self._providers.values())
        return next((filling for filling in found if filling is not None), None)

    def of_pod(self, pod: ObjectView, namespace: str) -> list[PodData]:
        """What is recorded of such volumes of a stored pod. ``namespace`` is that of the backup."""
        filling = self.pod_filling if self._terms.restore_data else None
        return filling.of_pod(pod, namespace) if filling is not None else []

    def target_name(self, name: str) -> str:
        """The name under which a volume comes back.

        Another one for a volume with a native snapshot whose claim goes to another namespace while its own volume is
        still there (Velero 1.18).
        """
        if name not in self._live or not self._remakes(self._method(name)):
            return name
        stored = self._archive.find_object(VOLUMES, None, name)
        if stored is None or (self._terms.restore_data and self.remade_from(stored) is None):
            return name
        claim = (stored.get("spec") or {}).get("claimRef") or {}
        if claim.get("namespace") not in self._terms.namespace_mapping:
            return name
        return f"velero-clone-{uuid.uuid5(_CLONES, f'{self._terms.restore_name}/{name}')}"

    def _counts(self, source: DataSource, volume: str) -> bool:
        """Whether a snapshot is what the backup means by the volume's data.

        Its records say so, or it has none and the snapshot can be used, or was to be filled from.
        """
        entry = self._entry(volume) if volume else {}
        if entry:
            return bool(entry.get("backupMethod") == source.method)
        return not source.missing or self.filling_of(source) is not None

    def _from_snapshot(
        self, source: DataSource, claim: ObjectView, volume: str, source_namespace: str
    ) -> ClaimDecision:
        missing = source.missing
        if volume and self._entry(volume).get("result") == "failed":
            missing = self._why_failed(source)
        elif not missing:
            target = self._terms.namespace_mapping.get(source_namespace, source_namespace)
            missing = self.provider_of(source).why_not(source, namespace=target, claim=claim)
        return ClaimDecision(False, missing, volume=volume, snapshot=None if missing else source)

    def _why_failed(self, source: DataSource) -> str:
        filled = self.provider_of(source).filling is not None
        return (source.missing if filled else "") or "the snapshot of its volume failed"

    def _why_unreadable(self, name: str, stored: ObjectView) -> str:
        """Why data that was saved is out of reach; empty when none was saved."""
        method = self._method(name)
        entry = self._entry(name)
        why = (provider.why_unreadable(stored, entry) for provider in self._of_method(method))
        return "; ".join(filter(None, why)) or (
            f"its data was saved as {readable(method)}, which cannot be read here" if method else ""
        )

    def _remakes(self, method: str) -> bool:
        """Whether stored PersistentVolumes come back with what was saved so."""
        return any(provider.remakes_volumes for provider in self._of_method(method))

    def _of_method(self, method: str) -> list[RestoreVolumes]:
        return [provider for provider in self._providers.values() if provider.method == method]

    def _source_of(self, claim: ObjectView, namespace: str) -> DataSource | None:
        """The snapshot that a stored claim names, whoever took it."""
        for provider in self._providers.values():
            source = provider.of_claim(claim, namespace)
            if source is not None:
                return source
        return None

    def _method(self, name: str) -> str:
        entry = self._entry(name)
        if not entry and (source := self._unrecorded_source(name)) is not None:
            return source.method
        return str(entry.get("backupMethod") or "")

    def _unrecorded_source(self, name: str) -> DataSource | None:
        """Without records: the snapshot that the claim of a stored volume names, if it can be used."""
        if not self._terms.restore_data:
            return None
        stored = self._archive.find_object(VOLUMES, None, name) or {}
        reference = (stored.get("spec") or {}).get("claimRef") or {}
        namespace = str(reference.get("namespace", ""))
        claim = self._archive.find_object(CLAIMS, namespace, str(reference.get("name", "")))
        source = self._source_of(claim, namespace) if claim else None
        return source if source is not None and not source.missing else None

    def _entry(self, name: str) -> ObjectView:
        found = self._info.get(name)
        if found is None and self._info_of_claims:
            stored = self._archive.find_object(VOLUMES, None, name) or {}
            claim = (stored.get("spec") or {}).get("claimRef") or {}
            found = self._info_of_claims.get((str(claim.get("namespace", "")), str(claim.get("name", ""))))
        return found or {}

    def _lost(self, name: str, missing: str) -> ClaimDecision:
        entry = self._entry(name)
        if not self._terms.restore_data:
            return ClaimDecision(False, "restore_pvs is false", on_purpose=True, volume=name)
        if self._method(name):
            return ClaimDecision(False, missing, volume=name)
        reason = str(entry.get("skippedReason") or "").strip().rstrip(";")
        if entry.get("skipped"):
            missing = f"the backup left its data out{f' ({reason})' if reason else ''}"
        elif self._terms.snapshot_volumes is False:
            missing = "the backup was made with snapshotVolumes: false"
        on_purpose = self._terms.snapshot_volumes is False or bool(_ON_PURPOSE.search(reason))
        return ClaimDecision(False, missing, on_purpose=on_purpose, volume=name)


def _other_claim(volume: ObjectView, target: tuple[str, str]) -> str:
    """``namespace/name`` of the claim that holds ``volume``, empty if that is ``target`` or nobody."""
    reference = (volume.get("spec") or {}).get("claimRef") or {}
    holder = (str(reference.get("namespace", "")), str(reference.get("name", "")))
    return "" if not reference or holder == target else "/".join(holder)


def _outlives_claim(volume: ObjectView) -> bool:
    if (volume.get("metadata") or {}).get("deletionTimestamp"):
        return False
    retained = (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy", "Retain") != "Delete"
    return retained or (volume.get("status") or {}).get("phase") == "Available"


__all__ = ("ClaimDecision", "VolumeDecisions", "VolumeTerms", "VolumeTraits")
