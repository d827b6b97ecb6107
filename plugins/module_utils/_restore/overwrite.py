# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Objects that are there already, put in the place of what the cluster has; and the status of new ones."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, replace_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.server_owned import (
    carry_over,
    is_controller_annotation,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import CRDS

Object: t.TypeAlias = "dict[str, t.Any]"

#: What is deleted with these is more than the object: data, or all objects of a type. They are changed in place.
NEVER_RECREATED = frozenset({CRDS, GroupResource("persistentvolumes"), GroupResource("persistentvolumeclaims")})
_ATTEMPTS = 5


def replacement(group_resource: GroupResource, live: t.Mapping[str, t.Any], desired: Object) -> Object:
    """``desired`` as it may be put over ``live``: with what the cluster itself decided, its owners and finalizers."""
    carry_over(group_resource, live, desired)
    metadata, there = desired["metadata"], live["metadata"]
    metadata["resourceVersion"] = there["resourceVersion"]
    for name in ("ownerReferences", "finalizers"):
        if there.get(name):
            metadata[name] = there[name]
    kept = {name: text for name, text in (there.get("annotations") or {}).items() if is_controller_annotation(name)}
    if kept:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **kept}
    if live.get("status") is not None:
        desired["status"] = live["status"]
    return desired


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


__all__ = ("NEVER_RECREATED", "replacement", "write_status")
