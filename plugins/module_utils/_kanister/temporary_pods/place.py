# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a temporary pod runs, and as whom (docs/compatibility 16.1).

Blueprints for Kasten name its namespace and its ServiceAccount. Where the cluster has none of them, what the task says
of pods without a place stands in for them.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import NotThere
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.body import pod_body
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.request import PodRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path


def placed_body(call: FunctionCall, request: PodRequest) -> Object:
    """The Pod of a request, in a namespace and as an account that are there, as far as the caller may see.

    Raises ``NotThere``.
    """
    body = pod_body(call, dataclasses.replace(request, namespace=_namespace(call, request)))
    _settle_account(call, body)
    return body


def _namespace(call: FunctionCall, request: PodRequest) -> str:
    wanted, defaults = request.namespace, call.pods
    if not _is_missing(call, f"/api/v1/namespaces/{wanted}"):
        return wanted
    if wanted != defaults.kasten_namespace or not defaults.namespace or defaults.namespace == wanted:
        raise NotThere(
            f"The pod of {request.function} cannot be made: namespace {wanted} is not there.",
            name=wanted,
            hint="Name a namespace that exists: as argument namespace of the function, or as hook_default_namespace.",
        )
    call.warn(
        f"The pod of {call.place.words} is in namespace {defaults.namespace}, as the cluster has no namespace {wanted}."
    )
    return defaults.namespace


def _settle_account(call: FunctionCall, body: Object) -> None:
    namespace, spec = body["metadata"]["namespace"], body["spec"]
    wanted, other = str(spec.get("serviceAccountName") or ""), call.pods.service_account
    if not wanted or not _has_no_account(call, namespace, wanted):
        return
    if not other or other == wanted or _has_no_account(call, namespace, other):
        hint = "Name one that exists as hook_service_account: it stands in for one that is not there."
        also = f", and hook_service_account {other} neither" if other and other != wanted else ""
        raise NotThere(
            f"The pod of {call.place.function} cannot be made: ServiceAccount {namespace}/{wanted} is not there{also}.",
            name=wanted,
            hint=hint,
        )
    call.warn(
        f"The pod of {call.place.words} runs as ServiceAccount {other}, as namespace {namespace} has no {wanted}."
    )
    spec["serviceAccountName"] = other
    # The old name of the field has the last word in the API server otherwise.
    spec.pop("serviceAccount", None)


def _has_no_account(call: FunctionCall, namespace: str, name: str) -> bool:
    return _is_missing(call, namespaced_path("v1", namespace, "serviceaccounts", name))


def _is_missing(call: FunctionCall, path: str) -> bool:
    """Known for certain: who may not read it is told when the pod is made."""
    try:
        call.client.get(path)
    except KubeError as exc:
        return exc.not_found
    return False


__all__ = ("placed_body",)
