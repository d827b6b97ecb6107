# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes of pods that have no claim, and of which the backup has data: what becomes of each."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import PodData, PodFilling

#: ``planned`` until the pod is written, ``created`` until its volume is filled.
PodVolumeState: t.TypeAlias = t.Literal["planned", "untouched", "refused", "created", "filled", "failed"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoredPodVolume:
    """A volume of the pod at ``item`` of the plan."""

    item: PlanItem
    data: PodData
    state: PodVolumeState
    message: str = ""

    @property
    def namespace(self) -> str:
        return self.item.namespace or ""

    @property
    def is_to_fill(self) -> bool:
        """Whether it is, or will be, filled by this run."""
        return self.state in ("planned", "created")

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's result, beside those of claims."""
        return {
            "namespace": self.namespace,
            "claim": "",
            "pod": self.item.name,
            "pod_volume": self.data.volume,
            "method": "empty" if self.data.missing else self.data.source.method,
            "snapshot": "" if self.data.missing else self.data.source.handle,
            "driver": "",
            "volume": "",
            "state": self.state,
            "message": self.message,
        }

    def to_velero(self) -> dict[str, t.Any] | None:
        """The entry of the restore's volumeinfo file (Velero 1.18); None for one that no data was restored to."""
        if self.state != "filled":
            return None
        entry = {"snapshotDataMoved": False, **self.data.source.volume_info()}
        if "pvrInfo" in entry:  # the restored pod's (Velero 1.18)
            entry["pvrInfo"] = {**entry["pvrInfo"], "podNamespace": self.namespace}
        return entry

    def after(self, applied: AppliedPlan) -> RestoredPodVolume:
        """What became of it by what became of its pod."""
        if self.state != "planned":
            return self
        state, now = applied.state_of(self.item), applied.item_of(self.item)
        if state == "created" or (state == "updated" and now.method == "recreate"):
            return dataclasses.replace(self, state="created")
        if state == "failed" or now.action == "conflict":
            why = applied.failure_of(self.item) or now.why or "its pod could not be created"
            return dataclasses.replace(self, state="failed", message=why)
        return dataclasses.replace(self, state="untouched", message=now.why or "the pod is in the cluster")


def plan_pod_volumes(plan: RestorePlan, findings: Findings) -> tuple[RestoredPodVolume, ...]:
    """In the order of the plan."""
    filling = findings.volumes.pod_filling
    if filling is None:
        return ()
    waiting = findings.live.waiting_pods
    return tuple(
        _planned(item, data, filling, waits=(item.namespace or "", item.name) in waiting)
        for item in plan.of_types(PODS)
        for data in item.facts.pod_data
    )


def _planned(item: PlanItem, data: PodData, filling: PodFilling, *, waits: bool) -> RestoredPodVolume:
    found = RestoredPodVolume(item=item, data=data, state="untouched", message=item.why)
    if data.missing:
        still = "; the pod in the cluster waits for what an earlier run was to bring" if waits else ""
        return dataclasses.replace(found, state="refused", message=f"{data.missing}{still}")
    if item.action == "conflict":
        return dataclasses.replace(found, state="refused")
    where = f"from snapshot {data.source.handle} in {filling.repository_of(data.source)}"
    if item.intent == "create" or (item.intent == "update" and item.method == "recreate"):
        return dataclasses.replace(found, state="planned", message=where)
    if waits and item.made_before:
        return dataclasses.replace(found, state="created", message=where)
    there = "the pod is in the cluster"
    if waits:
        there += ", and waits for the data that another restore has not brought"
    return dataclasses.replace(found, message=item.why or there)


__all__ = ("PodVolumeState", "RestoredPodVolume", "plan_pod_volumes")
