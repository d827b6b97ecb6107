# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the runner asks of a function of blueprints, and what it gives it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import TemplateParameters
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freezes import BlueprintFreezes

#: What a phase gives: values by key, or None where the function has no outputs at all.
Outputs: t.TypeAlias = "t.Mapping[str, t.Any] | None"

#: Renders a value of JSON types with the parameters of the action, as arguments are rendered.
Render: t.TypeAlias = t.Callable[[t.Any], t.Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodDefaults:
    """Where pods of functions run that say nothing of it, and as whom.

    ``kasten_namespace``: where blueprints are. Those that name it for a pod want Kasten's, which may not be there.
    """

    namespace: str
    service_account: str = ""
    kasten_namespace: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PhasePlace:
    """Which phase it is, in words for logs, labels and sentences."""

    blueprint: str
    action: str
    phase: str
    function: str

    @property
    def words(self) -> str:
        return f"phase {self.phase} ({self.function}) of action {self.action} of blueprint {self.blueprint}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PhaseContext:
    """What a phase may use. ``parameters``: of the action, with this phase as the current one.

    ``freezes``: of the operation that it is a part of; without, a command that freezes is refused. ``mask``: takes
    secrets out of what commands print before it is shown; outputs are given as they are.
    """

    run: ClusterRun
    parameters: TemplateParameters
    render: Render
    pods: PodDefaults
    mask: t.Callable[[str], str] = str
    freezes: BlueprintFreezes | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """One phase that is carried out.

    ``arguments``: rendered, except for a function that renders them itself, with ``render``. ``deadline``: when it must
    have ended, on the monotonic clock.
    """

    context: PhaseContext
    place: PhasePlace
    arguments: t.Mapping[str, t.Any]
    deadline: float

    @property
    def run(self) -> ClusterRun:
        return self.context.run

    @property
    def parameters(self) -> TemplateParameters:
        return self.context.parameters

    @property
    def render(self) -> Render:
        return self.context.render

    @property
    def pods(self) -> PodDefaults:
        return self.context.pods

    @property
    def mask(self) -> t.Callable[[str], str]:
        return self.context.mask

    @property
    def freezes(self) -> BlueprintFreezes | None:
        return self.context.freezes

    @property
    def seconds_left(self) -> float:
        """Until the deadline; never below 0."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def client(self) -> KubeClient:
        """Its requests end when the run is cancelled."""
        return self.run.client.with_cancel(self.run.cancel)

    def log(self, line: str, **fields: t.Any) -> None:
        """A line of the run's log, without secrets."""
        self.run.issues.info(self.mask(line), phase=self.place.phase, **fields)

    def warn(self, sentence: str) -> None:
        """A warning of the run, without secrets."""
        self.run.issues.warning(self.mask(sentence))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """What a phase would do, for check mode: a line for a person, and where it is known the pod's image and place."""

    does: str
    namespace: str = ""
    image: str = ""
    pods: tuple[str, ...] = ()


class BlueprintFunction(t.Protocol):
    """Carries out the phases of one ``func``. One file each in ``functions/``, and a row in ``function_table.py``."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        """What ``run`` would do. Nothing is created or changed. Raises ``BlueprintError``."""

    def run(self, call: FunctionCall) -> Outputs:
        """Do it, and give the outputs. Raises ``BlueprintError``, ``KubeError``, and ``Cancelled``."""


__all__ = (
    "BlueprintFunction",
    "FunctionCall",
    "Outputs",
    "PhaseContext",
    "PhasePlace",
    "PlannedWork",
    "PodDefaults",
    "Render",
)
