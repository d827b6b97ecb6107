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
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError, KnownLater, NotThere
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import BlueprintAction, BlueprintPhase
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import PhaseParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.phase_run import PhaseRunner, with_phase
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.result_size import ResultRoom, first_entries
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.later import LaterMap
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
    return _ActionPlan(run, PhaseRunner.prepare(run, request, mask)).of_phases(request.action)


class _ActionPlan:
    """Outputs of earlier phases are not known, and what they would make is not there yet."""

    def __init__(self, run: ClusterRun, runner: PhaseRunner) -> None:
        self._run = run
        self._runner = runner
        self._parameters = runner.parameters
        #: Arguments of the phases so far, as written and as rendered.
        self._earlier: list[t.Any] = []

    def of_phases(self, action: BlueprintAction) -> list[PlannedPhase]:
        return [self._planned(phase, deferred=phase is action.defer_phase) for phase in action.all_phases]

    def _planned(self, phase: BlueprintPhase, *, deferred: bool) -> PlannedPhase:
        runner = self._runner
        later = PhaseParameters(secrets=LaterMap(), config_maps=LaterMap(), output=LaterMap())
        planned = PlannedPhase(name=phase.name, function=phase.function, does=_LATER, arguments=phase.arguments)
        try:
            given = runner.read_objects(self._run, phase)
            later = dataclasses.replace(later, secrets=given.secrets, config_maps=given.config_maps)
            parameters = with_phase(self._parameters, phase, given, deferred=deferred)
            work, shown = runner.plan_phase(self._run, phase, parameters, given)
            planned = dataclasses.replace(planned, **dataclasses.asdict(work), arguments=shown)
        except ArkiveError as exc:
            if not self._comes_later(exc):
                raise BlueprintError(
                    f"Phase {phase.name} ({phase.function}) would fail: {runner.mask(exc.message)}", hint=exc.hint
                ) from exc
            if isinstance(exc, NotThere):
                planned = dataclasses.replace(planned, does=f"known when an earlier phase has made {exc.name}")
        self._parameters = with_phase(self._parameters, phase, later, deferred=deferred)
        self._earlier += [phase.arguments, planned.arguments]
        return planned

    def _comes_later(self, exc: ArkiveError) -> bool:
        """Whether an earlier phase may bring what is missing: its output, or an object that it names."""
        return isinstance(exc, KnownLater) or (
            isinstance(exc, NotThere) and any(_names(arguments, exc.name) for arguments in self._earlier)
        )


def _names(value: t.Any, name: str) -> bool:
    """Whether ``name`` is in any text of ``value``."""
    if isinstance(value, str):
        return name in value
    if isinstance(value, t.Mapping):
        return any(_names(part, name) for item in value.items() for part in item)
    return isinstance(value, (list, tuple)) and any(_names(part, name) for part in value)


__all__ = ("PlannedPhase", "plan_action", "planned_entries")
