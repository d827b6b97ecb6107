# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a Velero server is at work in a namespace: two that carry out the same objects would do all twice."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import FIELD_MANAGER
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import OperationsError

#: A server looks at each location once a minute, if it is not told otherwise.
_RECENT = dt.timedelta(minutes=2, seconds=30)


#: Those that run on each node beside a server, and see to none of these objects: as of 1.10, and before.
_AGENTS = frozenset({"node-agent", "restic"})


def refuse_beside_server(client: KubeClient, objects: OperationObjects) -> None:
    """Raise ``OperationsError`` when a server runs there, or was at work a moment ago."""
    found = (
        _running_pod(client, objects.namespace) or _deployment(client, objects.namespace) or _traces(client, objects)
    )
    if found:
        raise OperationsError(
            f"A Velero server is at work in namespace '{objects.namespace}': {found}.",
            hint="Scale its Deployment to no replicas first, or leave the objects to it.",
        )


def _running_pod(client: KubeClient, namespace: str) -> str:
    for pod in _items(client, f"/api/v1/namespaces/{namespace}/pods"):
        if (pod.get("status") or {}).get("phase") in ("Running", "Pending") and _runs_server(pod.get("spec") or {}):
            return f"pod '{pod['metadata']['name']}'"
    return ""


def _deployment(client: KubeClient, namespace: str) -> str:
    for found in _items(client, f"/apis/apps/v1/namespaces/{namespace}/deployments"):
        spec = found.get("spec") or {}
        pod = (spec.get("template") or {}).get("spec") or {}
        if spec.get("replicas", 1) and _runs_server(pod):
            return f"Deployment '{found['metadata']['name']}'"
    return ""


def _items(client: KubeClient, path: str) -> list[t.Any]:
    """What cannot be read says nothing: the traces are there for that."""
    try:
        return list(client.get(path).get("items") or [])
    except KubeError as exc:
        if not exc.forbidden:
            raise
        return []


def _runs_server(pod_spec: ObjectView) -> bool:
    """``velero server``, or ``ark server``, however the image spells it; ``velero node-agent server`` is an agent."""
    for container in pod_spec.get("containers") or ():
        words = [*(container.get("command") or ()), *(container.get("args") or ())]
        if not _AGENTS.isdisjoint(words):
            continue
        image = str(container.get("image") or "").rpartition("/")[2].partition(":")[0].partition("@")[0]
        program = str(words[0]).rpartition("/")[2] if words else ""
        if "server" in words and (program in ("velero", "ark") or image in ("velero", "ark")):
            return True
    return False


def _traces(client: KubeClient, objects: OperationObjects) -> str:
    """A server outside of the namespace, or of the cluster, validates its locations all the time."""
    for bsl in objects.all("BackupStorageLocation"):
        for entry in bsl["metadata"].get("managedFields") or ():
            fields = ((entry.get("fieldsV1") or {}).get("f:status") or {}).keys()
            if entry.get("manager") == FIELD_MANAGER or "f:lastValidationTime" not in fields:
                continue
            written = read_moment(entry.get("time"))
            if written is not None and client.server_now() - written < _RECENT:
                name = bsl["metadata"]["name"]
                return f"'{entry.get('manager')}' validated BackupStorageLocation '{name}' at {entry['time']}"
    return ""


__all__ = ("refuse_beside_server",)
