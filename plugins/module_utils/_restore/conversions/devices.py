# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of devices (dynamic resource allocation) before ``resource.k8s.io/v1``.

Source: Kubernetes 1.34, ``pkg/apis/resource/v1beta1/conversion.go``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape

_REQUESTS: Shape = {"devices": {"requests": [{"name": str, "firstAvailable": list, "exactly": dict}]}}
CLAIM_SHAPE: Shape = {"spec": _REQUESTS}
TEMPLATE_SHAPE: Shape = {"spec": {"spec": _REQUESTS}}
SLICE_SHAPE: Shape = {"spec": {"devices": [{"name": str, "basic": dict}]}}
#: What stays beside the name of a request.
_OUTSIDE = frozenset({"name", "firstAvailable", "exactly"})


def convert_resource_claim(obj: Object) -> tuple[str, ...]:
    _convert_requests(obj.get("spec") or {})
    return ()


def convert_claim_template(obj: Object) -> tuple[str, ...]:
    _convert_requests((obj.get("spec") or {}).get("spec") or {})
    return ()


def convert_resource_slice(obj: Object) -> tuple[str, ...]:
    """A device's members have moved up out of ``basic``."""
    for device in (obj.get("spec") or {}).get("devices") or []:
        device |= device.pop("basic", None) or {}
    return ()


def _convert_requests(spec: Object) -> None:
    """A request's own members lie in ``exactly``, beside which there may be alternatives."""
    for request in (spec.get("devices") or {}).get("requests") or []:
        exactly = {name: request.pop(name) for name in list(request) if name not in _OUTSIDE}
        if exactly:
            request["exactly"] = {**exactly, **(request.get("exactly") or {})}


__all__ = (
    "CLAIM_SHAPE",
    "SLICE_SHAPE",
    "TEMPLATE_SHAPE",
    "convert_claim_template",
    "convert_resource_claim",
    "convert_resource_slice",
)
