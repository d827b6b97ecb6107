# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Objects by which volumes are restored from snapshots or by Velero's data mover."""

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import CRDS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import VOLUME_SNAPSHOT_CLASSES
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sources import CsiSource

_POLICY_ANNOTATION = "velero.io/csi-vsc-deletion-policy"
_VELERO_PREFIX = "velero.io/csi-"
#: By which the snapshot controllers tell each other what they are at.
_CONTROLLER_ANNOTATIONS = (
    "snapshot.storage.kubernetes.io/volumesnapshot-being-created",
    "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted",
)


def restore_snapshot(draft: Draft, context: RuleContext) -> None:
    """``velero.io/csi-volumesnapshot-restorer``: bound to a content that is there, in place of one that is made.

    One that the backup did not make keeps its name.
    """
    namespace, name = draft.source_namespace, draft.name
    source = _source(draft, context, namespace, name)
    if source is None or context.volumes.csi is None or context.volumes.csi.target.api is None:
        return
    draft.body["apiVersion"] = context.volumes.csi.target.api.snapshots.api_version
    draft.body["spec"] = {"source": {"volumeSnapshotContentName": source.restored_name}}
    metadata = draft.body["metadata"]
    draft.drop_snapshot_finalizers()
    annotations = metadata.get("annotations") or {}
    if context.volumes.csi.claim_of(namespace, name):
        metadata["name"] = source.restored_name
        metadata["annotations"] = {**annotations, _POLICY_ANNOTATION: "Retain"}
    else:
        draft.drop_annotations(*(known for known in annotations if known.startswith(_VELERO_PREFIX)))


def restore_snapshot_content(draft: Draft, context: RuleContext) -> None:
    """``velero.io/csi-volumesnapshotcontent-restorer``: it points to the snapshot that the storage has kept."""
    csi = context.volumes.csi
    namespace, name = csi.snapshot_of(draft.name) if csi else ("", "")
    source = _source(draft, context, namespace, name)
    if source is None or csi is None or csi.target.api is None:
        return
    if source.content != draft.name:
        draft.skip = f"VolumeSnapshot {namespace}/{name} is bound to another one"
        return
    api = csi.target.api
    stored = draft.spec
    spec = {
        "deletionPolicy": "Retain",
        "driver": source.driver,
        "source": {"snapshotHandle": source.handle},
        "volumeSnapshotRef": {
            "apiVersion": api.snapshots.api_version,
            "kind": api.snapshots.kind,
            "namespace": context.namespace_mapping.get(namespace, namespace),
            "name": csi.restored_snapshot_name(namespace, name),
        },
    }
    snapshot_class = csi.target.snapshot_class(source.driver, str(stored.get("volumeSnapshotClassName") or ""))
    if snapshot_class:
        spec["volumeSnapshotClassName"] = snapshot_class
    if stored.get("sourceVolumeMode"):
        spec["sourceVolumeMode"] = stored["sourceVolumeMode"]
    draft.body["apiVersion"] = api.contents.api_version
    draft.body["spec"] = spec
    draft.body["metadata"]["name"] = source.restored_name
    draft.drop_snapshot_finalizers()
    draft.drop_annotations(*_CONTROLLER_ANNOTATIONS)


def skip_without_volume_data(draft: Draft, context: RuleContext) -> None:
    """``restorePVs: false`` leaves the objects of CSI snapshots out."""
    if not context.restore_volume_data:
        draft.skip = "restore_pvs is false: no volume comes from a snapshot"


def skip_class_without_api(draft: Draft, context: RuleContext) -> None:
    """A class comes with each backup of snapshots; where there are none, nobody misses it."""
    csi = context.volumes.csi
    if csi is None or csi.target.api is not None:
        return
    if str(VOLUME_SNAPSHOT_CLASSES) not in context.archive.names(CRDS, None):
        draft.skip = "the cluster has no CSI snapshots"


def skip_data_upload(draft: Draft, context: RuleContext) -> None:
    """``velero.io/dataupload``: the object itself never comes back."""
    draft.skip = "a record of Velero's data mover"


def _source(draft: Draft, context: RuleContext, namespace: str, name: str) -> CsiSource | None:
    """The snapshot that an object belongs to; None, with a reason to skip it, where it is of no use."""
    csi = context.volumes.csi
    if csi is None or not name:
        draft.skip = "the backup does not hold its VolumeSnapshot"
        return None
    claim = csi.claim_of(namespace, name)
    if not claim:
        source = csi.of_snapshot(namespace, name)
        target = context.namespace_mapping.get(namespace, namespace)
        draft.skip, draft.refusal = source.missing, "" if source.missing else csi.target.why_no_snapshot(target)
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
