# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes of a restore, claim by claim: where the data comes from, and what became of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import VolumeTraits
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.pod_volumes import (
    RestoredPodVolume,
    plan_pod_volumes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource, VolumeFilling

VOLUME_TYPES = frozenset({CLAIMS, VOLUMES, VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS})
#: Claims that a sentence names.
_SHOWN = 10

#: ``planned`` until the claim is written, ``created`` until its volume is looked for.
VolumeState: t.TypeAlias = t.Literal["planned", "untouched", "refused", "created", "bound", "waiting", "failed"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoredVolume:
    """One claim, at its ``item`` of the plan.

    ``volume`` is the name of its PersistentVolume in the target cluster, empty while it has none.

    ``method``: that of the snapshot's provider, ``kept`` or ``empty``.
    ``source``: the snapshot that a new volume is made from; ``traits``: what is set on it once it is there.
    ``was_bound``: an earlier run of the same restore has brought it up to there. ``filling``: who brings the data of a
    new volume that is made empty; None where nobody has to, or it has all of it.
    """

    item: PlanItem
    method: str
    state: VolumeState
    message: str = ""
    volume: str = ""
    source: DataSource | None = None
    #: The snapshot that its volume is recreated from, and that volume's place in the plan.
    remade_from: DataSource | None = None
    volume_item: PlanItem | None = None
    traits: VolumeTraits | None = None
    was_bound: bool = False
    filling: VolumeFilling | None = None

    @property
    def is_to_fill(self) -> bool:
        """Whether its claim is there and waits for its data."""
        return self.filling is not None and self.source is not None and self.state in ("created", "bound")

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
            "pod": "",
            "pod_volume": "",
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
        entry: dict[str, t.Any] = {
            "pvcName": self.claim,
            "pvcNamespace": self.namespace,
            "pvName": self.volume,
            "restoreMethod": self.method,
            "snapshotDataMoved": False,
        }
        entry |= source.volume_info()
        if "pvrInfo" in entry:  # the restored pod's (Velero 1.18)
            entry["pvrInfo"] = {**entry["pvrInfo"], "podNamespace": self.namespace}
        return entry

    @property
    def snapshot_id(self) -> str:
        """The storage's name of the snapshot, empty where there is none."""
        if self.source is not None:
            return self.source.handle
        return self.remade_from.handle if self.remade_from is not None else ""


@dataclasses.dataclass(frozen=True, slots=True)
class RestoredVolumes:
    """The claims of a plan, in its order, the snapshots that the plan brings, and volumes of pods without claims."""

    volumes: tuple[RestoredVolume, ...] = ()
    snapshots: tuple[PlanItem, ...] = ()
    pods: tuple[RestoredPodVolume, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether an earlier run of the same restore has left something to do for a claim, or a pod, that it made."""
        claims = any(self._has_rest(volume) for volume in self.volumes if volume.item.made_before)
        return claims or any(volume.state == "created" for volume in self.pods)

    def _has_rest(self, volume: RestoredVolume) -> bool:
        source = volume.source
        if source is None:
            return False
        return volume.filling is not None or not volume.was_bound or source.helper in self._leftovers

    @property
    def _leftovers(self) -> set[str]:
        """Names of the snapshots that an earlier run of the same restore has left in the cluster."""
        return {item.name for item in self.snapshots if item.made_before}

    def unmade(self, applied: AppliedPlan) -> set[str]:
        """Names of the snapshots that could not be created."""
        return {item.name for item in self.snapshots if item.intent and applied.state_of(item) == "failed"}

    def after(self, applied: AppliedPlan, *, unfinished: bool) -> tuple[RestoredVolumes, list[RestoredVolume]]:
        """What became of the claims, and those of them that something is left to do for.

        ``unfinished``: an earlier run of the same restore was broken off.
        """
        volumes, left = [], []
        for volume in self.volumes:
            if volume.filling is not None and volume.item.made_before:
                has_rest = True
                volume = dataclasses.replace(volume, state="created")
            elif volume.state == "planned":
                state = applied.state_of(volume.item)
                has_rest = volume.source is not None or (state == "created" and volume.traits is not None)
                volume = _after_write(volume, applied)
            else:
                has_rest = volume.was_bound and (unfinished or self._has_rest(volume))
                volume = dataclasses.replace(volume, state="created") if has_rest else volume
            volumes.append(volume)
            if has_rest:
                left.append(volume)
        return dataclasses.replace(self, volumes=tuple(volumes)), left

    def replacing(self, volumes: t.Iterable[RestoredVolume]) -> RestoredVolumes:
        """With these in the places of those of the same claims."""
        new = {volume.item.number: volume for volume in volumes}
        return dataclasses.replace(self, volumes=tuple(new.get(each.item.number, each) for each in self.volumes))

    def with_pods(self, pods: t.Iterable[RestoredPodVolume]) -> RestoredVolumes:
        """With these in the places of those of the same volumes."""
        new = {(each.item.number, each.data.volume): each for each in pods}
        return dataclasses.replace(
            self, pods=tuple(new.get((each.item.number, each.data.volume), each) for each in self.pods)
        )

    def find_lost(self, applied: AppliedPlan) -> dict[str, dict[str, str]]:
        """Claims that did not come back, or will not, by namespace and name: why."""
        lost: dict[str, dict[str, str]] = {}
        items = {item.number: item for item in applied.plan.of_types(CLAIMS)}
        for volume in self.volumes:
            item = items[volume.item.number]
            if volume.state == "failed" or item.action == "conflict" or applied.state_of(item) == "failed":
                why = applied.failure_of(item) or volume.message or item.why or "it could not be created"
                lost.setdefault(volume.namespace, {})[volume.claim] = why
        return lost

    def to_return(self) -> list[dict[str, t.Any]]:
        return [*(volume.to_return() for volume in self.volumes), *(volume.to_return() for volume in self.pods)]

    def to_velero(self) -> list[dict[str, t.Any]]:
        """The restore's volumeinfo file (Velero 1.18)."""
        entries = [*(volume.to_velero() for volume in self.volumes), *(volume.to_velero() for volume in self.pods)]
        return [entry for entry in entries if entry is not None]


def plan_volumes(plan: RestorePlan, findings: Findings) -> RestoredVolumes:
    """Where the data of each claim of a plan comes from; a claim that cannot be read is left out."""
    items = {item.name: item for item in plan.of_types(VOLUMES)}
    found = (_volume_of(item, findings) for item in plan.of_types(CLAIMS))
    volumes = tuple(_with_remade(volume, items.get(volume.volume)) for volume in found if volume is not None)
    snapshots = tuple(plan.of_types(VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS))
    return RestoredVolumes(volumes, snapshots, plan_pod_volumes(plan, findings))


def _after_write(volume: RestoredVolume, applied: AppliedPlan) -> RestoredVolume:
    remade = volume.volume_item
    if remade is not None and applied.state_of(remade) == "failed":
        why = f"its volume was not made from snapshot {volume.snapshot_id}"
        return dataclasses.replace(volume, state="failed", message=why)
    states: dict[str, VolumeState] = {"created": "created", "failed": "failed"}
    return dataclasses.replace(volume, state=states.get(applied.state_of(volume.item), "untouched"))


def lost_claims_error(lost: t.Sequence[PlanItem], backup_name: str) -> RestoreError:
    """For claims whose data would not come back where nobody said that it may stay away."""
    claims = sorted(f"{item.namespace}/{item.name}" for item in lost)
    empty, others = _empty_and_others(lost)
    parts = []
    if empty:
        parts.append(f"it has no data for the volumes of {_names(empty)} ({empty[0].reason})")
    if others:
        parts.append(f"the data of the volumes of {_names(others)} would not come back ({others[0].why})")
    rest = "or leave the claims out by excluded_resources or names"
    if others:
        hint = (others[0].hint or "Mend this").rstrip(".") + f"; {rest}."
    else:
        hint = f"Set on_missing_volume_data: warn to restore them with empty volumes, {rest}."
    return RestoreError(
        f"The restore of backup '{backup_name}' was not begun: {', and '.join(parts)}.",
        hint=hint,
        details={"claims": claims},
    )


def with_told_reasons(lost: t.Sequence[PlanItem]) -> list[PlanItem]:
    """Those of ``lost`` whose reasons are in the sentence of ``lost_claims_error``, which has one of each kind."""
    empty, others = _empty_and_others(lost)
    told = {*(item.reason for item in empty[:1]), *(item.why for item in others[:1])}
    return [item for item in lost if item.why in told]


def _empty_and_others(lost: t.Sequence[PlanItem]) -> tuple[list[PlanItem], list[PlanItem]]:
    empty = [item for item in lost if item.reason.startswith("its new volume would be empty")]
    return empty, [item for item in lost if item not in empty]


def _names(items: t.Sequence[PlanItem]) -> str:
    claims = sorted(f"{item.namespace}/{item.name}" for item in items)
    return ", ".join(claims[:_SHOWN]) + (" ..." if len(claims) > _SHOWN else "")


def _volume_of(item: PlanItem, findings: Findings) -> RestoredVolume | None:
    decision = item.facts.volume
    if decision is None:
        return None
    there, volumes = findings.live.claims.get((item.namespace or "", item.name)), findings.volumes
    traits = volumes.traits_of(decision.volume) if decision.volume and not decision.keeps_volume else None
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
        source = decision.snapshot
        filled = item.made_before and not findings.live.is_unfilled(item.namespace or "", item.name)
        filling = None if filled else volumes.filling_of(source)
        message = _told(filling, source) if filling is not None else ""
        return dataclasses.replace(
            found, method=source.method, source=source, traits=traits, filling=filling, message=message
        )
    if decision.missing:
        return dataclasses.replace(found, message=decision.missing, traits=traits)
    if not decision.volume:
        return dataclasses.replace(found, message="it had no volume")
    name = volumes.target_name(decision.volume)
    return dataclasses.replace(found, method="kept", remade_from=decision.remade_from, volume=name)


def _told(filling: VolumeFilling, source: DataSource) -> str:
    """What will be brought, and from where."""
    size = filling.size_of(source)
    return f"{f'{size} bytes ' if size else ''}from snapshot {source.handle} in {filling.repository_of(source)}"


def _with_remade(volume: RestoredVolume, item: PlanItem | None) -> RestoredVolume:
    """Its data comes from the snapshot only where the volume is made by this restore."""
    if volume.remade_from is None:
        return volume
    if item is not None and (item.intent == "create" or item.made_before):
        return dataclasses.replace(volume, method=volume.remade_from.method, volume_item=item)
    return dataclasses.replace(volume, remade_from=None)


__all__ = (
    "VOLUME_TYPES",
    "RestoredVolume",
    "RestoredVolumes",
    "VolumeState",
    "lost_claims_error",
    "plan_volumes",
    "with_told_reasons",
)
