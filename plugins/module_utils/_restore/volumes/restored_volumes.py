# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.


"""The volumes of a restore, claim by claim: where the data comes from, and what became of it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import VolumeTraits
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.prepare import Preparer
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import CLAIMS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource

VOLUME_TYPES = frozenset({CLAIMS, VOLUMES, VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS})
#: Claims that a sentence names.
_SHOWN = 10

#: ``planned`` until the claim is written, ``created`` until its volume is looked for.
VolumeState: t.TypeAlias = t.Literal["planned", "untouched", "refused", "created", "bound", "waiting", "failed"]


@dataclasses.dataclass(slots=True, kw_only=True)
class RestoredVolume:
    """One claim. ``volume`` is the name of its PersistentVolume in the target cluster, empty while it has none.

    ``method``: that of the snapshot's provider, ``kept`` or ``empty``.
    ``source``: the snapshot that a new volume is made from; ``traits``: what is set on it once it is there.
    ``was_bound``: an earlier run of the same restore has brought it up to there.
    """

    item: PlanItem
    method: str
    state: VolumeState
    message: str = ""
    volume: str = ""
    source: DataSource | None = None
    #: The snapshot that its volume is made anew from, and that volume's place in the plan.
    remade_from: DataSource | None = None
    volume_item: PlanItem | None = None
    traits: VolumeTraits | None = None
    was_bound: bool = False

    @property
    def namespace(self) -> str:
        return self.item.namespace or ""

    @property
    def claim(self) -> str:
        return self.item.name

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's result."""
        return {
            "namespace": self.namespace,
            "claim": self.claim,
            "method": self.method,
            "snapshot": self.snapshot_id,
            "driver": self.source.driver if self.source else "",
            "volume": self.volume,
            "state": self.state,
            "message": self.message,
        }

    def to_velero(self) -> dict[str, t.Any] | None:
        """The entry of the restore's volumeinfo file (Velero 1.18); None for a volume that no data was restored to."""
        if self.state not in ("created", "bound", "waiting"):
            return None
        source = self.source or self.remade_from
        if source is None:
            return None
        entry = {
            "pvcName": self.claim,
            "pvcNamespace": self.namespace,
            "pvName": self.volume,
            "restoreMethod": self.method,
            "snapshotDataMoved": False,
        }
        return entry | source.volume_info()

    def note_remade(self) -> None:
        """Take over what became of the volume that was made anew."""
        if self.volume_item is not None and self.volume_item.state == "failed":
            self.state, self.message = "failed", f"its volume was not made from snapshot {self.snapshot_id}"

    @property
    def snapshot_id(self) -> str:
        """The storage's name of the snapshot, empty where there is none."""
        if self.source is not None:
            return self.source.handle
        return self.remade_from.handle if self.remade_from is not None else ""


class RestoredVolumes:
    """The claims of a plan, in its order; a claim that cannot be read is left out."""

    def __init__(self, plan: RestorePlan, preparer: Preparer, live: LiveState) -> None:
        self.volumes: list[RestoredVolume] = []
        self._snapshots: list[PlanItem] = []
        volumes: dict[str, PlanItem] = {}
        for item in _items(plan):
            if item.group_resource == VOLUMES:
                volumes[item.name] = item
            elif item.group_resource != CLAIMS:
                self._snapshots.append(item)
            elif (volume := _volume_of(item, preparer, live)) is not None:
                self.volumes.append(volume)
        for volume in self.volumes:
            if volume.remade_from is not None:
                _settle_remade(volume, volumes.get(volume.volume))
        #: Names of the snapshots that an earlier run of the same restore has left in the cluster.
        self._leftovers = {item.name for item in self._snapshots if item.made_before}

    @property
    def is_open(self) -> bool:
        """Whether an earlier run of the same restore has left something to do for a claim that it made."""
        return any(self._has_rest(volume) for volume in self.volumes if volume.item.made_before)

    def _has_rest(self, volume: RestoredVolume) -> bool:
        source = volume.source
        return source is not None and (not volume.was_bound or source.helper in self._leftovers)

    @property
    def unmade(self) -> set[str]:
        """Names of the snapshots that could not be created."""
        return {item.name for item in self._snapshots if item.intent and item.state == "failed"}

    def note_applied(self, *, unfinished: bool) -> list[RestoredVolume]:
        """Take over what became of the claims; those that something is left to do for.

        ``unfinished``: an earlier run of the same restore was broken off.
        """
        left = []
        for volume in self.volumes:
            made = volume.item.state == "created"
            if volume.state == "planned":
                volume.state = "created" if made else "failed" if volume.item.state == "failed" else "untouched"
                has_rest = volume.source is not None or (made and volume.traits is not None)
                volume.note_remade()
            else:
                has_rest = volume.was_bound and (unfinished or self._has_rest(volume))
                volume.state = "created" if has_rest else volume.state
            if has_rest:
                left.append(volume)
        return left

    def to_return(self) -> list[dict[str, t.Any]]:
        return [volume.to_return() for volume in self.volumes]

    def to_velero(self) -> list[dict[str, t.Any]]:
        """The restore's volumeinfo file (Velero 1.18)."""
        return [entry for volume in self.volumes if (entry := volume.to_velero()) is not None]


