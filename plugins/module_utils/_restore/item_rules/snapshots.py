# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects by which volumes are restored from snapshots or by Velero's data mover."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CRDS,
    VOLUME_SNAPSHOT_CLASSES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource


def restore_snapshot(draft: Draft, context: RuleContext) -> None:
    """``velero.io/csi-volumesnapshot-restorer``."""
    objects, namespace = context.volumes.objects, draft.source_namespace
    source = _source(draft, context, namespace, draft.name)
    if source is not None and objects is not None:
        objects.reset_snapshot(draft, source, namespace=namespace)


def restore_snapshot_content(draft: Draft, context: RuleContext) -> None:
    """``velero.io/csi-volumesnapshotcontent-restorer``."""
    objects = context.volumes.objects
    namespace, name = objects.snapshot_of(draft.name) if objects else ("", "")
    source = _source(draft, context, namespace, name)
    if source is not None and objects is not None:
        target = context.namespace_mapping.get(namespace, namespace)
        draft.skip = objects.reset_content(draft, source, target_namespace=target)


def skip_without_volume_data(draft: Draft, context: RuleContext) -> None:
    """``restorePVs: false`` leaves the objects of CSI snapshots out."""
    if not context.restore_volume_data:
        draft.skip = "restore_pvs is false: no volume comes from a snapshot"


def skip_class_without_api(draft: Draft, context: RuleContext) -> None:
    """A class comes with each backup of snapshots; where there are none, nobody misses it."""
    objects = context.volumes.objects
    if objects is None or objects.are_served:
        return
    if str(VOLUME_SNAPSHOT_CLASSES) not in context.archive.names(CRDS, None):
        draft.skip = "the cluster has no CSI snapshots"


def skip_data_upload(draft: Draft, context: RuleContext) -> None:
    """``velero.io/dataupload``: the object itself never comes back."""
    draft.skip = "a record of Velero's data mover"


def _source(draft: Draft, context: RuleContext, namespace: str, name: str) -> DataSource | None:
    """The snapshot that an object belongs to; None, with a reason to skip it, where it is of no use."""
    objects = context.volumes.objects
    if objects is None or not name:
        draft.skip = "the backup does not hold its VolumeSnapshot"
        return None
    claim = objects.claim_of(namespace, name)
    if not claim:
        source = objects.of_snapshot(namespace, name)
        target = context.namespace_mapping.get(namespace, namespace)
        draft.skip, draft.refusal = source.missing, "" if source.missing else objects.why_not_made(target)
        return None if draft.skip or draft.refusal else source
    stored = context.archive.find_object(CLAIMS, namespace, claim) or {}
    decision = context.volumes.for_claim(stored, source_namespace=namespace)
    if decision.snapshot is None:
        draft.skip = f"no volume is made from it for claim '{claim}'" + (
            f": {decision.missing}" * bool(decision.missing)
        )
    return decision.snapshot


__all__ = (
    "restore_snapshot",
    "restore_snapshot_content",
    "skip_class_without_api",
    "skip_data_upload",
    "skip_without_volume_data",
)
