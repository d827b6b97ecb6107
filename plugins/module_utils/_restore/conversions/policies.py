# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies, roles, admission, requests and priorities of beta versions, where v1 means something else.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/; each function names its section.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, Shape
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import ConversionError

DISRUPTION_SHAPE: Shape = {"spec": {"selector": dict}}
SUBJECTS_SHAPE: Shape = {"subjects": [{"kind": str, "apiVersion": str, "apiGroup": str, "name": str}]}
WEBHOOKS_SHAPE: Shape = {"webhooks": [{"sideEffects": str, "admissionReviewVersions": [str]}]}
SIGNING_SHAPE: Shape = {"spec": {"signerName": str, "usages": [str]}}
PRIORITY_LEVEL_SHAPE: Shape = {
    "metadata": {"annotations": MapOf(str)},
    "spec": {"type": str, "limited": {"assuredConcurrencyShares": int, "nominalConcurrencyShares": int}},
}
BINDING_SHAPE: Shape = {"spec": {"validationActions": [str]}}
RUNTIME_SHAPE: Shape = {"spec": {"runtimeHandler": str}, "handler": str}

_RBAC = "rbac.authorization.k8s.io"
_KEEP_ZERO = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"
_DEFAULT_SHARES = 30
_USELESS_SIGNER = "kubernetes.io/legacy-unknown"


def convert_disruption_budget(obj: Object) -> tuple[str, ...]:
    """``#poddisruptionbudget-v125``: an empty selector chose no pods, and chooses all of the namespace in v1."""
    spec = obj.get("spec") or {}
    if spec.get("selector") == {}:
        del spec["selector"]
        return ("its empty selector was left out: in policy/v1beta1 it chose no pods, in policy/v1 it chooses all.",)
    return ()


def convert_alpha_subjects(obj: Object) -> tuple[str, ...]:
    """Kubernetes 1.21, ``pkg/apis/rbac/v1alpha1/conversion.go``: a subject had a version in the place of its group."""
    for subject in obj.get("subjects") or []:
        subject.pop("apiVersion", None)
        if subject.get("kind") == "ServiceAccount":
            subject.pop("apiGroup", None)
            continue
        subject["apiGroup"] = _RBAC
        if subject.get("kind") == "User" and subject.get("name") == "*":
            subject |= {"kind": "Group", "name": "system:authenticated"}
    return ()


def convert_webhooks(obj: Object) -> tuple[str, ...]:
    """``#webhook-resources-v122``: what v1beta1 took for granted is written out, and what v1 asks for is said."""
    notes: list[str] = []
    for webhook in obj.get("webhooks") or []:
        webhook.setdefault("failurePolicy", "Ignore")
        webhook.setdefault("matchPolicy", "Exact")
        webhook.setdefault("timeoutSeconds", 30)
        if not webhook.get("admissionReviewVersions"):
            webhook["admissionReviewVersions"] = ["v1beta1"]
        said = webhook.get("sideEffects")
        if said not in ("None", "NoneOnDryRun"):
            webhook["sideEffects"] = "None"
            notes.append(f"webhook '{webhook.get('name')}': sideEffects is None, which was {said or 'Unknown'}.")
    return tuple(notes)


def convert_signing_request(obj: Object) -> tuple[str, ...]:
    """``#certificatesigningrequest-v122``."""
    spec = obj.get("spec") or {}
    signer = spec.get("signerName")
    if not signer or signer == _USELESS_SIGNER:
        raise ConversionError(f"its signer is {signer or 'not named'}, which certificates.k8s.io/v1 does not take")
    if not spec.get("usages"):
        raise ConversionError("it has no usages, which certificates.k8s.io/v1 asks for")
    return ()


def convert_priority_level(obj: Object) -> tuple[str, ...]:
    """``#flowcontrol-resources-v126`` and ``-v129``: shares have another name."""
    limited = (obj.get("spec") or {}).get("limited")
    if limited is not None and "assuredConcurrencyShares" in limited:
        limited["nominalConcurrencyShares"] = limited.pop("assuredConcurrencyShares")
    return convert_shares(obj)


def convert_shares(obj: Object) -> tuple[str, ...]:
    """``#flowcontrol-resources-v132``: no shares at all meant 30, unless an annotation said otherwise."""
    annotations = obj["metadata"].get("annotations") or {}
    keep_zero = annotations.pop(_KEEP_ZERO, None) is not None
    limited = (obj.get("spec") or {}).get("limited")
    if limited is not None and not limited.get("nominalConcurrencyShares") and not keep_zero:
        limited["nominalConcurrencyShares"] = _DEFAULT_SHARES
    return ()


def convert_policy_binding(obj: Object) -> tuple[str, ...]:
    """Kubernetes 1.26 had one action only; later versions ask for a list of them."""
    spec = obj.get("spec") or {}
    if not spec.get("validationActions"):
        spec["validationActions"] = ["Deny"]
    return ()


def convert_runtime_class(obj: Object) -> tuple[str, ...]:
    """Kubernetes 1.19, ``pkg/apis/node/v1alpha1/conversion.go``: the members of ``spec`` have moved up."""
    spec = obj.pop("spec", None) or {}
    if "runtimeHandler" in spec:
        obj["handler"] = spec["runtimeHandler"]
    for field in ("overhead", "scheduling"):
        if spec.get(field):
            obj[field] = spec[field]
    if not obj.get("handler"):
        raise ConversionError("it names no handler")
    return ()


__all__ = (
    "BINDING_SHAPE",
    "DISRUPTION_SHAPE",
    "PRIORITY_LEVEL_SHAPE",
    "RUNTIME_SHAPE",
    "SIGNING_SHAPE",
    "SUBJECTS_SHAPE",
    "WEBHOOKS_SHAPE",
    "convert_alpha_subjects",
    "convert_disruption_budget",
    "convert_policy_binding",
    "convert_priority_level",
    "convert_runtime_class",
    "convert_shares",
    "convert_signing_request",
    "convert_webhooks",
)
