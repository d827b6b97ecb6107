# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pods that will mount claims of a plan: where they may run, and which claims they need in one place."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS, STATEFUL_SETS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_templates import POD_MAKERS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.held_back import claims_named_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects

#: Where the spec of the pods is. A pod itself says best what its controller has made of it.
_POD_SPECS: dict[GroupResource, tuple[str, ...]] = {
    PODS: ("spec",),
    **{maker.group_resource: (*maker.template, "spec") for maker in POD_MAKERS},
}
_ORDINAL = re.compile(r"-(\d+)$")

#: Namespace and name.
Claim: t.TypeAlias = "tuple[str, str]"


class ClaimUsers:
    """``claims``: those that somebody asks about."""

    def __init__(self, plan: RestorePlan, objects: PreparedObjects, claims: t.Collection[Claim]) -> None:
        self._pods: dict[Claim, ObjectView] = {}
        self._groups: dict[Claim, Claim] = {claim: claim for claim in claims}
        names: dict[str, list[str]] = {}
        for namespace, name in claims:
            names.setdefault(namespace, []).append(name)
        for group_resource in _POD_SPECS:
            for item in plan.of_types(group_resource):
                wanted = names.get(item.namespace or "")
                if wanted and item.body is not None:
                    self._note(item.namespace or "", group_resource, objects.load(item.body), wanted)

    def pod_of(self, claim: Claim) -> ObjectView:
        """The spec of pods that will mount it; empty where the plan has none."""
        return self._pods.get(claim, {})

    def group_of(self, claim: Claim) -> Claim:
        """The same for all claims that one pod will mount."""
        while self._groups[claim] != claim:
            claim = self._groups[claim]
        return claim

    def _note(self, namespace: str, group_resource: GroupResource, body: ObjectView, wanted: list[str]) -> None:
        spec: t.Any = body
        for member in _POD_SPECS[group_resource]:
            # Nobody has looked at the types of a custom one.
            spec = (spec.get(member) if isinstance(spec, dict) else None) or {}
        spec = spec if isinstance(spec, dict) else {}
        mounted: dict[str, Claim] = {}
        for name in claims_named_by(group_resource, body, wanted):
            claim = (namespace, name)
            self._pods.setdefault(claim, spec)
            # Each pod of a set has claims of its own.
            ordinal = _ORDINAL.search(name) if group_resource == STATEFUL_SETS else None
            first = mounted.setdefault(ordinal[1] if ordinal else "", claim)
            self._groups[self.group_of(claim)] = self.group_of(first)


__all__ = ("Claim", "ClaimUsers")
