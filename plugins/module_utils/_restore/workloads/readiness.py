# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a workload is ready (Kubernetes 1.34: the rules of ``kubectl rollout status``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_trouble import (
    condition_of,
    pod_trouble,
    sentence_of,
)

#: What is waited for: what keeps pods running, and pods that nobody keeps. Jobs end when they like.
WORKLOADS = frozenset(
    {
        DEPLOYMENTS,
        STATEFUL_SETS,
        DAEMON_SETS,
        REPLICA_SETS,
        REPLICATION_CONTROLLERS,
        PODS,
    }
)


class Readiness(t.NamedTuple):
    """``why`` is a phrase about what is missing; ``is_final`` says that it never will be ready."""

    ready: bool
    why: str = ""
    is_final: bool = False


_READY = Readiness(True)


def is_ready(obj: ObjectView) -> Readiness:
    """Judge an object of a type of ``WORKLOADS``, with its ``kind``."""
    kind = obj.get("kind", "")
    if obj["metadata"].get("deletionTimestamp"):
        return Readiness(False, "it is being deleted")
    if kind == "Pod":
        return _pod(obj)
    status, generation = obj.get("status") or {}, int(obj["metadata"].get("generation") or 0)
    # One from a backup may be higher: the status may have been restored.
    if int(status.get("observedGeneration") or 0) != generation:
        return Readiness(False, "its controller has not looked at it yet")
    return _RULES[kind](obj.get("spec") or {}, status)


def has_controller(obj: ObjectView) -> bool:
    """True for an object that is another one's business."""
    return any(reference.get("controller") for reference in obj["metadata"].get("ownerReferences") or ())


def _deployment(spec: ObjectView, status: ObjectView) -> Readiness:
    if spec.get("paused"):
        return _READY
    wanted, updated = _number(spec, "replicas", 1), _number(status, "updatedReplicas")
    if updated < wanted:
        return Readiness(False, _with_refusal(f"{updated} of {wanted} replicas are updated", status))
    old = _number(status, "replicas") - updated
    if old > 0:
        return Readiness(False, f"{old} old replicas are still to go")
    available = _number(status, "availableReplicas")
    if available < updated:
        return Readiness(False, _with_refusal(f"{available} of {updated} replicas are available", status))
    return _READY


def _stateful_set(spec: ObjectView, status: ObjectView) -> Readiness:
    wanted, ready = _number(spec, "replicas", 1), _number(status, "readyReplicas")
    if ready < wanted:
        return Readiness(False, f"{ready} of {wanted} replicas are ready")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return _READY
    updated = _number(status, "updatedReplicas")
    partition = _number(strategy.get("rollingUpdate") or {}, "partition")
    if partition:
        wanted = max(0, wanted - partition)
    elif status.get("updateRevision") == status.get("currentRevision"):
        return _READY
    if partition and updated >= wanted:
        return _READY
    return Readiness(False, f"{updated} of {wanted} replicas are updated")


def _daemon_set(spec: ObjectView, status: ObjectView) -> Readiness:
    wanted = _number(status, "desiredNumberScheduled")
    updated, available = _number(status, "updatedNumberScheduled"), _number(status, "numberAvailable")
    if (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate" and updated < wanted:
        return Readiness(False, f"{updated} of {wanted} pods are updated")
    if available < wanted:
        return Readiness(False, f"{available} of {wanted} pods are available")
    return _READY


def _replica_set(spec: ObjectView, status: ObjectView) -> Readiness:
    wanted, available = _number(spec, "replicas", 1), _number(status, "availableReplicas")
    if available < wanted:
        return Readiness(False, _with_refusal(f"{available} of {wanted} replicas are available", status))
    return _READY


_RULES: t.Mapping[str, t.Callable[[ObjectView, ObjectView], Readiness]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replica_set,
    "ReplicationController": _replica_set,
}


def _pod(pod: ObjectView) -> Readiness:
    status = pod.get("status") or {}
    phase = status.get("phase")
    if phase == "Succeeded":
        return _READY
    if phase == "Failed":
        return Readiness(False, pod_trouble(pod), is_final=True)
    if condition_of(status, "Ready").get("status") == "True":
        return _READY
    return Readiness(False, pod_trouble(pod))


def _with_refusal(why: str, status: ObjectView) -> str:
    """What keeps pods from being made is said by a condition."""
    refusal = condition_of(status, "ReplicaFailure")
    return f"{why} ({sentence_of(refusal)})" if refusal.get("status") == "True" else why


def _number(holder: ObjectView, name: str, default: int = 0) -> int:
    value = holder.get(name)
    return default if value is None else int(value)


__all__ = ("WORKLOADS", "Readiness", "has_controller", "is_ready")
