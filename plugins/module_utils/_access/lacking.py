# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the rights that tasks take the caller lacks."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import grants_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import ALL_TYPES, Grant, RightsScope

_AT_A_TIME = 8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LackingRight:
    """``otherwise``: what the task does without it; empty when it fails."""

    task: str
    need: Need
    why: str
    otherwise: str

    def to_return(self) -> dict[str, t.Any]:
        return {
            "task": self.task,
            **self.need._asdict(),
            "why": self.why,
            "otherwise": self.otherwise,
            "required": not self.otherwise,
        }


def find_lacking(
    client: KubeClient, discovery: Discovery, tasks: t.Iterable[str], scope: RightsScope
) -> list[LackingRight]:
    """By the API server's own word (SelfSubjectAccessReview and SelfSubjectRulesReview).

    A right on all types is asked for on each type that is served, so that who has them one by one lacks nothing.
    """
    wanted = [(task, grant, _each_type(grant, discovery)) for task in tasks for grant in grants_of(task, scope)]
    needs = dict.fromkeys(need for _task, _grant, found in wanted for need in found)
    forbidden = frozenset(find_forbidden(client, needs, workers=_AT_A_TIME))
    return [
        LackingRight(task=task, need=need, why=grant.why, otherwise=grant.otherwise)
        for task, grant, found in wanted
        for need in found
        if need in forbidden
    ]


def _each_type(grant: Grant, discovery: Discovery) -> list[Need]:
    """What is not served, such as snapshots in a cluster that has none, cannot be lacked."""
    types = discovery.preferred()
    served = {(found.group, found.plural) for found in types}
    needs = []
    for need in grant.needs:
        if need.resource == ALL_TYPES.resource:
            needs += [
                need._replace(group=found.group, resource=found.plural) for found in types if _is_meant(found, need)
            ]
        elif (need.group, need.resource) in served:
            needs.append(need)
    return needs


def _is_meant(found: ApiResource, need: Need) -> bool:
    """A right without a namespace on all types is one on those outside of namespaces, too."""
    return need.verb in found.verbs and (found.namespaced or not need.namespace)


__all__ = ("LackingRight", "find_lacking")
