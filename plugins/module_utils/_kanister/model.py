# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints as they are carried out: actions, phases, references and artifacts (docs/compatibility 15.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, readable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ObjectReference:
    """An object, each member a template. ``api_version`` is the version alone, ``resource`` the plural."""

    api_version: str = ""
    group: str = ""
    resource: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""

    @classmethod
    def of_members(cls, members: t.Mapping[str, t.Any]) -> ObjectReference:
        """As blueprints write it; what it does not say is empty."""
        texts = {name: str(members.get(name) or "") for name in ("group", "resource", "kind", "name", "namespace")}
        return cls(api_version=str(members.get("apiVersion") or ""), **texts)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What one action hands over to another. As an output the values are templates."""

    key_values: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    kopia_snapshot: str = ""

    def to_dict(self) -> dict[str, t.Any]:
        """As an ActionSet has it."""
        out: dict[str, t.Any] = {"keyValue": dict(self.key_values)} if self.key_values else {}
        return out | ({"kopiaSnapshot": self.kopia_snapshot} if self.kopia_snapshot else {})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlueprintPhase:
    """One step. ``objects``: Secrets and ConfigMaps that its arguments use; ``arguments``: of JSON types."""

    name: str
    function: str
    objects: t.Mapping[str, ObjectReference] = dataclasses.field(default_factory=dict)
    arguments: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlueprintAction:
    """Phases in their order, and one that runs whatever became of them.

    ``kind``, the names of ConfigMaps and Secrets, and those of input artifacts are promises that nothing checks.
    """

    name: str
    phases: tuple[BlueprintPhase, ...] = ()
    defer_phase: BlueprintPhase | None = None
    output_artifacts: t.Mapping[str, Artifact] = dataclasses.field(default_factory=dict)
    kind: str = ""
    config_map_names: tuple[str, ...] = ()
    secret_names: tuple[str, ...] = ()
    input_artifact_names: tuple[str, ...] = ()

    @property
    def all_phases(self) -> tuple[BlueprintPhase, ...]:
        """Those in their order, and the deferred one last."""
        return self.phases if self.defer_phase is None else (*self.phases, self.defer_phase)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """Actions by their names. ``source`` names in sentences where it was read."""

    name: str
    namespace: str = ""
    actions: t.Mapping[str, BlueprintAction] = dataclasses.field(default_factory=dict)
    source: str = ""


def find_action(blueprint: Blueprint, name: str) -> BlueprintAction:
    """Raises ``BlueprintError`` where there is none."""
    action = blueprint.actions.get(name)
    if action is None:
        there = ", ".join(map(readable, blueprint.actions)) or "none"
        raise BlueprintError(
            f"The blueprint {readable(blueprint.name)} has no action {quoted(name)}.", hint=f"Its actions: {there}."
        )
    return action


__all__ = ("Artifact", "Blueprint", "BlueprintAction", "BlueprintPhase", "ObjectReference", "find_action")
