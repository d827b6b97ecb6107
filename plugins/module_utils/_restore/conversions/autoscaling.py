# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics of HorizontalPodAutoscalers as ``autoscaling/v2beta1`` had them.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/#horizontalpodautoscaler-v125; Kubernetes 1.24,
``pkg/apis/autoscaling/v2beta1/conversion.go``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import ConversionError

HPA_SHAPE: Shape = {
    "spec": {
        "scaleTargetRef": {"apiVersion": str, "kind": str},
        "metrics": [
            {"type": str, "object": dict, "pods": dict, "resource": dict, "containerResource": dict, "external": dict}
        ],
    }
}
#: Versions of what can be scaled that no server has any more.
_OLD_TARGETS = frozenset({"extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"})
_SCALED = frozenset({"Deployment", "ReplicaSet", "StatefulSet"})


def convert_metrics(obj: Object) -> tuple[str, ...]:
    convert_scale_target(obj)
    spec = obj.get("spec") or {}
    metrics = spec.get("metrics") or []
    for metric in metrics:
        kind = metric.get("type") or ""
        field = f"{kind[:1].lower()}{kind[1:]}"
        convert = _SOURCES.get(field)
        if convert is None or not metric.get(field):
            raise ConversionError(f"it has a metric of the type '{kind}', which autoscaling/v2beta1 did not have")
        metric[field] = convert(metric[field])
    return ()


def convert_scale_target(obj: Object) -> tuple[str, ...]:
    """What is scaled has moved as well, whatever the version of the autoscaler itself."""
    target = (obj.get("spec") or {}).get("scaleTargetRef") or {}
    if target.get("apiVersion") in _OLD_TARGETS and target.get("kind") in _SCALED:
        target["apiVersion"] = "apps/v1"
    return ()


def _object(old: Object) -> Object:
    return {
        "describedObject": old.get("target"),
        "metric": _metric(old.get("metricName"), old.get("selector")),
        "target": _target(average=old.get("averageValue"), value=old.get("targetValue")),
    }


def _pods(old: Object) -> Object:
    return {
        "metric": _metric(old.get("metricName"), old.get("selector")),
        "target": _target(average=old.get("targetAverageValue")),
    }


def _resource(old: Object) -> Object:
    named: Object = {field: old[field] for field in ("name", "container") if field in old}
    target = _target(average=old.get("targetAverageValue"), utilization=old.get("targetAverageUtilization"))
    return {**named, "target": target}


def _external(old: Object) -> Object:
    return {
        "metric": _metric(old.get("metricName"), old.get("metricSelector")),
        "target": _target(average=old.get("targetAverageValue"), value=old.get("targetValue")),
    }


def _metric(name: t.Any, selector: t.Any) -> Object:
    return {"name": name, **({"selector": selector} if selector else {})}


def _target(*, average: t.Any = None, value: t.Any = None, utilization: t.Any = None) -> Object:
    """An average wins, as in the server's own conversion."""
    if utilization is not None:
        return {"type": "Utilization", "averageUtilization": utilization}
    if average is not None:
        return {"type": "AverageValue", "averageValue": average}
    if value is not None:
        return {"type": "Value", "value": value}
    raise ConversionError("a metric of it has no target")


_SOURCES: dict[str, t.Callable[[Object], Object]] = {
    "object": _object,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _resource,
    "external": _external,
}

__all__ = ("HPA_SHAPE", "convert_metrics", "convert_scale_target")
