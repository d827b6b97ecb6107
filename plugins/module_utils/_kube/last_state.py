# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an object was when it went: the API server still knows it for some minutes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.watch_event import parse_event

_SECONDS = 5


def last_state(client: KubeClient, resource: ApiResource, seen: ObjectView) -> Object | None:
    """``seen``, which is gone, as it was in the end; None where that is not known any more.

    A watch from the version that was seen tells again what happened since. Nothing is raised: it is for a sentence.
    """
    metadata = seen["metadata"]
    query = {
        "fieldSelector": f"metadata.name={metadata['name']}",
        "watch": "1",
        "resourceVersion": str(metadata.get("resourceVersion") or ""),
        "timeoutSeconds": str(_SECONDS),
    }
    try:
        lines = client.stream(resource.path(metadata.get("namespace")), query=query, timeout=_SECONDS)
        with contextlib.closing(lines):
            for kind, obj in map(parse_event, lines):
                if kind == "DELETED" and obj["metadata"].get("uid") == metadata.get("uid"):
                    return obj
    except KubeError:
        return None
    return None


__all__ = ("last_state",)
