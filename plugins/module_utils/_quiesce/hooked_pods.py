# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods with their hooks, as a critical section takes them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import (
    NO_DATABASES,
    DatabaseChoice,
    DatabaseDeclaration,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import (
    PodHooks,
    ResolvedRule,
    hooks_of_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import (
    is_finished,
    is_running,
    mounted_claims,
    pod_identity,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule


class PodWork(t.NamedTuple):
    """What is done in pods around something, beside what they say themselves. ``quiesces`` False: nothing at all."""

    rules: tuple[ResolvedRule, ...] = ()
    databases: DatabaseChoice = DatabaseChoice()
    quiesces: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class HookedPod:
    """A pod and its hooks. ``pod`` holds metadata, spec, and of the status the phase and whether it is ready.

    ``claims``: the names of the PersistentVolumeClaims that it mounts, those of its ephemeral volumes among them.
    ``database``: the one in it that is held around the snapshots.
    """

    pod: dict[str, t.Any]
    pre: tuple[Hook, ...] = ()
    post: tuple[Hook, ...] = ()
    warnings: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    database: DatabaseDeclaration | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return pod_identity(self.pod)

    @property
    def is_running(self) -> bool:
        return is_running(self.pod)

    @property
    def is_ready(self) -> bool:
        conditions = self.pod["status"]["conditions"]
        return self.is_running and any(entry.get("status") == "True" for entry in conditions)


def find_hooks(
    pod: t.Mapping[str, t.Any], rules: t.Sequence[ResolvedRule], databases: DatabaseChoice = NO_DATABASES
) -> HookedPod | None:
    """``pod`` with its hooks and its database; None when it has none and nothing to say about them."""
    found = give_hooks(pod, hooks_of_pod(pod, rules), databases)
    return found if found.pre or found.post or found.warnings or found.database else None


def give_hooks(pod: t.Mapping[str, t.Any], hooks: PodHooks, databases: DatabaseChoice = NO_DATABASES) -> HookedPod:
    """``pod`` with these hooks, and its database, if it runs: nothing is written to that of another one."""
    database = databases.of_pod(pod) if is_running(pod) else None
    return HookedPod(_slim(pod), hooks.pre, hooks.post, hooks.warnings, mounted_claims(pod), database)


def run_on_one(pods: t.Sequence[HookedPod]) -> list[HookedPod]:
    """Take the hooks of rules with ``run_on: one`` from all pods but one in each namespace.

    It is the first one by name that is running and ready. Where none is, it is the first that could still run a
    command, so that a missing pod is seen as a hook that fails.
    """
    chosen: dict[tuple[HookRule, str], HookedPod] = {}
    for hooked in sorted(pods, key=lambda hooked: (not hooked.is_ready, is_finished(hooked.pod), hooked.key)):
        for rule in rules_of(hooked):
            if rule.run_on == "one":
                chosen.setdefault((rule, hooked.key[0]), hooked)

    def keeps(hooked: HookedPod, hook: Hook) -> bool:
        rule = hook.rule
        return rule is None or rule.run_on != "one" or chosen[rule, hooked.key[0]] is hooked

    return [
        dataclasses.replace(
            hooked,
            pre=tuple(hook for hook in hooked.pre if keeps(hooked, hook)),
            post=tuple(hook for hook in hooked.post if keeps(hooked, hook)),
        )
        for hooked in pods
    ]


def rules_of(hooked: HookedPod) -> list[HookRule]:
    """The rules that gave the pod its hooks, in their order."""
    return list(dict.fromkeys(hook.rule for hook in (*hooked.pre, *hooked.post) if hook.rule is not None))


def _slim(pod: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    status = pod.get("status") or {}
    ready = [entry for entry in status.get("conditions") or [] if entry.get("type") == "Ready"]
    metadata = {name: value for name, value in pod["metadata"].items() if name != "managedFields"}
    return {
        "metadata": metadata,
        "spec": pod.get("spec") or {},
        "status": {"phase": status.get("phase", ""), "conditions": ready},
    }


__all__ = ("HookedPod", "PodWork", "find_hooks", "give_hooks", "rules_of", "run_on_one")
