# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The pods that take part in hooks, and the blocks in which they do: pre hooks of all, the work, post hooks of all."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import is_finished, pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import ResolvedRule, hooks_of_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.section import QuiescedPod
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

_Key: t.TypeAlias = "tuple[str, str]"


@dataclasses.dataclass(frozen=True, slots=True)
class HookedPod:
    """A pod and its hooks. ``pod`` holds metadata, spec, and of the status the phase and whether it is ready.

    ``claims``: the names of the PersistentVolumeClaims that it mounts, those of its ephemeral volumes among them.
    """

    pod: dict[str, t.Any]
    pre: tuple[Hook, ...] = ()
    post: tuple[Hook, ...] = ()
    warnings: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return pod_identity(self.pod)

    @property
    def is_running(self) -> bool:
        return bool(self.pod["status"]["phase"] == "Running")

    @property
    def is_ready(self) -> bool:
        conditions = self.pod["status"]["conditions"]
        return self.is_running and any(entry.get("status") == "True" for entry in conditions)


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """Pods that are quiesced together. ``sequential``: their hooks run strictly one after the other, in this order."""

    pods: list[HookedPod]
    sequential: bool = False


def find_hooks(pod: t.Mapping[str, t.Any], rules: t.Sequence[ResolvedRule]) -> HookedPod | None:
    """``pod`` with its hooks; None when it has none and nothing to say about them."""
    found = hooks_of_pod(pod, rules)
    if not (found.pre or found.post or found.warnings):
        return None
    return HookedPod(_slim(pod), found.pre, found.post, found.warnings, mounted_claims(pod))


def mounted_claims(pod: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """The claims of the pod's volumes, in their order."""
    name = pod_identity(pod)[1]
    claims = []
    for volume in (pod.get("spec") or {}).get("volumes") or []:
        if "persistentVolumeClaim" in volume:
            claims.append(str(volume["persistentVolumeClaim"]["claimName"]))
        elif "ephemeral" in volume:
            claims.append(f"{name}-{volume['name']}")
    return tuple(dict.fromkeys(claims))


def build_blocks(
    pods: t.Iterable[HookedPod],
    *,
    ordered_pods: t.Sequence[tuple[str, str]] = (),
    ordered_claims: t.Sequence[tuple[str, str]] = (),
) -> list[Block]:
    """Every pod in exactly one block; a pod that has lost its hooks to ``run_on: one`` too.

    One block are: the ordered pods, in that order (namespace, name); the running pods on ordered claims, in the
    claims' order; the running pods of a namespace that share a claim; the pods of a namespace under a rule with
    ``run_on: ordered``, by name. Blocks that have a pod in common are one.
    """
    by_key = {hooked.key: hooked for hooked in sorted(_run_on_one(list(pods)), key=lambda hooked: hooked.key)}
    on_claims: dict[_Key, list[_Key]] = collections.defaultdict(list)
    by_rule: dict[tuple[HookRule, str], list[_Key]] = collections.defaultdict(list)
    for key, hooked in by_key.items():
        if hooked.is_running:
            for claim in hooked.claims:
                on_claims[key[0], claim].append(key)
        for rule in _rules_of(hooked):
            if rule.run_on == "ordered":
                by_rule[rule, key[0]].append(key)
    listed = [key for key in ordered_pods if key in by_key]
    on_listed_claims = [key for claim in ordered_claims for key in on_claims.get(claim, ())]
    place = {key: at for at, key in enumerate(dict.fromkeys([*listed, *on_listed_claims]))}
    in_order = [listed, on_listed_claims, *by_rule.values()]
    groups = _Groups(by_key)
    for members in (*in_order, *on_claims.values()):
        groups.join(members)
    sequential = {groups.of(members[0]) for members in in_order if len(members) > 1}

    def rank(key: _Key) -> tuple[int, _Key]:
        return place.get(key, len(place)), key

    blocks: dict[_Key, list[_Key]] = collections.defaultdict(list)
    for key in sorted(by_key, key=rank):
        blocks[groups.of(key)].append(key)
    return [Block([by_key[key] for key in keys], group in sequential) for group, keys in blocks.items()]


def prepare_pod(hooked: HookedPod, preflight: Preflight, log: RunLog) -> QuiescedPod:
    """The pod as a critical section takes it: each of its pre hooks seen through, its warnings logged."""
    namespace, name = hooked.key
    for warning in hooked.warnings:
        log.warning(warning, name=name, namespace=namespace, resource="pods")
    pre = [preflight.examine(hooked.pod, hook) for hook in hooked.pre]
    return QuiescedPod(pod=hooked.pod, pre=pre, post=list(hooked.post), release_owed=not pre)


class _Groups:
    """Keys that belong together, directly or through others."""

    def __init__(self, keys: t.Iterable[_Key]) -> None:
        self._parent = {key: key for key in keys}

    def of(self, key: _Key) -> _Key:
        """The key that stands for the group of ``key``."""
        while self._parent[key] != key:
            self._parent[key] = self._parent[self._parent[key]]
            key = self._parent[key]
        return key

    def join(self, members: t.Sequence[_Key]) -> None:
        for key in members[1:]:
            self._parent[self.of(key)] = self.of(members[0])


def _slim(pod: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    status = pod.get("status") or {}
    ready = [entry for entry in status.get("conditions") or [] if entry.get("type") == "Ready"]
    metadata = {name: value for name, value in pod["metadata"].items() if name != "managedFields"}
    return {
        "metadata": metadata,
        "spec": pod.get("spec") or {},
        "status": {"phase": status.get("phase", ""), "conditions": ready},
    }


def _rules_of(hooked: HookedPod) -> list[HookRule]:
    return list(dict.fromkeys(hook.rule for hook in (*hooked.pre, *hooked.post) if hook.rule is not None))


def _run_on_one(pods: t.Sequence[HookedPod]) -> list[HookedPod]:
    """Take the hooks of rules with ``run_on: one`` from all pods but one in each namespace.

    It is the first one by name that is running and ready. Where none is, it is the first that could still run a
    command, so that a missing pod is seen as a hook that fails.
    """
    chosen: dict[tuple[HookRule, str], HookedPod] = {}
    for hooked in sorted(pods, key=lambda hooked: (not hooked.is_ready, is_finished(hooked.pod), hooked.key)):
        for rule in _rules_of(hooked):
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


__all__ = ("Block", "HookedPod", "build_blocks", "find_hooks", "mounted_claims", "prepare_pod")
