# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of objects that were just created."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, replace_object

_ATTEMPTS = 5


def write_status(client: KubeClient, resource: ApiResource, created: t.Mapping[str, t.Any], status: t.Any) -> None:
    """Set the status of an object that was just created; a change by somebody else is no failure. May raise."""
    metadata = created["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace")
    current: t.Mapping[str, t.Any] | None = created
    for attempt in range(1, _ATTEMPTS + 1):
        if current is None:
            return
        try:
            replace_object(
                client, resource, name, {**current, "status": status}, namespace=namespace, subresource="status"
            )
        except KubeError as exc:
            if exc.status != 409 or attempt == _ATTEMPTS:
                raise
            current = get_object(client, resource, name, namespace)
        else:
            return


__all__ = ("write_status",)
