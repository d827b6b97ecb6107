# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes of one restore, from when their claims are written: awaited, filled, lost, and made what they were.

``late`` are those that are made once somebody uses them, as they are at the moment; each step gives them back as they
have become.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.pod_filler import PodFiller
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.pod_volumes import RestoredPodVolume
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import (
    RestoredVolume,
    RestoredVolumes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.vanished_claims import find_vanished
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.volume_filler import VolumeFiller
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.volume_finalizer import VolumeFinalizer

#: Namespace and name of a claim.
_Key: t.TypeAlias = "tuple[str, str]"
_Late: t.TypeAlias = t.Sequence[RestoredVolume]


class VolumeStage:
    """``volumes`` as they are; ``has_changed``: whether anything was written for them."""

    def __init__(self, run: RestoreRun, findings: Findings, volumes: RestoredVolumes, timings: Timings) -> None:
        self._run = run
        self._findings = findings
        self._timings = timings
        self.volumes = volumes
        self.has_changed = False

    @property
    def is_open(self) -> bool:
        """Whether an earlier run has left something to do for them."""
        return self.volumes.is_open

    @property
    def to_fill(self) -> list[RestoredVolume]:
        """Those that were made empty."""
        return [volume for volume in self.volumes.volumes if volume.is_to_fill]

    def find_lost(self, applied: AppliedPlan) -> t.Mapping[str, t.Mapping[str, str]]:
        """Claims without their data, by namespace and name, and why."""
        return self.volumes.find_lost(applied)

    def lost_claims(self, applied: AppliedPlan) -> dict[_Key, str]:
        lost = self.find_lost(applied)
        return {(namespace, name): why for namespace, names in lost.items() for name, why in names.items()}

    def await_at_once(self, api: ApiTypes, applied: AppliedPlan, *, unfinished: bool) -> list[RestoredVolume]:
        """Volumes that need no pod: whether they come is known before anything is made that uses them.

        Returns the others.
        """
        self.volumes, left = self.volumes.after(applied, unfinished=unfinished)
        unmade, classes, objects = self.volumes.unmade(applied), self._findings.classes, self._findings.objects
        at_once = [
            volume
            for volume in left
            if volume.source is not None
            if volume.source.helper in unmade or classes.binds_at_once(objects.load(volume.item.body))
        ]
        self.finish(api, applied, at_once)
        return [volume for volume in left if not any(volume is each for each in at_once)]

    def report_vanished(self, api: ApiTypes, late: _Late) -> list[RestoredVolume]:
        """The plan may be old by now, and what is written next would make up for a claim that is gone."""
        lost: list[RestoredVolume] = []
        for volume, why in find_vanished(self._run.client, api.find(CLAIMS), self.volumes.volumes, self._findings.live):
            lost.append(dataclasses.replace(volume, state="failed", message=why))
            self._run.issues.error(
                f"PersistentVolumeClaim {volume.namespace}/{volume.claim} does not come back: {why}",
                resource=str(CLAIMS),
                namespace=volume.namespace,
                name=volume.claim,
                hint=self._run.resume_hint,
            )
        return self._replace(lost, late)

    def fill(self, api: ApiTypes, applied: AppliedPlan, late: _Late) -> list[RestoredVolume]:
        """Bring the data of those that were made empty."""
        with self._timings.measure("data"):
            filled = VolumeFiller(self._run, self._findings, api).run(applied.plan, self.to_fill)
        self.has_changed = True
        return self._replace(filled, late)

    def awaits_data(self, pod: PlanItem) -> bool:
        """Whether a pod of the plan, once it is made, waits until its volumes are filled."""
        return any(volume.is_to_fill for volume in self.volumes.pods if volume.item.number == pod.number)

    def unmade_pods(self, applied: AppliedPlan) -> list[PlanItem]:
        """Pods whose volumes were to get data, and that could not be made."""
        found = {
            volume.item.number: volume.item
            for volume in self.volumes.pods
            if not volume.data.missing and volume.state in ("planned", "refused")
            if volume.after(applied).state in ("failed", "refused")
        }
        return list(found.values())

    def fill_pods(self, applied: AppliedPlan, *, filled: t.Callable[[PlanItem], None]) -> None:
        """Bring the data of volumes of pods that wait for it; ``filled`` is told of each pod that goes on."""
        self.volumes = self.volumes.with_pods([volume.after(applied) for volume in self.volumes.pods])
        waiting = [volume for volume in self.volumes.pods if volume.is_to_fill]
        if not waiting:
            return

        def became(done: t.Sequence[RestoredPodVolume]) -> None:
            self.volumes = self.volumes.with_pods(done)
            self.has_changed = True

        with self._timings.measure("data"):
            PodFiller(self._run, self._findings).run(applied.plan, waiting, became=became, filled=filled)

    def lose(self, failed: t.Mapping[_Key, str], late: _Late) -> list[RestoredVolume]:
        """Those of claims that were put back, and why."""
        lost = [
            dataclasses.replace(volume, state="failed", message=why)
            for volume in self.volumes.volumes
            if (why := failed.get((volume.namespace, volume.claim))) and volume.state != "failed"
        ]
        return self._replace(lost, late)

    def finish(self, api: ApiTypes, applied: AppliedPlan, volumes: _Late) -> None:
        """What is left to do for the volumes of claims."""
        if not volumes:
            return
        with self._timings.measure("volumes"):
            finalizer = VolumeFinalizer(self._run, self._findings, api)
            finished = finalizer.run(volumes, unmade=self.volumes.unmade(applied))
        self.volumes = self.volumes.replacing(finished.volumes)
        self.has_changed = self.has_changed or finished.changed

    def _replace(self, changed: _Late, late: _Late) -> list[RestoredVolume]:
        self.volumes = self.volumes.replacing(changed)
        now = {volume.item.number: volume for volume in changed}
        return [now.get(volume.item.number, volume) for volume in late]


__all__ = ("VolumeStage",)
