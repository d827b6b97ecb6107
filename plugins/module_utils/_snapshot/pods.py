# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pods that mount the claims, with the hooks that run around their snapshots."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import (
    ResolvedRule,
    hooks_of_pod,
    resolve_rules,
    rules_for_others,
    unused_rules,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_running, mounted_claims, pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import find_volume_mount
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import (
    HookedPod,
    freeze_after,
    give_hooks,
    rules_of,
    run_on_one,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import Quiescing
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

TASK_HOOK_NAME = "k8s_snapshot"
_POD_NAMES = ("pods", "pod", "po")


@dataclasses.dataclass(frozen=True, slots=True)
class QuiescePlan:
    """``pods`` are those that mount the claims, ``hooked`` those of them with something to run, and in which order."""

    pods: list[Object]
    hooked: list[HookedPod]
    sequential: bool
    warnings: list[str]


def plan_quiescing(client: KubeClient, namespace: str, claims: t.Collection[str], quiescing: Quiescing) -> QuiescePlan:
    """Raises ``SnapshotError`` when a path is to be frozen that no pod has one of the claims at."""
    items = client.get(f"/api/v1/namespaces/{namespace}/pods").get("items") or []
    wanted = set(claims)
    pods = sorted(
        (pod for pod in items if is_running(pod) and not wanted.isdisjoint(mounted_claims(pod))), key=pod_identity
    )
    rules = resolve_rules(quiescing.rules, lambda name: "pods" if name.lower() in _POD_NAMES else None)
    hooked = run_on_one([_with_hooks(pod, rules, quiescing) for pod in pods])
    sequential = any(rule.run_on == "ordered" for pod in hooked for rule in rules_of(pod))
    warnings = [f"pod {'/'.join(pod.key)}: {text}" for pod in hooked for text in pod.warnings]
    warnings += [f"{text}." for text in (*rules_for_others(quiescing.rules, rules), *unused_rules(rules, pods))]
    warnings += quiescing.databases.unused(pods, among="running pod that mounts one of the claims")
    if quiescing.freeze_paths:
        hooked = _freeze_paths(hooked, wanted, quiescing, warnings)
    return QuiescePlan(pods, [pod for pod in hooked if pod.pre or pod.post or pod.database], sequential, warnings)


def _with_hooks(pod: Object, rules: t.Sequence[ResolvedRule], quiescing: Quiescing) -> HookedPod:
    bare = {**pod, "metadata": {**pod["metadata"], "annotations": {}}}
    return give_hooks(pod, hooks_of_pod(pod if quiescing.pod_hooks else bare, rules), quiescing.databases)


def _freeze_paths(
    pods: t.Sequence[HookedPod], claims: t.Collection[str], quiescing: Quiescing, warnings: list[str]
) -> list[HookedPod]:
    """The pods with a freeze as their last pre hook, and its end as their first post hook.

    What the hooks of a pod freeze themselves is left to them.
    """
    out: list[HookedPod] = []
    unused = dict.fromkeys(quiescing.freeze_paths, "no running pod mounts one of the claims")
    open_claims = set(claims)
    for hooked in pods:
        container = resolve_container(hooked.pod, quiescing.container)
        declared = {freeze.path for hook in hooked.pre for freeze in recognise_hook(hook).freezes}
        paths = []
        for path in quiescing.freeze_paths:
            try:
                claim = find_volume_mount(hooked.pod, container, path).claim.partition("/")[2]
            except QuiesceError as exc:
                if path in unused:
                    unused[path] = exc.message
                continue
            if claim not in claims:
                if path in unused:
                    unused[path] = f"claim {claim}, which is mounted there, is not among those to be snapshotted"
                continue
            unused.pop(path, None)
            open_claims.discard(claim)
            if path not in declared:
                paths.append(path)
        out.append(freeze_after(hooked, container, paths, name=TASK_HOOK_NAME) if paths else hooked)
    for path, why in unused.items():
        raise SnapshotError(
            f"The freeze_path {path} cannot be frozen in any pod that mounts the claims: {why.rstrip('.')}.",
            hint="Name the mount path of a claim, and the container that has it.",
        )
    if open_claims:
        warnings.append(f"Not frozen, because no freeze_path leads there: {', '.join(sorted(open_claims))}.")
    return out


__all__ = ("TASK_HOOK_NAME", "QuiescePlan", "plan_quiescing")
