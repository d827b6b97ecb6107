# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Find the pods that take part in hooks, and see their hooks through before the first one runs."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import AnnotationHooks, parse_backup_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.section import QuiescedPod
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog


@dataclasses.dataclass(frozen=True, slots=True)
class HookedPod:
    """A pod and the hooks it declares."""

    pod: dict[str, t.Any]
    hooks: AnnotationHooks


def find_hooked_pod(pod: dict[str, t.Any]) -> HookedPod | None:
    """``pod`` with its hooks; None when it has none and nothing to say about them."""
    hooks = parse_backup_hooks(pod)
    if hooks.pre is None and hooks.post is None and not hooks.warnings:
        return None
    return HookedPod(pod, hooks)


def prepare(hooked: HookedPod, preflight: Preflight, log: RunLog) -> QuiescedPod:
    """The pod as the critical section takes it: its pre hook seen through."""
    namespace, name = pod_identity(hooked.pod)
    for warning in hooked.hooks.warnings:
        log.warning(warning, name=name, namespace=namespace, resource="pods")
    pre = [preflight.examine(hooked.pod, hooked.hooks.pre)] if hooked.hooks.pre else []
    post = [hooked.hooks.post] if hooked.hooks.post else []
    return QuiescedPod(pod=hooked.pod, pre=pre, post=post, release_owed=not pre)


__all__ = ("HookedPod", "find_hooked_pod", "prepare")
