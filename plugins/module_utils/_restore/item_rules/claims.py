# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Persistent volumes and claims (Velero 1.18, docs/compatibility 5.8, 5.9.15)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import DATA_UPLOAD_NAME, SNAPSHOT_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FILLED_MARK,
    WANTED_MARK,
    DataSource,
)

BINDING_ANNOTATIONS = ("pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller")
#: On a volume that got another name on its way back.
ORIGINAL_NAME_ANNOTATION = "velero.io/original-pv-name"
_CLAIM_ANNOTATIONS = (
    *BINDING_ANNOTATIONS,
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    SNAPSHOT_NAME,
    DATA_UPLOAD_NAME,
    WANTED_MARK,
    FILLED_MARK,
)


def reset_claim(draft: Draft, context: RuleContext) -> None:
    """Unbind the claim; it keeps the name of its volume only where that volume will be there for it.

    A new one is made from the claim's snapshot (``velero.io/csi-pvc-restorer``).
    """
    decision = context.volumes.for_claim(draft.body, source_namespace=draft.source_namespace)
    draft.drop_annotations(*_CLAIM_ANNOTATIONS)
    draft.drop_snapshot_finalizers()
    draft.volume = decision
    if not decision.keeps_volume:
        draft.spec.pop("volumeName", None)
        if decision.snapshot is not None:
            context.volumes.provider_of(decision.snapshot).provision(decision.snapshot, draft.spec)
            _mark(draft, context, decision.snapshot)
        else:
            _provision_empty(draft.spec, everything=not context.restore_volume_data)
    elif draft.spec.get("volumeName"):
        draft.spec["volumeName"] = context.volumes.target_name(draft.spec["volumeName"])


def _mark(draft: Draft, context: RuleContext, source: DataSource) -> None:
    """One that is filled once it is there says what with: a run that ends before is known by that."""
    filling = context.volumes.filling_of(source)
    if filling is not None:
        metadata = draft.body["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **filling.marks(source)}


def _provision_empty(spec: dict[str, t.Any], *, everything: bool) -> None:
    """What the volume was once made from is older than its data, and perhaps gone; what fills it again stays."""
    for name in ("dataSource", "dataSourceRef"):
        if everything or (spec.get(name) or {}).get("kind") in ("VolumeSnapshot", "PersistentVolumeClaim"):
            spec.pop(name, None)


def reset_volume(draft: Draft, context: RuleContext) -> None:
    """Skip a volume that is recreated; hand one that is kept to the claim's namespace of today."""
    reason = context.volumes.why_not_restored(draft.body)
    if reason:
        draft.skip = reason
        return
    draft.remade_from = context.volumes.remade_from(draft.body)
    draft.drop_annotations(*BINDING_ANNOTATIONS)
    name = context.volumes.target_name(draft.name)
    if name != draft.name:
        metadata = draft.body["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), ORIGINAL_NAME_ANNOTATION: draft.name}
        metadata["name"] = name
    claim = draft.spec.get("claimRef")
    if claim:
        claim.pop("uid", None)
        claim.pop("resourceVersion", None)
        if claim.get("namespace"):
            claim["namespace"] = context.namespace_mapping.get(claim["namespace"], claim["namespace"])


__all__ = ("BINDING_ANNOTATIONS", "ORIGINAL_NAME_ANNOTATION", "reset_claim", "reset_volume")
