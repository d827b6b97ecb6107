# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose freeze it is that a file system is found frozen by: one that a dead run has left is ended."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freezes import MarkedFreezes, gather
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget, HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import sweep


@dataclasses.dataclass(frozen=True, slots=True)
class Others:
    """``ended``: what dead runs left is thawed now. ``said``: whose it is, or was; empty when it is none of ours."""

    ended: bool = False
    said: str = ""


def look_at_others(
    client: KubeClient,
    pod: t.Mapping[str, t.Any],
    targets: t.Sequence[FreezeTarget],
    *,
    own_run: str,
    helper: HelperPod | None = None,
) -> Others:
    """Read the marks on ``pod`` and on the claims of ``targets``, as they are now, except those of ``own_run``."""
    claims = list(dict.fromkeys(target.claim for target in targets if target.claim))
    pods, found = _read_marks(client, pod, claims, own_run)
    holder = _holder(client, found, claims)
    if holder:
        return Others(said=holder)
    swept = sweep(client, found, pods=pods, helper=helper, own_run=own_run)
    ended = [each for each in swept if each.state in ("thawed", "not frozen")]
    if any(each.state == "thawed" for each in ended):
        runs = ", ".join(dict.fromkeys(each.mark.run for each in ended))
        return Others(ended=True, said=f"the freeze that run {runs} has left was thawed")
    failed = [each.error for each in swept if each.state == "failed"]
    return Others(said=f"an earlier run has left it, and {failed[0]}") if failed else Others()


def who_holds(client: KubeClient, pod: t.Mapping[str, t.Any], claims: t.Sequence[str], *, own_run: str) -> str:
    """Which live run but ``own_run`` has one of ``claims`` frozen, in words; empty where none has."""
    return _holder(client, _read_marks(client, pod, claims, own_run)[1], claims)


def _read_marks(
    client: KubeClient, pod: t.Mapping[str, t.Any], claims: t.Sequence[str], own_run: str
) -> tuple[list[dict[str, t.Any]], MarkedFreezes]:
    """The pod as it is now, where it can be read, and what is marked on it and on the claims."""
    metadata = pod["metadata"]
    paths = [f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"]
    paths += ["/api/v1/namespaces/{}/persistentvolumeclaims/{}".format(*claim.split("/", 1)) for claim in claims]
    objects = []
    for path in paths:
        try:
            objects.append(client.get(path))
        except KubeError:
            objects.append({})
    return [each for each in objects[:1] if each], gather(objects[:1], objects[1:]).without_run(own_run)


def _holder(client: KubeClient, found: MarkedFreezes, claims: t.Collection[str]) -> str:
    now = client.server_now()
    for mark in found.marks:
        if found.is_live(mark, now) and (not mark.claim or mark.claim in claims):
            return (
                f"run {mark.run} holds it until {rfc3339(mark.until)}, by lease {mark.lease_id} in pod "
                f"{mark.namespace}/{mark.pod}"
            )
    return ""


__all__ = ("Others", "look_at_others", "who_holds")
