# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workloads of the groups ``extensions`` and ``apps`` before ``apps/v1``, which has other defaults.

Stored objects have what their server had filled in; manifests that were put into an archive by hand have not, and
what the old version took for granted is written out.

Source: Kubernetes 1.15, ``pkg/apis/extensions`` and ``pkg/apis/apps``, ``defaults.go`` of each version;
https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-16.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, Shape
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import ConversionError

_LABELS: Shape = MapOf(str)
WORKLOAD_SHAPE: Shape = {
    "spec": {
        "selector": {"matchLabels": _LABELS, "matchExpressions": [dict]},
        "template": {"metadata": {"labels": _LABELS}, "spec": dict},
        "strategy": {"type": str, "rollingUpdate": dict},
        "updateStrategy": {"type": str},
    }
}
#: "No deadline", and "all revisions", in ``extensions/v1beta1``.
_MAX_INT32 = 2**31 - 1


def convert_extensions_deployment(obj: Object) -> tuple[str, ...]:
    spec = _with_selector(obj)
    spec.setdefault("revisionHistoryLimit", _MAX_INT32)
    spec.setdefault("progressDeadlineSeconds", _MAX_INT32)
    strategy = spec.get("strategy") or {}
    if strategy.get("type", "RollingUpdate") == "RollingUpdate":
        rolling = {"maxSurge": 1, "maxUnavailable": 1, **(strategy.get("rollingUpdate") or {})}
        spec["strategy"] = {**strategy, "type": "RollingUpdate", "rollingUpdate": rolling}
    return _drop_rollback(spec)


def convert_beta1_deployment(obj: Object) -> tuple[str, ...]:
    spec = _with_selector(obj)
    spec.setdefault("revisionHistoryLimit", 2)
    return _drop_rollback(spec)


def convert_extensions_daemon_set(obj: Object) -> tuple[str, ...]:
    """Its pods were replaced when somebody deleted them, unless it said otherwise."""
    spec = _with_selector(obj)
    spec.pop("templateGeneration", None)
    _set_default(spec, "updateStrategy", "OnDelete")
    return ()


def convert_beta2_daemon_set(obj: Object) -> tuple[str, ...]:
    spec = _with_selector(obj)
    spec.pop("templateGeneration", None)
    return ()


def convert_beta1_stateful_set(obj: Object) -> tuple[str, ...]:
    spec = _with_selector(obj)
    _set_default(spec, "updateStrategy", "OnDelete")
    return ()


def convert_selector(obj: Object) -> tuple[str, ...]:
    """Of replica sets, and of what was in ``apps/v1beta2``: only the selector was optional."""
    _with_selector(obj)
    return ()


def _drop_rollback(spec: Object) -> tuple[str, ...]:
    if spec.pop("rollbackTo", None) is None:
        return ()
    return ("spec.rollbackTo was left out: apps/v1 has no such order; 'kubectl rollout undo' gives it.",)


def _with_selector(obj: Object) -> Object:
    """The spec; the selector is that of the template's labels where none was said."""
    spec: Object | None = obj.get("spec")
    template = (spec or {}).get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    selector: t.Mapping[str, t.Any] = (spec or {}).get("selector") or {}
    if spec is None or not (labels or selector):
        raise ConversionError("it has neither a selector nor labels in its template, one of which apps/v1 needs")
    if not (selector.get("matchLabels") or selector.get("matchExpressions")):
        spec["selector"] = {"matchLabels": dict(labels)}
    return spec


def _set_default(spec: Object, field: str, kind: str) -> None:
    if not (spec.get(field) or {}).get("type"):
        spec[field] = {"type": kind}


__all__ = (
    "WORKLOAD_SHAPE",
    "convert_beta1_deployment",
    "convert_beta1_stateful_set",
    "convert_beta2_daemon_set",
    "convert_extensions_daemon_set",
    "convert_extensions_deployment",
    "convert_selector",
)
