# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pod object of a request."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import math
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.pod_override import (
    override_pod_spec,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.marks import annotations_of, labels_of
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.request import PodRequest

#: Those of Kubernetes' own generated names.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
#: The node ends a pod this much later than we give it up, in seconds.
_SLACK_SECONDS = 30
#: An owner of this kind counts as the one whose pods these are.
_COUNTS_ITS_PODS = ("StatefulSet",)


def pod_body(call: FunctionCall, request: PodRequest) -> Object:
    """The Pod with a name of its own, marked as temporary; it ends by itself when nobody waits for it any more."""
    defaults = call.pods
    spec = override_pod_spec(request.spec, request.override)
    spec["containers"] = sorted(spec["containers"], key=lambda each: each.get("name") != request.main)
    spec.setdefault("restartPolicy", "Never")
    if defaults.service_account and not spec.get("serviceAccountName"):
        spec["serviceAccountName"] = defaults.service_account
    lifetime = max(1, math.ceil(call.seconds_left) + _SLACK_SECONDS)
    spec["activeDeadlineSeconds"] = min(lifetime, _seconds(spec.get("activeDeadlineSeconds")) or lifetime)
    expires = call.client.server_now() + dt.timedelta(seconds=lifetime + _SLACK_SECONDS)
    metadata: Object = {
        "generateName": request.name_prefix,
        "name": request.name_prefix + "".join(secrets.choice(_LETTERS) for _each in range(8)),
        "namespace": request.namespace,
        "labels": {**request.labels, **labels_of(request.purpose, call.run.run_id)},
        "annotations": {**request.annotations, **annotations_of(expires)},
    }
    owner = _owner(call, request.namespace)
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def container(name: str, image: str, command: t.Sequence[str], **more: t.Any) -> Object:
    """A container that runs ``command`` in the place of the image's own."""
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "command": list(command), **more}


def _owner(call: FunctionCall, namespace: str) -> Object | None:
    """The subject, so that a pod which nobody removes goes with it, where a pod of ``namespace`` may have it."""
    live = call.parameters.object
    metadata: ObjectView = live.get("metadata") or {}
    if not (metadata.get("uid") and live.get("kind") and live.get("apiVersion")):
        return None
    if metadata.get("namespace") != namespace or live["kind"] in _COUNTS_ITS_PODS:
        return None
    return {"apiVersion": live["apiVersion"], "kind": live["kind"], "name": metadata["name"], "uid": metadata["uid"]}


def _seconds(value: t.Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


__all__ = ("container", "pod_body")
