# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the cluster's events say about an object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient


def last_warning(client: KubeClient, obj: t.Mapping[str, t.Any]) -> str:
    """``reason: message`` of the last warning event of a namespaced object, empty without one. Raises ``KubeError``."""
    metadata = obj["metadata"]
    query = {"fieldSelector": f"involvedObject.uid={metadata.get('uid')},type=Warning"}
    path = f"/api/v1/namespaces/{metadata['namespace']}/events"
    events: list[dict[str, t.Any]] = client.get(path, query=query).get("items") or []
    if not events:
        return ""
    last = max(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return f"{last.get('reason')}: {last.get('message')}"


__all__ = ("last_warning",)