def lost_claims_error(lost: t.Sequence[PlanItem], backup_name: str) -> RestoreError:
    """For claims whose data would not come back where nobody said that it may stay away."""
    claims = sorted(f"{item.namespace}/{item.name}" for item in lost)
    empty = [item for item in lost if item.reason.startswith("its new volume would be empty")]
    others = [item for item in lost if item not in empty]
    parts = []
    if empty:
        parts.append(f"it has no data for the volumes of {_names(empty)} ({empty[0].reason})")
    if others:
        parts.append(f"the data of the volumes of {_names(others)} would not come back ({others[0].why})")
    rest = "or leave the claims out"
    if others:
        hint = (others[0].hint or "Mend this").rstrip(".") + f"; {rest}."
    else:
        hint = f"Set on_missing_volume_data: warn to restore them with empty volumes, {rest}."
    return RestoreError(
        f"The restore of backup '{backup_name}' was not begun: {', and '.join(parts)}.",
        hint=hint,
        details={"claims": claims},
    )


def _names(items: t.Sequence[PlanItem]) -> str:
    claims = sorted(f"{item.namespace}/{item.name}" for item in items)
    return ", ".join(claims[:_SHOWN]) + (" ..." if len(claims) > _SHOWN else "")


def _items(plan: RestorePlan) -> t.Iterator[PlanItem]:
    for wave in plan.waves:
        if not VOLUME_TYPES.isdisjoint(wave.group_resources):
            yield from (item for item in wave.items if item.group_resource in VOLUME_TYPES)


def _volume_of(item: PlanItem, preparer: Preparer, live: LiveState) -> RestoredVolume | None:
    try:
        decision = preparer.prepare(item.ref).volume if item.ref is not None else None
    except ArchiveError:
        return None
    if decision is None:
        return None
    there = live.claims.get((item.namespace or "", item.name))
    traits = preparer.volumes.traits_of(decision.volume) if decision.volume and not decision.keeps_volume else None
    if item.action == "conflict":
        kept = "kept" if item.kept else "empty"
        return RestoredVolume(item=item, method=kept, state="refused", message=item.why, volume=there or "")
    if item.intent != "create" and (item.kept or not item.made_before):
        why = item.why or "the claim is in the cluster"
        return RestoredVolume(item=item, method="kept", state="untouched", message=why, volume=there or "")
    found = RestoredVolume(
        item=item,
        method="empty",
        state="untouched" if there else "planned",
        volume=there or "",
        was_bound=bool(there),
    )
    if decision.snapshot is not None:
        found.method, found.source, found.traits = decision.snapshot.method, decision.snapshot, traits
    elif decision.missing:
        found.message, found.traits = decision.missing, traits
    elif not decision.volume:
        found.message = "it had no volume"
    else:
        found.method, found.remade_from = "kept", decision.remade_from
        found.volume = preparer.volumes.target_name(decision.volume)
    return found


def _settle_remade(volume: RestoredVolume, item: PlanItem | None) -> None:
    """Its data comes from the snapshot only where the volume is made by this restore."""
    if volume.remade_from is not None and item is not None and (item.intent == "create" or item.made_before):
        volume.method, volume.volume_item = volume.remade_from.method, item
    else:
        volume.remade_from = None


__all__ = (
    "VOLUME_TYPES",
    "RestoredVolume",
    "RestoredVolumes",
    "VolumeState",
    "lost_claims_error",
)
