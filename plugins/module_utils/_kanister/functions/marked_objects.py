# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that functions make for good, marked so that one whose answer was lost is known again."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely

MADE_BY = "arkive.k8s/made-by"

CLAIMS = ApiResource.known("", "persistentvolumeclaims", "PersistentVolumeClaim")


def make_object(
    call: FunctionCall,
    resource: ApiResource,
    name: str,
    namespace: str | None,
    spec: Object,
    *,
    labels: t.Mapping[str, str] | None = None,
) -> Object:
    """Create it. Raises ``KubeError``, with ``already_exists`` where there is one of that name."""
    mark = f"{call.run.run_id}/{uuid.uuid4()}"
    metadata: Object = {"name": name, "annotations": {MADE_BY: mark}}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}
    return create_surely(
        call.client,
        resource,
        body,
        namespace=namespace,
        is_ours=lambda found: (found["metadata"].get("annotations") or {}).get(MADE_BY) == mark,
    )


__all__ = ("CLAIMS", "MADE_BY", "make_object")
