# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore, or the plan of one, comes to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.account import GitOpsAccount
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import AppliedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import PlanDigest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import RollBackResult
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import RestorePhase


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOutcome:
    """For the task's result. ``changed`` of a plan says whether running it would change anything.

    ``hooks`` as in the result of every hook run; ``timings`` are seconds for each step and the number of API requests.
    ``phase`` of a plan is ``New``. ``recorded`` says whether the restore was written to the store. ``workloads`` are
    those that were waited for, by ``ready`` and ``not_ready``; None where nobody asked to wait. ``volumes``: for each
    claim, where its data comes from and what became of it. ``refusal``: of a plan, why the run would not begin.
    """

    restore: dict[str, t.Any]
    phase: RestorePhase
    changed: bool
    applied: AppliedPlan
    diffs: list[dict[str, str]]
    diffs_left_out: int
    hooks: list[dict[str, t.Any]]
    issues: Issues
    timings: dict[str, float]
    recorded: bool = False
    workloads: dict[str, int] | None = None
    volumes: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    refusal: ArkiveError | None = None
    #: What the plan is known again by; None where the API server was not asked for it before the run.
    digest: PlanDigest | None = None
    #: Who owns what is restored, and what was done about that.
    gitops: GitOpsAccount = dataclasses.field(default_factory=GitOpsAccount)
    #: Hooks of blueprints that ran around it, or would.
    execution_hooks: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    #: Claims that were rolled back in place, or would be.
    rolled_back: list[RollBackResult] = dataclasses.field(default_factory=list)
    #: What failed of those after it: the restore is what it is, and the task fails.
    failed_afterwards: list[str] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.restore["metadata"]["name"])

    @property
    def warnings_list(self) -> list[dict[str, str]]:
        return to_return(self.issues.warnings)

    @property
    def errors_list(self) -> list[dict[str, str]]:
        return to_return(self.issues.errors)

    @property
    def summary(self) -> dict[str, int]:
        """Items by action."""
        return self.applied.plan.counts()

    @property
    def states(self) -> dict[str, int]:
        """Items by what became of them: created, updated, unchanged, failed; empty for a plan."""
        return self.applied.states()

    @property
    def closing_line(self) -> str:
        """The last line of progress: ``Completed: 7 created, 1 unchanged, 0 errors, 2 warnings``."""
        numbers = [f"{count} {state}" for state, count in sorted(self.states.items())]
        numbers += [counted(len(self.issues.errors), "error"), counted(len(self.issues.warnings), "warning")]
        return f"{self.phase}: {', '.join(numbers)}"

    @property
    def items(self) -> dict[str, dict[str, int]]:
        """Items by group-resource and action."""
        return self.applied.plan.counts_by_resource()

    @property
    def waves(self) -> list[dict[str, t.Any]]:
        """What is written side by side, and in which order."""
        return self.applied.plan.waves_to_return()

    @property
    def roll_back(self) -> list[dict[str, t.Any]]:
        """The claims that were rolled back in place, or would be, in groups, with the steps of each."""
        return [result.to_return() for result in self.rolled_back]

    @property
    def roll_back_lines(self) -> list[str]:
        """The same for people."""
        return [line for result in self.rolled_back for line in result.lines()]

    @property
    def plan_items(self) -> list[dict[str, t.Any]]:
        return self.applied.to_return()


__all__ = ("RestoreOutcome",)
