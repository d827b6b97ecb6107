# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that are not a copy's own, and are there when it is restored beside what runs: the original needs them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLUSTER_ROLE_BINDINGS,
    ROLE_BINDINGS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.namespace_mentions import MentionFinder
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.compare import Comparison
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

_BINDINGS = frozenset({CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS})


def merge_binding(group_resource: GroupResource, live: ObjectView, desired: ObjectView) -> Comparison | None:
    """Add the subjects that a binding lacks; None for whatever else, and for a binding to another role.

    The patch holds for the binding as it was read: whoever changes its subjects meanwhile is not overwritten.
    """
    if group_resource not in _BINDINGS or live.get("roleRef") != desired.get("roleRef"):
        return None
    there = live.get("subjects") or []
    known = {_identity(subject) for subject in there}
    missing = [subject for subject in desired.get("subjects") or [] if _identity(subject) not in known]
    if not missing:
        return Comparison()
    patch = {
        "metadata": {"resourceVersion": live["metadata"].get("resourceVersion")},
        "subjects": [*there, *missing],
    }
    return Comparison(patch, always=True, reason="its subjects are added to those that are there")


def who_loses(item: PlanItem, live: ObjectView, after: ObjectView, spec: RestoreSpec) -> list[str]:
    """From whom an object that is not the copy's own would be taken by a change that the mapping brings."""
    if not _is_shared(item, spec):
        return []
    if item.group_resource in _BINDINGS:
        kept = {_identity(subject) for subject in after.get("subjects") or []}
        return [_shown(subject) for subject in live.get("subjects") or [] if _identity(subject) not in kept]
    finder = MentionFinder(old for old, new in spec.namespace_mapping.items() if old != new)
    before, left = (
        {(mention.path, mention.name) for mention in finder.find(item.group_resource, obj) if mention.known}
        for obj in (live, after)
    )
    return [f"namespace '{name}'" for name in sorted({name for _path, name in before - left})]


def hint_for_existing(item: PlanItem, spec: RestoreSpec) -> str:
    """What to do about an object that exists and differs, where the policy leaves it alone."""
    return hint_for_shared(item, spec) or "Set existing_resource_policy: update to change it."


def hint_for_shared(item: PlanItem, spec: RestoreSpec) -> str:
    """What to do about an object that others need as it is, other than to change it; empty for all others."""
    if not _is_shared(item, spec):
        return ""
    if item.group_resource in _BINDINGS:
        return "Set merge_subjects: true to add its subjects to those that are there, which stay."
    if item.namespace is not None:
        return ""
    return (
        "It is the whole cluster's, and namespaces that are not mapped may need it as it is. "
        f"Leave it out with excluded_resources: {item.group_resource}, or make one of another name for the copy."
    )


def _is_shared(item: PlanItem, spec: RestoreSpec) -> bool:
    """Whether a copy is made of some namespaces, and the object lies in none of the new ones."""
    targets = {new for old, new in spec.namespace_mapping.items() if old != new}
    return bool(targets) and item.namespace not in targets


def _identity(subject: t.Mapping[str, t.Any]) -> tuple[str, str, str]:
    """The group of a subject follows from its kind."""
    return str(subject.get("kind")), str(subject.get("namespace") or ""), str(subject.get("name"))


def _shown(subject: t.Mapping[str, t.Any]) -> str:
    return f"{subject.get('kind')} {'/'.join(filter(None, (subject.get('namespace'), subject.get('name'))))}"


__all__ = ("hint_for_existing", "hint_for_shared", "merge_binding", "who_loses")
