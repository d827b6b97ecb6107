# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that change the API server itself (Velero 1.18, docs/compatibility 5.9)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

_AUTOMANAGED_LABEL = "kube-aggregator.kubernetes.io/automanaged"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"


def preserve_unknown_fields(draft: Draft, context: RuleContext) -> None:
    """``velero.io/crd-preserve-fields``: v1 refuses ``preserveUnknownFields``; the schema's root says it."""
    spec = draft.spec
    if spec.get("preserveUnknownFields") is not True or draft.body.get("apiVersion") != "apiextensions.k8s.io/v1":
        return
    spec["preserveUnknownFields"] = False
    for version in spec.get("versions") or []:
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is not None:
            schema[_PRESERVE] = True


def skip_automanaged_api_service(draft: Draft, context: RuleContext) -> None:
    """``velero.io/apiservice``."""
    if _AUTOMANAGED_LABEL in (draft.stored_metadata.get("labels") or {}):
        draft.skip = "kept by the API server itself"


def repair_side_effects(draft: Draft, context: RuleContext) -> None:
    """``velero.io/admission-webhook-configuration``: v1 takes only None and NoneOnDryRun."""
    if draft.body.get("apiVersion") != "admissionregistration.k8s.io/v1":
        return
    for webhook in draft.body.get("webhooks") or []:
        if webhook.get("sideEffects") not in ("None", "NoneOnDryRun"):
            webhook["sideEffects"] = "None"


__all__ = ("preserve_unknown_fields", "repair_side_effects", "skip_automanaged_api_service")
