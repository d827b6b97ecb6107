# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a volume is snapshotted, or its files are copied (Velero 1.18: volume policies, then the old way)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import FileChoice, PodVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import FILES, SnapshotOffer

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot

#: Velero's form: ``<approach>: <reason>;``.
NOT_WANTED = "any: snapshotVolumes is false;"
SKIP_POLICY = "any: skipped due to the resource policy;"
LEFT_TO_PLUGINS = "any: the resource policy leaves it to plugins;"
NEEDS_AGENT = "podvolume: file system backup needs Velero's node agent;"
NOT_COPIED = "podvolume: its files cannot be copied here;"
PRE_HOOK_FAILED = "any: pre hook failed;"
_UNKNOWN_VOLUME = "any: its PersistentVolume cannot be read;"


class VolumePlanner(t.Protocol):
    """What is asked of each provider (``BackupVolumes``)."""

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        """How the volume of a bound claim would be snapshotted."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeDecision:
    """``provider`` empty: no data, for ``reason`` (Velero's form), which is an ``error`` (a sentence) or not.

    ``of_files``: its files were to be copied. ``on_purpose``: somebody wanted it so; otherwise data is missing that
    nobody gave up.
    """

    provider: str = ""
    plan: PlannedSnapshot | None = None
    reason: str = ""
    error: str = ""
    on_purpose: bool = False
    of_files: bool = False


def decide(
    claim: ClaimVolume,
    *,
    policy: ResourcePolicy | None,
    snapshot_volumes: bool | None,
    planners: t.Mapping[str, VolumePlanner],
    choose: t.Callable[[ClaimVolume, bool], FileChoice | None] = lambda _claim, _by_policy: None,
) -> VolumeDecision:
    """What becomes of the volume of a bound claim. The first policy that matches wins over ``snapshot_volumes``.

    ``planners`` are asked in their order; the first that can takes the snapshot. ``choose``: whether its files are
    wanted, which wins over a snapshot; it is told whether a policy wants them.
    """
    kind = policy_action(claim, policy)
    if kind == "skip":
        return VolumeDecision(reason=SKIP_POLICY, on_purpose=True)
    if kind == "custom":
        return VolumeDecision(reason=LEFT_TO_PLUGINS, on_purpose=True)
    choice = choose(claim, kind == "fs-backup") if kind in ("", "fs-backup") and FILES in planners else None
    if choice is not None:
        return _by_files(claim, choice)
    if kind == "fs-backup":
        return VolumeDecision(reason=NEEDS_AGENT)
    if not kind and snapshot_volumes is False:
        return VolumeDecision(reason=NOT_WANTED, on_purpose=True)
    if claim.volume is None:
        return VolumeDecision(reason=_UNKNOWN_VOLUME)
    return _by_snapshot(claim, wanted=kind == "snapshot" or snapshot_volumes is True, planners=planners)


def policy_action(claim: ClaimVolume, policy: ResourcePolicy | None) -> str:
    """What the first rule that matches wants of it; empty where none does."""
    action = policy.volume_action(claim.claim, claim.volume, None) if policy else None
    return action.type if action else ""


def _by_files(claim: ClaimVolume, choice: FileChoice) -> VolumeDecision:
    if choice.volume is None:
        return VolumeDecision(reason=choice.reason, error=choice.error, of_files=True)
    spec = SnapshotSpec(namespace=claim.namespace, claim=claim.name)
    # Many backups have no volumes.
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot

    plan = PlannedSnapshot(claim=claim, spec=spec, source=choice.volume)
    return VolumeDecision(provider=FILES, plan=plan, of_files=True)


def read_in_pod(volume: PodVolume) -> VolumeDecision:
    """The files of a volume that has no claim: by a container in its pod. It is called ``pod/volume``."""
    metadata = {"namespace": volume.namespace, "name": f"{volume.pod}/{volume.volume}"}
    return _by_files(ClaimVolume(claim={"metadata": metadata, "spec": {}}, volume=None), FileChoice(volume=volume))


def _by_snapshot(claim: ClaimVolume, *, wanted: bool, planners: t.Mapping[str, VolumePlanner]) -> VolumeDecision:
    refused: list[SnapshotOffer] = []
    for name, planner in planners.items():
        offer = planner.plan(claim, wanted=wanted)
        if offer.plan is not None:
            return VolumeDecision(provider=name, plan=offer.plan)
        refused.append(offer)
    known = [offer for offer in refused if offer.is_mine][:1]
    return VolumeDecision(
        reason="".join(offer.reason for offer in known or refused),
        error=" ".join(offer.error for offer in known or refused if offer.error),
    )


__all__ = (
    "LEFT_TO_PLUGINS",
    "NEEDS_AGENT",
    "NOT_COPIED",
    "NOT_WANTED",
    "PRE_HOOK_FAILED",
    "SKIP_POLICY",
    "VolumeDecision",
    "VolumePlanner",
    "decide",
    "policy_action",
    "read_in_pod",
)
