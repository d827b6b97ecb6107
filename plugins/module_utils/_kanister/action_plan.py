# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an action would do, without doing any of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import BlueprintPhase
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.phase_run import PhaseRunner
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.result_size import ResultRoom, first_entries
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

_LATER = "known when an earlier phase has given its output"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPhase:
    """``arguments``: rendered, with secrets masked; as they are written where they cannot be rendered before."""

    name: str
    function: str
    does: str
    namespace: str = ""
    image: str = ""
    pods: tuple[str, ...] = ()
    arguments: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def to_return(self) -> dict[str, t.Any]:
        return {**dataclasses.asdict(self), "pods": list(self.pods), "arguments": dict(self.arguments)}


def planned_entries(phases: t.Iterable[PlannedPhase]) -> list[dict[str, t.Any]]:
    """As results have them: arguments are cut where they would be too much for one."""
    room = ResultRoom()
    entries = first_entries([phase.to_return() for phase in phases], is_needed=lambda _entry: False)
    return [room.fit_members(entry, "does", "image", "arguments") for entry in entries]


def plan_action(run: ClusterRun, request: ActionRequest, mask: SecretMask) -> list[PlannedPhase]:
    """Each phase, the deferred one last. Reads the subject and Secrets; raises ``ArkiveError`` where the run would."""
    runner = PhaseRunner.prepare(run, request, mask)
    return [_planned(run, runner, phase) for phase in request.action.all_phases]


def _planned(run: ClusterRun, runner: PhaseRunner, phase: BlueprintPhase) -> PlannedPhase:
    try:
        work, shown = runner.plan_phase(run, phase)
    except ArkiveError as exc:
        if not _needs_earlier(phase.arguments):
            raise BlueprintError(
                f"Phase {phase.name} ({phase.function}) would fail: {runner.mask(exc.message)}", hint=exc.hint
            ) from exc
        return PlannedPhase(name=phase.name, function=phase.function, does=_LATER, arguments=phase.arguments)
    return PlannedPhase(
        name=phase.name,
        function=phase.function,
        does=work.does,
        namespace=work.namespace,
        image=work.image,
        pods=work.pods,
        arguments=shown,
    )


def _needs_earlier(value: t.Any) -> bool:
    """Whether a template of it reads outputs of phases, or what only is there while it runs."""
    if isinstance(value, str):
        return "{{" in value and (".Phases" in value or "DeferPhase" in value)
    if isinstance(value, t.Mapping):
        return any(_needs_earlier(part) for item in value.items() for part in item)
    return isinstance(value, (list, tuple)) and any(_needs_earlier(part) for part in value)


__all__ = ("PlannedPhase", "plan_action", "planned_entries")
