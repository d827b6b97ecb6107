# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How workloads of each kind are stopped, so that nothing makes a pod of them: a merge patch that can be taken back."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CRON_JOBS,
    DAEMON_SETS,
    JOBS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource, label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView

#: No node has this label, so that no pod of a DaemonSet fits anywhere.
NO_NODE = "arkive.k8s/rolled-back-by"
_ENDED = frozenset({"Complete", "Failed"})


def stop_patch(group_resource: GroupResource, obj: ObjectView, restore: str) -> Object:
    """Empty for one that makes no pods as it is. ``group_resource`` is one of ``STOPPABLE``."""
    if group_resource == DAEMON_SETS:
        return {"spec": {"template": {"spec": {"nodeSelector": {NO_NODE: label_value(restore)}}}}}
    spec = obj.get("spec") or {}
    if group_resource in (JOBS, CRON_JOBS):
        return {} if spec.get("suspend") else {"spec": {"suspend": True}}
    if spec.get("replicas", 1) == 0:
        return {}
    return {"spec": {"replicas": 0, **_keep_claims(spec)}}


def say_stop(group_resource: GroupResource, obj: ObjectView) -> str:
    """What ``stop_patch`` does, as a phrase."""
    spec = obj.get("spec") or {}
    if group_resource == DAEMON_SETS:
        return "gets a node selector that no node fits"
    if group_resource in (JOBS, CRON_JOBS):
        return "is suspended"
    return f"goes from {spec.get('replicas', 1)} to 0 replicas"


def has_ended(job: ObjectView) -> bool:
    """Whether a Job makes no more pods."""
    conditions: t.Iterable[t.Any] = (job.get("status") or {}).get("conditions") or ()
    return any(each.get("type") in _ENDED and each.get("status") == "True" for each in conditions)


def _keep_claims(spec: ObjectView) -> Object:
    """A StatefulSet may delete the claims of the pods that it scales down, whose data would go with them."""
    policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    if policy.get("whenScaled") != "Delete":
        return {}
    return {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain"}}


__all__ = ("NO_NODE", "has_ended", "say_stop", "stop_patch")
