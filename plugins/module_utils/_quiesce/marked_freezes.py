# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Freezes that an earlier task left behind, as their marks describe them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import FreezeTimer
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import find_volume_mount
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord, FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import mount_path


def freezes_of(
    marks: t.Iterable[Mark], pods: t.Iterable[ObjectView], hook: Hook, *, now: dt.datetime
) -> list[ActiveFreeze]:
    """The marked freezes, as a releaser takes them; ``hook`` stands for the command that froze.

    ``now`` by the clock that the marks go by.

    ``pods``: those that are there. A freeze of another pod, or of a container that does not mount the claim any more,
    is ended by its claim.
    """
    known = {pod_identity(pod): pod for pod in pods}
    by_lease: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        by_lease.setdefault((mark.lease_id, mark.pod), []).append(mark)
    return [_freeze(known.get((group[0].namespace, group[0].pod)), hook, group, now) for group in by_lease.values()]


def freeze_of_task(pod: ObjectView, hook: Hook, *, lease_id: str, container: str, path: str) -> ActiveFreeze:
    """The freeze that a task names, whose mark is gone: the task's own options say where it is."""
    namespace, name = pod_identity(pod)
    node = str((pod.get("spec") or {}).get("nodeName", ""))
    target = FreezeTarget(namespace=namespace, pod=name, node=node, container=container, path=path)
    return _to_freeze(FreezeTimer(lease_id, (target,), (("fsfreeze", "--unfreeze", path),), 1.0), hook)


def _freeze(pod: ObjectView | None, hook: Hook, marks: list[Mark], now: dt.datetime) -> ActiveFreeze:
    paths = [_path_in(pod, mark) for mark in marks]
    seconds = max(1.0, (marks[0].until - now).total_seconds())
    thaws = tuple(mark.thaw_argv(path) for mark, path in zip(marks, paths, strict=True))
    freeze = _to_freeze(FreezeTimer(marks[0].lease_id, tuple(mark.target for mark in marks), thaws, seconds), hook)
    # Without a claim there is no other way than through the container.
    gone = any(mark.claim and not path for mark, path in zip(marks, paths, strict=True))
    return dataclasses.replace(freeze, container_gone=gone)


def _path_in(pod: ObjectView | None, mark: Mark) -> str:
    """Where the container has the claim; the mark's own path where that is the same. Empty where it has not."""
    if pod is None or (pod.get("spec") or {}).get("nodeName", "") != mark.node:
        return ""
    if not mark.claim:
        return mark.path
    try:
        if find_volume_mount(pod, mark.container, mark.path).claim == mark.claim:
            return mark.path
    except QuiesceError:
        pass
    return mount_path(pod, mark.container, mark.claim.partition("/")[2])


def _to_freeze(timer: FreezeTimer, hook: Hook) -> ActiveFreeze:
    records = [FreezeRecord(target=target, lease_id=timer.lease_id, timer="armed") for target in timer.targets]
    now = time.monotonic()
    return ActiveFreeze(
        timer=timer, records=records, armed=True, freezer=hook, frozen_at=now, timer_end=now + timer.seconds
    )


__all__ = ("freeze_of_task", "freezes_of")
