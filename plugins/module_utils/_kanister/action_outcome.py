# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of one action of a blueprint."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.result_size import ResultRoom, first_entries

#: ``pending``: an earlier phase failed, so that this one did not begin.
PhaseState: t.TypeAlias = t.Literal["pending", "complete", "failed", "cancelled"]
ActionState: t.TypeAlias = t.Literal["complete", "failed", "cancelled"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PhaseOutcome:
    """``output``: what was given to later phases; ``shown``: the same without secrets. Times are in seconds."""

    name: str
    function: str
    state: PhaseState = "pending"
    output: t.Mapping[str, t.Any] | None = None
    shown: t.Mapping[str, t.Any] | None = None
    error: str = ""
    duration_seconds: float = 0.0

    def to_return(self, *, show_secrets: bool = False) -> dict[str, t.Any]:
        output = self.output if show_secrets else self.shown
        return {
            "name": self.name,
            "function": self.function,
            "state": self.state,
            "output": None if output is None else dict(output),
            "error": self.error,
            "duration_seconds": round(self.duration_seconds, 3),
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ActionOutcome:
    """``artifacts`` are there when all of it was done, and what is ``shown_artifacts`` is without secrets.

    ``error`` is the first thing that went wrong, ``later_errors`` what did after it: of the deferred phase.
    """

    blueprint: str
    action: str
    subject: str
    state: ActionState
    phases: tuple[PhaseOutcome, ...] = ()
    defer_phase: PhaseOutcome | None = None
    artifacts: t.Mapping[str, Artifact] = dataclasses.field(default_factory=dict)
    shown_artifacts: t.Mapping[str, Artifact] = dataclasses.field(default_factory=dict)
    error: str = ""
    later_errors: tuple[str, ...] = ()

    @property
    def has_begun(self) -> bool:
        """Whether a phase was begun, so that something may have changed."""
        return any(phase.state != "pending" for phase in self.phases) or self.defer_phase is not None

    def to_return(self, *, show_secrets: bool = False) -> dict[str, t.Any]:
        """What a result has: texts are cut, and phases left out, where they would be too much for one."""
        artifacts = self.artifacts if show_secrets else self.shown_artifacts
        deferred = self.defer_phase
        room, artifact_room = ResultRoom(), ResultRoom()
        phases = [phase.to_return(show_secrets=show_secrets) for phase in self.phases]
        kept = first_entries(phases, is_needed=lambda phase: phase["state"] in ("failed", "cancelled"))
        last = None if deferred is None else deferred.to_return(show_secrets=show_secrets)
        return {
            "blueprint": self.blueprint,
            "action_name": self.action,
            "subject": self.subject,
            "state": self.state,
            "phases": [room.fit_members(phase, "output", "error") for phase in kept],
            "defer_phase": None if last is None else room.fit_members(last, "output", "error"),
            "artifacts": artifact_room.fit({name: artifact.to_dict() for name, artifact in artifacts.items()}),
            "error": room.fit(self.error),
            "later_errors": room.fit(self.later_errors),
        }


__all__ = ("ActionOutcome", "ActionState", "PhaseOutcome", "PhaseState")
