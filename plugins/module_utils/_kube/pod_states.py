# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a pod does not run, or has not run to a good end, by what it says of itself.

Kubernetes 1.34: pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go and kuberuntime (reasons of waiting
containers), pkg/kubelet/lifecycle/predicate.go (``OutOf...``), pkg/kubelet/eviction (``Evicted``).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: What tries again on its own gets this long, in seconds.
_RETRIED_SECONDS = 15.0
#: A cluster that grows on demand has a new node by then, in seconds.
_UNSCHEDULABLE_SECONDS = 120.0
#: A node that has much to do hears late of the Secrets and ConfigMaps of a pod, and has it longer than that.
_NOT_HEARD_OF = "failed to sync"
_NOT_HEARD_OF_SECONDS = 120.0
_NEVER_PULLED = ("InvalidImageName", "ErrImageNeverPull")
_NOT_PULLED = (
    "ErrImagePull",
    "ImagePullBackOff",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
_NOT_CREATED = (
    "CreateContainerConfigError",
    "CreateContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
    "RunContainerError",
    "StartError",
    "CrashLoopBackOff",
)


class Trouble(t.NamedTuple):
    """What keeps a pod from running, and how long that may last, in seconds."""

    kind: str
    text: str
    patience: float = 0.0


def container_statuses(pod: ObjectView) -> list[ObjectView]:
    """Of the init containers and the others, in their order."""
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def state_of(pod: ObjectView, container: str) -> ObjectView:
    """The state of a container; empty where it has none yet."""
    for status in container_statuses(pod):
        if status.get("name") == container:
            return dict(status.get("state") or {})
    return {}


def has_started(pod: ObjectView, container: str) -> bool:
    """Whether a container runs, or has run."""
    return bool({"running", "terminated"} & set(state_of(pod, container)))


def trouble_of(pod: ObjectView) -> Trouble | None:
    """What keeps the pod from running; None for one that is on its way."""
    for status in container_statuses(pod):
        waiting = (status.get("state") or {}).get("waiting") or {}
        reason = str(waiting.get("reason") or "")
        text = f"{_image_or_name(status, reason)}: {_with_message(reason, waiting)}"
        if reason in _NEVER_PULLED:
            return Trouble("image", text)
        if reason in _NOT_PULLED:
            return Trouble("image", text, _RETRIED_SECONDS)
        if reason in _NOT_CREATED:
            return Trouble("container", text, _NOT_HEARD_OF_SECONDS if _NOT_HEARD_OF in text else _RETRIED_SECONDS)
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return Trouble("schedule", _with_message(str(condition.get("reason")), condition), _UNSCHEDULABLE_SECONDS)
    return None


def why_failed(pod: ObjectView) -> str:
    """Why a pod has failed: what the node did, else which containers ended badly."""
    status = pod.get("status") or {}
    reasons = [_with_message(str(status["reason"]), status)] if status.get("reason") else []
    if not reasons:
        reasons += disruptions(pod)
    reasons += [text for text in map(_bad_end, container_statuses(pod)) if text]
    return "; ".join(reasons) or "it says no reason"


def last_seen(pod: ObjectView | None) -> str:
    """What a pod said last, for the sentence of a wait that is over."""
    if pod is None:
        return "it was not there"
    status = pod.get("status") or {}
    parts = [f"phase {status.get('phase', 'unknown')}"]
    parts += [f"container {each.get('name')} {_words(each.get('state') or {})}" for each in container_statuses(pod)]
    parts += disruptions(pod)
    found = trouble_of(pod)
    if found is not None and found.kind == "schedule":
        parts.append(found.text)
    return ", ".join(parts)


def disruptions(pod: ObjectView) -> list[str]:
    """What ends a pod from outside: a drain, a taint, a preemption."""
    return [
        _with_message(str(condition.get("reason")), condition)
        for condition in (pod.get("status") or {}).get("conditions") or []
        if condition.get("type") == "DisruptionTarget" and condition.get("status") == "True"
    ]


def _bad_end(status: ObjectView) -> str:
    ended = (status.get("state") or {}).get("terminated") or {}
    code = ended.get("exitCode")
    if not ended or code == 0:
        return ""
    # "Error" says no more than the exit code.
    reason = str(ended.get("reason") or "")
    said = _with_message(reason, ended) if reason not in ("", "Error") else str(ended.get("message") or "").strip()
    text = f"container {status.get('name')} ended with exit code {code}"
    return f"{text} ({said})" if said else text


def _words(state: ObjectView) -> str:
    if "terminated" in state:
        return f"ended with exit code {state['terminated'].get('exitCode')}"
    if "running" in state:
        return "runs"
    return f"waits ({(state.get('waiting') or {}).get('reason') or 'not started yet'})"


def _image_or_name(status: ObjectView, reason: str) -> str:
    name = f"container {status.get('name')}"
    pulls = reason in _NEVER_PULLED or reason in _NOT_PULLED
    return f"image {status.get('image')} of {name}" if pulls and status.get("image") else name


def _with_message(reason: str, said: ObjectView) -> str:
    message = str(said.get("message") or "").strip().rstrip(".")
    return f"{reason}: {message}" if message else reason


__all__ = (
    "Trouble",
    "container_statuses",
    "disruptions",
    "has_started",
    "last_seen",
    "state_of",
    "trouble_of",
    "why_failed",
)
