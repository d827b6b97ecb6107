# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be run: an action of a blueprint, on a subject."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import PodDefaults
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import DEFAULT_PHASE_SECONDS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import (
    Artifact,
    Blueprint,
    BlueprintAction,
    ObjectReference,
    find_action,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """``secrets`` and ``config_maps``: objects by alias, beside those of phases.

    ``namespace_may_be_missing``: a subject that is a namespace is known by its name alone then.
    """

    blueprint: Blueprint
    action_name: str
    subject: Subject
    pods: PodDefaults
    artifacts_in: t.Mapping[str, Artifact] = dataclasses.field(default_factory=dict)
    options: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    secrets: t.Mapping[str, ObjectReference] = dataclasses.field(default_factory=dict)
    config_maps: t.Mapping[str, ObjectReference] = dataclasses.field(default_factory=dict)
    phase_seconds: float = DEFAULT_PHASE_SECONDS
    namespace_may_be_missing: bool = False

    @property
    def action(self) -> BlueprintAction:
        """Raises ``BlueprintError`` where the blueprint has no such action."""
        return find_action(self.blueprint, self.action_name)


def named_namespaces(action: BlueprintAction) -> set[str]:
    """Those that its phases name without a template: pods of theirs may be there."""
    named = (phase.arguments.get("namespace") for phase in action.all_phases)
    return {name for name in named if isinstance(name, str) and name and "{{" not in name}


__all__ = ("ActionRequest", "named_namespaces")
