# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a pod that is not ready, in the words of its status."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: Reasons of waiting containers that are no trouble by themselves.
_ON_ITS_WAY = frozenset({"ContainerCreating", "PodInitializing", ""})


def pod_trouble(pod: ObjectView) -> str:
    """Why a pod is not ready, in Kubernetes' words where it has any; empty for one that is."""
    status = pod.get("status") or {}
    ready = condition_of(status, "Ready")
    if ready.get("status") == "True":
        return ""
    return (
        stated_reason(pod) or _of_containers(status, _on_its_way) or sentence_of(ready) or "it has not been started yet"
    )


def stated_reason(pod: ObjectView) -> str:
    """What the status names as the cause; where that is empty, only events may know more."""
    status = pod.get("status") or {}
    if status.get("phase") == "Failed":
        return f"it has failed: {sentence_of(status) or _of_containers(status, _ended_badly) or 'no reason is given'}"
    scheduled = condition_of(status, "PodScheduled")
    if scheduled.get("status") == "False":
        return sentence_of(scheduled)
    return _of_containers(status, _waiting_in_vain) or _of_containers(status, _ended_badly)


def _of_containers(status: ObjectView, explain: t.Callable[[ObjectView], str]) -> str:
    """The first container that has something to say, init containers first."""
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        if why := explain(container):
            return f"container {container['name']}: {why}"
    return ""


def _waiting_in_vain(container: ObjectView) -> str:
    waiting = (container.get("state") or {}).get("waiting") or {}
    if str(waiting.get("reason", "")) in _ON_ITS_WAY:
        return ""
    last = (container.get("lastState") or {}).get("terminated") or {}
    return sentence_of(waiting) + (f" (exit code {last['exitCode']})" if "exitCode" in last else "")


def _ended_badly(container: ObjectView) -> str:
    ended = (container.get("state") or {}).get("terminated") or {}
    code = ended.get("exitCode", 0)
    return f"{ended.get('reason') or 'Error'} (exit code {code})" if code else ""


def _on_its_way(container: ObjectView) -> str:
    state = container.get("state") or {}
    if "waiting" in state:
        return str(state["waiting"].get("reason") or "it has not been started yet")
    if "running" in state and not container.get("ready"):
        return "it runs, and is not ready"
    return ""


def condition_of(status: ObjectView, name: str) -> ObjectView:
    for condition in status.get("conditions") or ():
        if condition.get("type") == name:
            return t.cast("ObjectView", condition)
    return {}


def sentence_of(condition: ObjectView) -> str:
    """``reason: message`` of a condition, a state or a status."""
    return ": ".join(str(condition[part]) for part in ("reason", "message") if condition.get(part))


__all__ = ("condition_of", "pod_trouble", "sentence_of", "stated_reason")
