# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The phases of one action: what each reads, its arguments, its call, and what it gave."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_outcome import PhaseOutcome, PhaseState
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import (
    FunctionCall,
    Outputs,
    PhaseContext,
    PhasePlace,
    PlannedWork,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import find_signature, load_function
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import (
    Artifact,
    BlueprintPhase,
    ObjectReference,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import PhaseParameters, TemplateParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reference_reading import ReferenceReader
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.rendering import RenderedValue, Renderer
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject_reading import read_parameters
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.validation import require_action
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freezes import BlueprintFreezes


class PhaseRunner:
    """Knows what all phases of one action share. ``parameters``: as they are before the first phase."""

    def __init__(
        self,
        request: ActionRequest,
        parameters: TemplateParameters,
        mask: SecretMask,
        references: t.Mapping[str, t.Mapping[str, ObjectReference]],
        freezes: BlueprintFreezes | None = None,
    ) -> None:
        self._request = request
        self.parameters = parameters
        self._renderer = Renderer(mask)
        self.mask = mask
        self._references = references
        self._freezes = freezes

    @classmethod
    def prepare(
        cls, run: ClusterRun, request: ActionRequest, mask: SecretMask, freezes: BlueprintFreezes | None = None
    ) -> PhaseRunner:
        """Read the subject, resolve the functions and render the references. Raises ``ArkiveError``."""
        action = require_action(request.blueprint, request.action_name)
        parameters = read_parameters(run, request, mask)
        renderer = Renderer(mask)
        references = {
            phase.name: {
                alias: renderer.reference(reference, parameters, f"the object {alias} of phase {phase.name}")
                for alias, reference in phase.objects.items()
            }
            for phase in action.all_phases
        }
        return cls(request, parameters, mask, references, freezes)

    def run_phase(
        self,
        run: ClusterRun,
        phase: BlueprintPhase,
        parameters: TemplateParameters,
        seconds: float,
        *,
        deferred: bool = False,
    ) -> tuple[PhaseOutcome, TemplateParameters]:
        """The phase, and the parameters for what comes after it. What goes wrong is in the outcome."""
        place = self._place(phase)
        began = time.monotonic()
        run.progress(f"{place.action}: {phase.name} ({phase.function})")
        try:
            run.cancel.check()
            given = self.read_objects(run, phase)
            parameters = with_phase(parameters, phase, given, deferred=deferred)
            rendered = self.arguments(phase, parameters)
            call = self._call(run, place, rendered, parameters.during(given), began + seconds)
            output = load_function(phase.function).run(call)
        except Cancelled as exc:
            return self._ended(phase, "cancelled", began, error=f"{place.words} was ended: {exc.sentence}"), parameters
        except ArkiveError as exc:
            error = f"{place.words} failed: {self.mask(exc.sentence)}"
            return self._ended(phase, "failed", began, error=error), parameters
        outcome = self._ended(phase, "complete", began, output=output, hidden=self._hides_outputs(rendered))
        return outcome, with_phase(parameters, phase, _given(given, output), deferred=deferred)

    def plan_phase(
        self, run: ClusterRun, phase: BlueprintPhase, parameters: TemplateParameters, given: PhaseParameters
    ) -> tuple[PlannedWork, dict[str, t.Any]]:
        """What it would do, and its arguments without secrets. Raises ``ArkiveError``."""
        rendered = self.arguments(phase, parameters)
        call = self._call(run, self._place(phase), rendered, parameters.during(given), time.monotonic())
        work = load_function(phase.function).plan(call)
        if rendered.tainted:
            work = dataclasses.replace(
                work,
                does=MASK,
                image=self.mask(work.image),
                namespace=self.mask(work.namespace),
                pods=tuple(self.mask(pod) for pod in work.pods),
            )
        return work, rendered.shown

    def arguments(self, phase: BlueprintPhase, parameters: TemplateParameters) -> RenderedValue:
        """As the function gets them. Raises ``BlueprintError``."""
        signature = find_signature(phase.function)
        if signature is not None and signature.renders_itself:
            return RenderedValue(dict(phase.arguments), dict(phase.arguments), tainted=False)
        rendered = self._renderer.value(phase.arguments, parameters, f"phase {phase.name}")
        # Their names are templates as well.
        problem = signature.problem_of(rendered.value) if signature is not None else None
        if problem is not None:
            named = f"Argument {problem.of}: {problem.message}" if problem.of else problem.message
            raise BlueprintError(named, hint=problem.hint or None)
        return rendered

    def render_artifact(
        self, name: str, artifact: Artifact, parameters: TemplateParameters
    ) -> tuple[Artifact, Artifact]:
        """What is handed over, and what of it is shown. Raises ``BlueprintError``."""
        rendered = self._renderer.value(artifact.to_dict(), parameters, f"the output artifact {name}")
        return _artifact(rendered.value), _artifact(rendered.shown)

    def _place(self, phase: BlueprintPhase) -> PhasePlace:
        request = self._request
        return PhasePlace(
            blueprint=request.blueprint.name, action=request.action_name, phase=phase.name, function=phase.function
        )

    def read_objects(self, run: ClusterRun, phase: BlueprintPhase) -> PhaseParameters:
        """What it is given. Raises ``BlueprintError``."""
        return ReferenceReader(run, self.mask).phase_objects(self._references[phase.name], f"phase {phase.name}")

    def _call(
        self,
        run: ClusterRun,
        place: PhasePlace,
        rendered: RenderedValue,
        parameters: TemplateParameters,
        deadline: float,
    ) -> FunctionCall:
        context = PhaseContext(
            run=run,
            parameters=parameters,
            render=lambda value: self._renderer.value(value, parameters, place.words).value,
            pods=self._request.pods,
            mask=_whole if self._hides_outputs(rendered) else self.mask,
            freezes=self._freezes,
        )
        return FunctionCall(context=context, place=place, arguments=rendered.value, deadline=deadline)

    def _hides_outputs(self, rendered: RenderedValue) -> bool:
        """Where a secret went in that is too short to be found in what comes out."""
        return rendered.tainted and self.mask.has_short

    def _ended(
        self,
        phase: BlueprintPhase,
        state: PhaseState,
        began: float,
        *,
        output: Outputs = None,
        hidden: bool = False,
        error: str = "",
    ) -> PhaseOutcome:
        shown = None if output is None else dict.fromkeys(output, MASK) if hidden else self.mask.tree(output)
        return PhaseOutcome(
            name=phase.name,
            function=phase.function,
            state=state,
            output=output,
            shown=shown,
            error=error[:1].upper() + error[1:],
            duration_seconds=time.monotonic() - began,
        )


def _whole(text: str) -> str:
    return MASK if text else text


def with_phase(
    parameters: TemplateParameters, phase: BlueprintPhase, given: PhaseParameters, *, deferred: bool
) -> TemplateParameters:
    """As templates have them from now on. The deferred phase has a place of its own."""
    return parameters.with_defer_phase(given) if deferred else parameters.with_phase(phase.name, given)


def _given(given: PhaseParameters, output: Outputs) -> PhaseParameters:
    return PhaseParameters(secrets=given.secrets, config_maps=given.config_maps, output=output)


def _artifact(value: t.Mapping[str, t.Any]) -> Artifact:
    return Artifact(key_values=value.get("keyValue") or {}, kopia_snapshot=str(value.get("kopiaSnapshot") or ""))


__all__ = ("PhaseRunner", "with_phase")
