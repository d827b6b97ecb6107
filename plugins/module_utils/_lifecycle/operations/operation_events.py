# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events beside Velero's objects, as ``kubectl describe`` shows them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

EventType: t.TypeAlias = t.Literal["Normal", "Warning"]
#: The API server refuses longer ones.
_LONGEST = 1024


class EventRecorder:
    """Records events. One that cannot be recorded is a warning, once: what it tells of has happened all the same."""

    def __init__(self, run: ClusterRun) -> None:
        self._run = run.uncancelled()
        self._has_failed = False

    def record(self, obj: ObjectView, reason: str, message: str, *, kind: EventType = "Normal") -> None:
        metadata = obj["metadata"]
        now = rfc3339(self._run.client.server_now())
        about = {
            "apiVersion": obj["apiVersion"],
            "kind": obj["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata.get("resourceVersion", ""),
        }
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": _event_name(metadata["name"]), "namespace": metadata["namespace"]},
            "involvedObject": about,
            "type": kind,
            "reason": reason,
            "message": message[:_LONGEST],
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "source": {"component": "arkive.k8s"},
            "reportingComponent": "arkive.k8s",
        }
        try:
            self._run.client.post(f"/api/v1/namespaces/{metadata['namespace']}/events", body)
        except KubeError as exc:
            if not self._has_failed:
                self._has_failed = True
                self._run.issues.warning(f"No events are recorded: {exc.message}", hint=exc.hint or "")


def _event_name(name: str) -> str:
    """As ``kubectl`` names them, within what a name may be."""
    return f"{name[:230].rstrip('-.')}.{secrets.token_hex(8)}"


__all__ = ("EventRecorder", "EventType")
