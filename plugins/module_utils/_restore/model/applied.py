# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore has done."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan

#: What became of an object, in the words of Velero's restore resource list; empty for what rules left out.
State: t.TypeAlias = t.Literal["", "created", "updated", "skipped", "failed"]


@dataclasses.dataclass(frozen=True, slots=True)
class Applied:
    """What was done about one object of the plan.

    ``item`` is the planned one or, where the cluster had changed meanwhile, what was decided instead. ``failure`` is
    why the state is ``failed``, where the server said so.
    """

    item: PlanItem
    state: State
    failure: str = ""

    @property
    def became(self) -> str:
        """What became of it, in the words of the plan: ``skipped``, Velero's word in its records, is ``unchanged``."""
        left = self.state == "skipped" or (self.state == "created" and self.item.action == "unchanged")
        return "unchanged" if left else self.state


class AppliedPlan:
    """A plan, and beside it what was done so far. Another one is made of it with each step."""

    def __init__(self, plan: RestorePlan, done: t.Mapping[int, Applied] | None = None) -> None:
        self._done = dict(done or {})
        self.plan = plan

    def with_plan(self, plan: RestorePlan) -> AppliedPlan:
        """What is left to do was planned again."""
        return AppliedPlan(plan, self._done)

    def with_done(self, done: t.Iterable[Applied]) -> AppliedPlan:
        more = {applied.item.number: applied for applied in done}
        changed = (applied.item for applied in more.values())
        return AppliedPlan(self.plan.replacing(changed), self._done | more)

    def state_of(self, item: PlanItem) -> State:
        """Empty while nothing was done about it."""
        found = self._done.get(item.number)
        return found.state if found is not None else ""

    def item_of(self, item: PlanItem) -> PlanItem:
        """As it was decided in the end."""
        found = self._done.get(item.number)
        return found.item if found is not None else item

    def failure_of(self, item: PlanItem) -> str:
        found = self._done.get(item.number)
        return found.failure if found is not None else ""

    def became(self, item: PlanItem) -> str:
        """What became of it, in the words of the plan; empty while nothing was done about it."""
        found = self._done.get(item.number)
        return found.became if found is not None else ""

    def states(self) -> dict[str, int]:
        """Objects by what became of them, in the words of the plan; empty for a plan that was not applied."""
        return dict(collections.Counter(applied.became for applied in self._done.values() if applied.state))

    def made(self) -> list[PlanItem]:
        """What this restore has created or changed, now or in an earlier run."""
        return [item for item in self.plan.items if item.made_before or self.is_written(item)]

    def is_written(self, item: PlanItem) -> bool:
        """Whether this run has created or changed it, or found that an earlier one had."""
        return self.state_of(item) in ("created", "updated")

    def to_return(self) -> list[dict[str, t.Any]]:
        """All items in the order of the run, each with the number of its wave (from 1) and what became of it."""
        return [
            {"wave": number, **item.to_return(), **({"state": state} if (state := self.became(item)) else {})}
            for number, wave in enumerate(self.plan.waves, 1)
            for item in wave.items
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class AppliedWaves:
    """``done`` so far; ``stopped`` says why no more was tried: a cancel, or a server that is gone."""

    done: tuple[Applied, ...] = ()
    stopped: ArkiveError | None = None


__all__ = ("Applied", "AppliedPlan", "AppliedWaves", "State")
