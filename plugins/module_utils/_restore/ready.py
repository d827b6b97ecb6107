# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore that is planned, on its way from the engine to its execution."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.timings import Timings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen import Chosen
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.judge import Judge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import RollBackPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings, Planned
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.planner import Planner
from ansible_collections.arkive.k8s.plugins.module_utils._restore.report.report import RestoreReport
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.pod_filler import PodFiller
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import (
    RestoredVolumes,
    plan_volumes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.volume_filler import VolumeFiller


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A restore that is planned: what the stages up to here hand on. ``volumes`` are those of its claims."""

    run: RestoreRun
    report: RestoreReport
    timings: Timings
    planner: Planner
    planned: Planned
    volumes: RestoredVolumes = dataclasses.field(default_factory=RestoredVolumes)

    @property
    def chosen(self) -> Chosen:
        return self.planner.chosen

    @property
    def findings(self) -> Findings:
        return self.planner.findings

    @property
    def plan(self) -> RestorePlan:
        return self.planned.plan

    @property
    def roll_back(self) -> RollBackPlan:
        return self.planned.roll_back

    @property
    def filler(self) -> VolumeFiller:
        return VolumeFiller(self.run, self.findings, self.chosen.api)

    @property
    def pod_filler(self) -> PodFiller:
        return PodFiller(self.run, self.findings)

    @property
    def judge(self) -> Judge:
        return Judge(self.run, self.findings, self.chosen.api)

    def with_plan(self, plan: RestorePlan) -> Ready:
        """As a later stage has judged it."""
        return dataclasses.replace(self, planned=dataclasses.replace(self.planned, plan=plan))

    def with_volumes(self) -> Ready:
        """With the volumes as they are planned now."""
        return dataclasses.replace(self, volumes=plan_volumes(self.plan, self.findings))


__all__ = ("Ready",)
