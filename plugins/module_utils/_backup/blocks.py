# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pods that take part in hooks, and the blocks in which they do: pre hooks of all, the work, post hooks of all."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import (
    HookedPod,
    find_hooks,
    rules_of,
    run_on_one,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule

_Key: t.TypeAlias = "tuple[str, str]"


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """Pods that are quiesced together. ``sequential``: their hooks run strictly one after the other, in this order."""

    pods: list[HookedPod]
    sequential: bool = False


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
    by_key = {hooked.key: hooked for hooked in sorted(run_on_one(list(pods)), key=lambda hooked: hooked.key)}
    on_claims: dict[_Key, list[_Key]] = collections.defaultdict(list)
    by_rule: dict[tuple[HookRule, str], list[_Key]] = collections.defaultdict(list)
    for key, hooked in by_key.items():
        if hooked.is_running:
            for claim in hooked.claims:
                on_claims[key[0], claim].append(key)
        for rule in rules_of(hooked):
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


__all__ = ("Block", "HookedPod", "build_blocks", "find_hooks")
