# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One action of a blueprint, from its first phase to its artifacts (docs/compatibility 15.3)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_outcome import (
    ActionOutcome,
    ActionState,
    PhaseOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact, BlueprintPhase
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import TemplateParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.phase_run import PhaseRunner
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freezes import BlueprintFreezes

#: Seconds for the deferred phase of a run that is cancelled: whoever cancelled it waits.
CANCELLED_DEFER_SECONDS = 60.0


def run_action(
    run: ClusterRun, request: ActionRequest, mask: SecretMask, freezes: BlueprintFreezes | None = None
) -> ActionOutcome:
    """Carry it out. ``mask`` learns the secrets that it reads; ``freezes`` holds what its commands freeze.

    Whatever goes wrong is in the outcome, that the run was cancelled as well.

    The deferred phase runs whatever became of the others, unless nothing could begin.
    """
    try:
        runner = PhaseRunner.prepare(run, request, mask, freezes)
    except ArkiveError as exc:
        return _outcome(request, "cancelled" if isinstance(exc, Cancelled) else "failed", error=mask(exc.sentence))
    return _ActionRun(run, request, runner).execute()


class _ActionRun:
    def __init__(self, run: ClusterRun, request: ActionRequest, runner: PhaseRunner) -> None:
        self._run = run
        self._request = request
        self._runner = runner

    def execute(self) -> ActionOutcome:
        action = self._request.action
        phases, parameters = self._phases(action.phases)
        deferred, parameters = self._deferred(action.defer_phase, parameters)
        done = [*phases, *([deferred] if deferred else [])]
        errors = [phase.error for phase in done if phase.error]
        whole = _outcome(self._request, _state_of(done), phases=tuple(phases), defer_phase=deferred)
        if errors or whole.state != "complete":
            return dataclasses.replace(whole, error=next(iter(errors), ""), later_errors=tuple(errors[1:]))
        return self._with_artifacts(whole, parameters)

    def _phases(self, phases: t.Sequence[BlueprintPhase]) -> tuple[list[PhaseOutcome], TemplateParameters]:
        """In their order, until one fails."""
        parameters = self._runner.parameters
        outcomes: list[PhaseOutcome] = []
        for phase in phases:
            if outcomes and outcomes[-1].state != "complete":
                outcomes.append(PhaseOutcome(name=phase.name, function=phase.function))
                continue
            outcome, parameters = self._runner.run_phase(self._run, phase, parameters, self._request.phase_seconds)
            outcomes.append(outcome)
        return outcomes, parameters

    def _deferred(
        self, phase: BlueprintPhase | None, parameters: TemplateParameters
    ) -> tuple[PhaseOutcome | None, TemplateParameters]:
        if phase is None:
            return None, parameters
        seconds = self._request.phase_seconds
        if self._run.cancel.is_cancelled:
            seconds = min(seconds, CANCELLED_DEFER_SECONDS)
        return self._runner.run_phase(self._run.uncancelled(), phase, parameters, seconds, deferred=True)

    def _with_artifacts(self, whole: ActionOutcome, parameters: TemplateParameters) -> ActionOutcome:
        artifacts: dict[str, Artifact] = {}
        shown: dict[str, Artifact] = {}
        try:
            for name, artifact in self._request.action.output_artifacts.items():
                artifacts[name], shown[name] = self._runner.render_artifact(name, artifact, parameters)
        except ArkiveError as exc:
            return dataclasses.replace(
                whole, state="failed", error=f"All phases are done, and their artifacts are not known: {exc.sentence}"
            )
        return dataclasses.replace(whole, artifacts=artifacts, shown_artifacts=shown)


def _state_of(phases: t.Iterable[PhaseOutcome]) -> ActionState:
    states = {phase.state for phase in phases}
    if "cancelled" in states:
        return "cancelled"
    return "failed" if states & {"failed", "pending"} else "complete"


def _outcome(request: ActionRequest, state: ActionState, **members: t.Any) -> ActionOutcome:
    return ActionOutcome(
        blueprint=request.blueprint.name,
        action=request.action_name,
        subject=str(request.subject),
        state=state,
        **members,
    )


__all__ = ("CANCELLED_DEFER_SECONDS", "run_action")
