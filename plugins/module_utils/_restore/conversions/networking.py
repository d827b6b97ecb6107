# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ingresses and slices of endpoints of beta versions.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/#ingress-v122 and #endpointslice-v125;
Kubernetes 1.21, ``pkg/apis/networking/v1beta1/conversion.go`` and ``pkg/apis/discovery/v1beta1/conversion.go``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, OneOf, Shape
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import ConversionError

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_BACKEND: Shape = {"serviceName": str, "servicePort": OneOf((str, int)), "resource": dict}
INGRESS_SHAPE: Shape = {
    "metadata": {"annotations": MapOf(str)},
    "spec": {
        "backend": _BACKEND,
        "ingressClassName": str,
        "rules": [{"http": {"paths": [{"path": str, "pathType": str, "backend": _BACKEND}]}}],
    },
}
ENDPOINT_SLICE_SHAPE: Shape = {"endpoints": [{"topology": MapOf(str), "nodeName": str, "zone": str}]}
_HOSTNAME = "kubernetes.io/hostname"
_ZONE = "topology.kubernetes.io/zone"


def convert_ingress(obj: Object) -> tuple[str, ...]:
    """Backends have a service with a port's name or number; each path says of which type it is."""
    spec = obj.get("spec") or {}
    if "backend" in spec:
        backend = spec.pop("backend")
        if backend:
            spec["defaultBackend"] = _convert_backend(backend)
    for rule in spec.get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            if not path.get("pathType"):
                path["pathType"] = "ImplementationSpecific"
            path["backend"] = _convert_backend(path.get("backend") or {})
    return _choose_class(obj, spec)


def _choose_class(obj: Object, spec: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """An Ingress is created with one of the two only."""
    annotations = obj["metadata"].get("annotations") or {}
    if not spec.get("ingressClassName") or _CLASS_ANNOTATION not in annotations:
        return ()
    dropped = annotations.pop(_CLASS_ANNOTATION)
    return (
        f"the annotation {_CLASS_ANNOTATION} ('{dropped}') was left out: a new Ingress may not have it beside "
        f"spec.ingressClassName ('{spec['ingressClassName']}').",
    )


def _convert_backend(backend: Object) -> Object:
    if backend.get("resource"):
        return {"resource": backend["resource"]}
    name, port = backend.get("serviceName"), backend.get("servicePort")
    if not name or port is None:
        raise ConversionError("a backend of it names no service with a port")
    number = int(port) if isinstance(port, str) and port.isascii() and port.isdigit() else port
    return {"service": {"name": name, "port": {"number" if isinstance(number, int) else "name": number}}}


def convert_endpoint_slice(obj: Object) -> tuple[str, ...]:
    """Node and zone have fields of their own; nothing else of the topology may be written."""
    lost: set[str] = set()
    for endpoint in obj.get("endpoints") or []:
        topology = endpoint.pop("topology", None) or {}
        for key, field in ((_HOSTNAME, "nodeName"), (_ZONE, "zone")):
            value = topology.pop(key, None)
            if value:
                endpoint.setdefault(field, value)
        lost |= topology.keys()
    if not lost:
        return ()
    return (f"the topology of its endpoints was left out but for node and zone: {', '.join(sorted(lost))}.",)


__all__ = ("ENDPOINT_SLICE_SHAPE", "INGRESS_SHAPE", "convert_endpoint_slice", "convert_ingress")
