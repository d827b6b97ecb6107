# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of execution hooks, and what would."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_outcome import ActionOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_plan import PlannedPhase, planned_entries

HookEvent: t.TypeAlias = t.Literal["pre_hook", "on_success", "on_failure"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookRun:
    """One hook in one namespace. ``attempts``: how often it was begun; ``action``: the last of them."""

    event: HookEvent
    namespace: str
    action: ActionOutcome
    attempts: int = 1

    @property
    def is_complete(self) -> bool:
        return self.action.state == "complete"

    def to_return(self) -> dict[str, t.Any]:
        return {
            "event": self.event,
            "namespace": self.namespace,
            "attempts": self.attempts,
            **self.action.to_return(),
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHook:
    """One hook that would run in one namespace."""

    event: HookEvent
    namespace: str
    blueprint: str
    action_name: str
    subject: str
    phases: tuple[PlannedPhase, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        return {
            "event": self.event,
            "namespace": self.namespace,
            "blueprint": self.blueprint,
            "action_name": self.action_name,
            "subject": self.subject,
            "phases": planned_entries(self.phases),
        }


__all__ = ("HookEvent", "HookRun", "PlannedHook")
