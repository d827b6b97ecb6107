# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Freezes that an earlier task left behind, as the marks on a pod tell them."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.lease import Lease
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord, FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Held


def held_on_pod(pod: t.Mapping[str, t.Any], hook: Hook) -> list[Held]:
    """Every marked freeze of ``pod``, as a releaser takes it; ``hook`` stands for the command that froze."""
    by_lease: dict[str, list[Mark]] = {}
    for mark in read_marks(pod):
        by_lease.setdefault(mark.lease_id, []).append(mark)
    return [_held(pod, hook, marks) for marks in by_lease.values()]


def held_by_id(pod: t.Mapping[str, t.Any], hook: Hook, *, lease_id: str, container: str, path: str) -> Held:
    """The freeze of ``lease_id``; its mark may be gone, then the task's own words tell where it is."""
    for held in held_on_pod(pod, hook):
        if held.lease.lease_id == lease_id:
            return held
    namespace, name = pod_identity(pod)
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    target = FreezeTarget(namespace=namespace, pod=name, node=node, container=container, path=path)
    lease = Lease(lease_id, (target,), (("fsfreeze", "--unfreeze", path),), 1.0)
    return _to_held(lease, hook)


def _held(pod: t.Mapping[str, t.Any], hook: Hook, marks: list[Mark]) -> Held:
    namespace, name = pod_identity(pod)
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    targets = tuple(
        FreezeTarget(
            namespace=namespace,
            pod=name,
            node=node,
            container=mark.container,
            path=mark.path,
            claim=mark.claim,
            device=mark.device,
        )
        for mark in marks
    )
    seconds = max(1.0, (marks[0].until - utc_now()).total_seconds())
    return _to_held(Lease(marks[0].lease_id, targets, tuple(mark.thaw for mark in marks), seconds), hook)


def _to_held(lease: Lease, hook: Hook) -> Held:
    records = [
        FreezeRecord(target=target, lease_id=lease.lease_id, lease="armed", started=utc_now())
        for target in lease.targets
    ]
    now = time.monotonic()
    return Held(lease=lease, records=records, armed=True, freezer=hook, frozen_at=now, lease_end=now + lease.seconds)


__all__ = ("held_by_id", "held_on_pod")
