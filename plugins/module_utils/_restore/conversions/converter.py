# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring a stored object into a version that the cluster serves."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape, find_misfit
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.autoscaling import (
    HPA_SHAPE,
    convert_scale_target,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.definitions import (
    DEFINITION_SHAPE,
    complete_definition,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import (
    Change,
    Conversion,
    ConversionError,
    Move,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.table import BY_KIND, MOVES

#: Whether the cluster serves a kind in an apiVersion.
Serves: t.TypeAlias = "t.Callable[[str, str], bool]"


class _Completion(t.NamedTuple):
    """``api_version``: the only one that it is for, if it is for one only."""

    shape: Shape
    change: Change
    api_version: str = ""


_COMPLETIONS = {
    "HorizontalPodAutoscaler": _Completion(HPA_SHAPE, convert_scale_target),
    "CustomResourceDefinition": _Completion(DEFINITION_SHAPE, complete_definition, "apiextensions.k8s.io/v1"),
}


class Converter:
    """``serves`` is asked about each version once in a while; the answers do not change."""

    def __init__(self, serves: Serves) -> None:
        self._serves = serves

    def target_of(self, api_version: str, kind: str) -> str:
        """The version to move to; empty where there is no need to, or no way."""
        move = BY_KIND.get((api_version, kind))
        if move is None or self._serves(api_version, kind):
            return ""
        return self._target(move)

    def moved_types(self) -> dict[GroupResource, GroupResource]:
        """Each type that has moved to another group, with the type that it is now."""
        found: dict[GroupResource, GroupResource] = {}
        for move in MOVES:
            target = self._target(move)
            group = target.rpartition("/")[0]
            if target and group != move.group and not any(self._serves(source, move.kind) for source in move.sources):
                found[move.source_type] = GroupResource(move.plural, group)
        return found

    def convert(self, body: Object) -> Conversion:
        """``body``, changed in place where it has to be."""
        api_version, kind = str(body["apiVersion"]), str(body["kind"])
        target = self.target_of(api_version, kind)
        if not target:
            return self._complete(body, api_version, kind)
        move = BY_KIND[api_version, kind]
        misfit = find_misfit(body, move.shape)
        if misfit:
            return Conversion(body, refusal=_refusal(api_version, target, misfit), source=api_version)
        body["apiVersion"] = target
        try:
            notes = tuple(f"converted from {api_version} to {target}: {note}" for note in move.change(body))
        except ConversionError as exc:
            body["apiVersion"] = api_version
            return Conversion(body, refusal=_refusal(api_version, target, exc.message), source=api_version)
        return Conversion(body, notes, source=api_version)

    def _complete(self, body: Object, api_version: str, kind: str) -> Conversion:
        """What is in a version that is served, and holds something of one that is not."""
        found = _COMPLETIONS.get(kind)
        if found is None or find_misfit(body, found.shape) or (found.api_version or api_version) != api_version:
            return Conversion(body)
        return Conversion(body, tuple(found.change(body)))

    def _target(self, move: Move) -> str:
        return next((target for target in move.targets if self._serves(target, move.kind)), "")


def _refusal(api_version: str, target: str, why: str) -> str:
    return f"it cannot be converted from {api_version} to {target}: {why}"


__all__ = ("Converter", "Serves")
