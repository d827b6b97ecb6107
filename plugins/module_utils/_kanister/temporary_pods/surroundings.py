# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a pod from running although it says nothing of it: its node, its claims, their volumes.

What may not be read is passed over: rights on nodes and volumes are not needed for anything else.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_objects import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.last_state import last_state
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_states import (
    Trouble,
    disruptions,
    last_seen,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims, pod_identity

#: A node that is only late with its sign of life is back by then, in seconds.
_NODE_SECONDS = 20.0


def look_around(client: KubeClient, pod: ObjectView) -> Trouble | None:
    """What is wrong around a pod that has not started yet."""
    namespace = pod_identity(pod)[0]
    return _node_trouble(client, pod) or next(
        filter(None, (_claim_trouble(client, namespace, name) for name in mounted_claims(pod))), None
    )


def warnings_about(client: KubeClient, pod: ObjectView) -> str:
    """What the cluster warns of about a pod; empty where it says nothing, or may not be asked."""
    namespace = pod_identity(pod)[0]
    selector = f"involvedObject.uid={(pod.get('metadata') or {}).get('uid', '')},type=Warning"
    found = _read(client, f"/api/v1/namespaces/{namespace}/events", {"fieldSelector": selector})
    messages = [str(event.get("message") or "").strip() for event in (found or {}).get("items") or []]
    return messages[-1].rstrip(".") if messages else ""


def who_deleted(call: FunctionCall, seen: ObjectView | None) -> str:
    """In words, what a pod that is gone told last: an eviction is told from somebody's deletion by it."""
    gone = last_state(call.client, PODS, seen) if seen else None
    if gone is None:
        return f"by somebody or by an eviction; before that: {last_seen(seen)}"
    disrupted = disruptions(gone)
    return f"by {'; '.join(disrupted)}" if disrupted else f"by somebody; in the end: {last_seen(gone)}"


def _node_trouble(client: KubeClient, pod: ObjectView) -> Trouble | None:
    name = (pod.get("spec") or {}).get("nodeName")
    node = _read(client, f"/api/v1/nodes/{name}") if name else None
    if node is None:
        return None
    if (node.get("spec") or {}).get("unschedulable"):
        return Trouble("node", f"its node {name} is cordoned", _NODE_SECONDS)
    for condition in (node.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "Ready" and condition.get("status") != "True":
            said = str(condition.get("message") or condition.get("reason") or "it says no reason").rstrip(".")
            return Trouble("node", f"its node {name} is not ready: {said}", _NODE_SECONDS)
    return None


def _claim_trouble(client: KubeClient, namespace: str, name: str) -> Trouble | None:
    """One that is not there is waited for, as Kanister does."""
    claim = _read(client, f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}") or {}
    if (claim.get("status") or {}).get("phase") == "Lost":
        return Trouble("claim", f"its claim {namespace}/{name} has lost its volume (phase Lost)")
    volume_name = (claim.get("spec") or {}).get("volumeName")
    volume = (_read(client, f"/api/v1/persistentvolumes/{volume_name}") or {}) if volume_name else {}
    status = volume.get("status") or {}
    if status.get("phase") == "Failed":
        said = str(status.get("message") or status.get("reason") or "it says no reason").rstrip(".")
        return Trouble("claim", f"volume {volume_name} of its claim {namespace}/{name} has failed: {said}")
    return None


def _read(client: KubeClient, path: str, query: t.Mapping[str, str] | None = None) -> Object | None:
    try:
        return client.get(path, query=query)
    except KubeError:
        return None


__all__ = ("look_around", "warnings_about", "who_deleted")
