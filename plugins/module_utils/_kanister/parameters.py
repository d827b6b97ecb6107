# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What templates of an action may read (docs/compatibility 15.4), as plain values."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact

WorkloadKind: t.TypeAlias = t.Literal["StatefulSet", "Deployment", "DeploymentConfig"]

_NOTHING: t.Mapping[str, t.Any] = {}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadParameters:
    """The subject, if it is one with pods: its running pods as they were when the action began.

    ``containers``: of each pod of ``pods``, in that order. ``claims``: of a pod that mounts some, the paths by claim.
    """

    kind: WorkloadKind
    name: str
    namespace: str
    pods: tuple[str, ...] = ()
    containers: tuple[tuple[str, ...], ...] = ()
    claims: t.Mapping[str, t.Mapping[str, str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NamedObject:
    """A subject of which nothing but the name is read beside the object itself: a claim or a namespace."""

    name: str
    namespace: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PhaseParameters:
    """What a phase was given and gave. ``secrets`` and ``config_maps``: objects by alias; ``output``: None before."""

    secrets: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    config_maps: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    output: t.Mapping[str, t.Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TemplateParameters:
    """The whole tree. At most one of ``workload``, ``claim`` and ``namespace`` is set; ``object`` always is.

    ``profile`` is not there: hooks have none.
    """

    object: t.Mapping[str, t.Any]
    time: str
    workload: WorkloadParameters | None = None
    claim: NamedObject | None = None
    namespace: NamedObject | None = None
    artifacts_in: t.Mapping[str, Artifact] = dataclasses.field(default_factory=dict)
    config_maps: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    secrets: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    options: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    phases: t.Mapping[str, PhaseParameters] = dataclasses.field(default_factory=dict)
    current_phase: PhaseParameters | None = None
    defer_phase: PhaseParameters = PhaseParameters()

    def with_phase(self, name: str, phase: PhaseParameters) -> TemplateParameters:
        """The same, with a phase that began or ended."""
        return dataclasses.replace(self, phases={**self.phases, name: phase})

    def with_defer_phase(self, phase: PhaseParameters) -> TemplateParameters:
        return dataclasses.replace(self, defer_phase=phase)

    def during(self, phase: PhaseParameters) -> TemplateParameters:
        """The same, as a function has it while it runs."""
        return dataclasses.replace(self, current_phase=phase)


__all__ = ("NamedObject", "PhaseParameters", "TemplateParameters", "WorkloadKind", "WorkloadParameters")
