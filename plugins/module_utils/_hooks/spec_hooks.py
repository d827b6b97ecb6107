# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hooks a pod gets: by its annotations, and by the rules of ``spec.hooks.resources``.

The rules: Velero 1.18, docs/compatibility 4.3, 4.4.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import parse_backup_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, Phase
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import IncludeExclude

_PODS = "pods"


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvedRule:
    """A rule that applies to pods."""

    rule: HookRule
    namespaces: IncludeExclude

    def matches(self, pod: t.Mapping[str, t.Any]) -> bool:
        """True when the namespace and the labels of ``pod`` fit."""
        metadata = pod.get("metadata") or {}
        selector = self.rule.label_selector
        return self.namespaces.accepts(str(metadata.get("namespace", ""))) and (
            selector is None or selector.matches(metadata.get("labels"))
        )


@dataclasses.dataclass(frozen=True, slots=True)
class PodHooks:
    """The hooks of one pod in the order in which they run, and warnings about its annotations."""

    pre: tuple[Hook, ...] = ()
    post: tuple[Hook, ...] = ()
    warnings: tuple[str, ...] = ()


def resolve_rules(rules: t.Iterable[HookRule], resolve: t.Callable[[str], str | None]) -> tuple[ResolvedRule, ...]:
    """The rules that apply to pods. ``resolve`` gives ``pods`` for ``po``; a name that it does not know is kept."""
    found = []
    for rule in rules:
        resources = IncludeExclude(
            tuple(resolve(name) or name for name in rule.included_resources),
            tuple(resolve(name) or name for name in rule.excluded_resources),
        )
        if resources.accepts(_PODS):
            found.append(ResolvedRule(rule, IncludeExclude(rule.included_namespaces, rule.excluded_namespaces)))
    return tuple(found)


def rules_for_others(rules: t.Iterable[HookRule], resolved: t.Sequence[ResolvedRule]) -> list[str]:
    """A sentence for each rule that is for no pods: hooks run nowhere else."""
    kept = {entry.rule for entry in resolved}
    return [f"The hook rule '{rule.name}' is not for pods, so that it never runs" for rule in rules if rule not in kept]


def unused_rules(resolved: t.Iterable[ResolvedRule], pods: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """A sentence for each rule that fits none of ``pods``."""
    open_rules = list(resolved)
    for pod in pods:
        open_rules = [entry for entry in open_rules if not entry.matches(pod)]
    return [not_used(entry) for entry in open_rules]


def not_used(entry: ResolvedRule) -> str:
    return f"The hook rule '{entry.rule.name}' fits no pod, so that its commands are not run"


def hooks_of_pod(pod: t.Mapping[str, t.Any], rules: t.Sequence[ResolvedRule]) -> PodHooks:
    """For each phase the hook in the annotations of ``pod``, and only without one those of the rules that match."""
    declared = parse_backup_hooks(pod)
    matching = [resolved.rule for resolved in rules if resolved.matches(pod)]
    pre = (declared.pre,) if declared.pre else tuple(_hooks_of_rules(matching, "pre"))
    post = (declared.post,) if declared.post else tuple(_hooks_of_rules(matching, "post"))
    return PodHooks(pre, post, declared.warnings)


def _hooks_of_rules(rules: t.Iterable[HookRule], phase: Phase) -> t.Iterator[Hook]:
    for rule in rules:
        for index, entry in enumerate(rule.pre if phase == "pre" else rule.post):
            yield Hook.of(entry, source="spec", name=rule.name, phase=phase, index=index, rule=rule)


__all__ = (
    "PodHooks",
    "ResolvedRule",
    "hooks_of_pod",
    "not_used",
    "resolve_rules",
    "rules_for_others",
    "unused_rules",
)
