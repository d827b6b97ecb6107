# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An object as it is put over the one that the cluster has."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, CRDS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.server_owned import (
    carry_over,
    is_controller_annotation,
)

#: What is deleted with these is more than the object: data, or all objects of a type. They are changed in place.
NEVER_RECREATED = frozenset({CRDS, VOLUMES, CLAIMS})


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


__all__ = ("NEVER_RECREATED", "replacement")
