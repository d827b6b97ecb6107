# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judge's stage: may the restore begin, what would the server say, what must wait for claims that stay away."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.claim_preflight import ClaimPreflight
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.dry_run import DryRunJudge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.existing_judge import ExistingJudge
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.held_back import (
    LostClaims,
    hold_back,
    hold_back_makers,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.node_ports import find_taken_ports
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.planner import drop_idle_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

_ADMIT_HINT = (
    "Mend why the pod could not be made: where its container arkive-restore-wait asks for what a LimitRange or a quota "
    "does not admit, set mover.resources."
)


class Judge:
    """Takes a plan, and gives another one. Writes nothing. ``existing`` is asked first."""

    def __init__(self, run: RestoreRun, findings: Findings, api: ApiTypes) -> None:
        self._run = run
        self._findings = findings
        self._preflight = ClaimPreflight(run, findings, api)
        self.existing = ExistingJudge(run, findings)

    def find_lost(self, plan: RestorePlan) -> tuple[RestorePlan, list[PlanItem]]:
        """The plan, and the claims whose data would not come back where nobody said that it may stay away."""
        before = [item for item in plan.items if item.forbids_all]
        found = self._preflight.find_lost(plan)
        plan = drop_idle_snapshots(plan.replacing(found), self._findings)
        return plan, [*before, *(item for item in found if item.forbids_all)]

    def ask_server(self, plan: RestorePlan) -> RestorePlan:
        """The plan as the server's dry run judges it, and the quotas, which that looks at object by object."""
        plan = DryRunJudge(self._run, self._findings).judge(plan)
        plan = plan.replacing(self._preflight.find_over_quota(plan))
        preserved = bool(self._run.request.spec.preserve_node_ports)
        taken = find_taken_ports(plan, self._findings.objects, self._run.client, preserved=preserved)
        plan = plan.replacing(taken)
        refused = [item for item in plan.of_types(PODS) if item.action == "conflict"]
        unmade = [item for item in refused if any(not each.missing for each in item.facts.pod_data)]
        return self.hold_back_makers(plan, unmade)

    def hold_back(self, plan: RestorePlan, lost: t.Mapping[str, LostClaims]) -> RestorePlan:
        """Workloads must not mount, or make, claims that did not come back: ``lost``, by target namespace."""
        if not lost:
            return plan
        held = hold_back(plan, self._findings.objects, lost, hint=self._run.resume_hint)
        return plan.replacing(held)

    def hold_back_makers(self, plan: RestorePlan, unmade: t.Sequence[PlanItem]) -> RestorePlan:
        """Workloads must not make pods with empty volumes: ``unmade`` were to get their data."""
        return plan.replacing(hold_back_makers(plan, unmade, hint=f"{_ADMIT_HINT} {self._run.resume_hint}"))


__all__ = ("Judge",)
