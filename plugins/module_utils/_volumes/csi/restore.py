# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes that are made from CSI snapshots (Velero 1.18, ``velero.io/csi-*-restorer``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import RESTORE_NAME_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import GROUP
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.nudge import nudge, nudge_leaving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.records import METHOD
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.removal import SnapshotRemoval
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sources import (
    PROVIDER,
    CsiSource,
    CsiSources,
    is_made_from_snapshot,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.status import stated_error
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.target import CsiTarget
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restore_kinds import NewVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    DataSource,
    ObjectDraft,
    RestoreJob,
)

_POLICY_ANNOTATION = "velero.io/csi-vsc-deletion-policy"
_VELERO_PREFIX = "velero.io/csi-"
#: By which the snapshot controllers let each other know what they are at.
_CONTROLLER_ANNOTATIONS = (
    "snapshot.storage.kubernetes.io/volumesnapshot-being-created",
    "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted",
)


class CsiRestore(CsiSources, NewVolumes):
    """A ``RestoreVolumes``, and its ``SnapshotObjects``."""

    name = PROVIDER
    method = METHOD

    def __init__(self, client: KubeClient, job: RestoreJob) -> None:
        super().__init__(job.archive, restore_name=job.name, left_out=job.leaves_objects_out)
        self._client = client
        self._target = CsiTarget(client, job.discovery, classes=job.classes)

    @property
    def objects(self) -> CsiRestore:
        return self

    # -- a claim's new volume -----------------------------------------------------------------------------------------

    def why_not(self, source: DataSource, *, namespace: str, claim: ObjectView) -> str:
        return self._target.why_not(source.driver, namespace=namespace, claim=claim)

    def provision(self, source: DataSource, spec: dict[str, t.Any]) -> None:
        """It has at least the room that the snapshot needs."""
        spec.pop("dataSourceRef", None)
        spec["dataSource"] = {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": source.helper}
        if not isinstance(source, CsiSource) or not source.size:
            return
        requests = spec.setdefault("resources", {}).setdefault("requests", {})
        asked = requests.get("storage")
        with contextlib.suppress(ValidationError):
            if asked is None or parse_quantity(asked) < source.size_bytes:
                requests["storage"] = source.size

    def is_made_from(self, claim: ObjectView, namespace: str, live: ObjectView, *, ours: bool) -> bool:
        return is_made_from_snapshot(claim, namespace, live, ours=ours)

    def why_unreadable(self, volume: ObjectView, entry: ObjectView) -> str:
        if entry.get("snapshotDataMoved"):
            return "its data was moved into a repository, and the backup has no record of that"
        if entry.get("result") == "failed":
            return "the snapshot of its volume failed"
        return "its data was saved as CSISnapshot, but the stored claim names no snapshot"

    def error_of(self, source: DataSource) -> str:
        """In the words of the driver."""
        if self._target.api is None:
            return ""
        try:
            return stated_error(None, get_object(self._client, self._target.api.contents, source.helper))
        except KubeError:
            return ""  # only the explanation is missing

    def is_lost(self, claim: ObjectView) -> bool:
        snapshot = str(((claim.get("spec") or {}).get("dataSource") or {}).get("name") or "")
        return bool(snapshot) and self._target.is_missing(str(claim["metadata"]["namespace"]), snapshot)

    def take_out(self, source: DataSource, *, namespace: str, claim: str) -> list[str] | None:
        """Remove VolumeSnapshot and content, whatever happens; the policy of the content is Retain."""
        if self._target.api is None:
            return None
        spec = SnapshotSpec(namespace=namespace, claim=claim)
        objects = TakenSnapshot(spec=spec, requested=utc_now(), name=source.helper, content=source.helper)
        client = self._client.with_cancel(CancelToken())
        return SnapshotRemoval(client, self._target.api, with_contents=True).release([objects])

    # -- the objects of the snapshots ---------------------------------------------------------------------------------

    def nudge(self, resource: ApiResource, name: str, namespace: str | None) -> None:
        nudge(self._client, resource, name, namespace)

    def nudge_leaving(self, namespace: str) -> None:
        api = self._target.api
        if api is not None:
            nudge_leaving(self._client, api.snapshots, namespace, label_selector=RESTORE_NAME_LABEL)

    @property
    def are_served(self) -> bool:
        return self._target.api is not None

    def why_not_made(self, namespace: str) -> str:
        return self._target.why_no_snapshot(namespace)

    def reset_snapshot(self, draft: ObjectDraft, source: DataSource, *, namespace: str) -> None:
        """One that the backup did not make keeps its name."""
        api = self._target.api
        if api is None:
            return
        metadata = draft.body["metadata"]
        draft.body["apiVersion"] = api.snapshots.api_version
        draft.body["spec"] = {"source": {"volumeSnapshotContentName": source.helper}}
        draft.drop_snapshot_finalizers()
        annotations = metadata.get("annotations") or {}
        if self.claim_of(namespace, str(metadata["name"])):
            metadata["name"] = source.helper
            metadata["annotations"] = {**annotations, _POLICY_ANNOTATION: "Retain"}
        else:
            draft.drop_annotations(*(known for known in annotations if known.startswith(_VELERO_PREFIX)))

    def reset_content(self, draft: ObjectDraft, source: DataSource, *, target_namespace: str) -> str:
        api = self._target.api
        if api is None or not isinstance(source, CsiSource):
            return ""
        name = str(draft.body["metadata"]["name"])
        namespace, snapshot = self.snapshot_of(name)
        if source.content != name:
            return f"VolumeSnapshot {namespace}/{snapshot} is bound to another one"
        stored = draft.body.get("spec") or {}
        spec = {
            "deletionPolicy": "Retain",
            "driver": source.driver,
            "source": {"snapshotHandle": source.handle},
            "volumeSnapshotRef": {
                "apiVersion": api.snapshots.api_version,
                "kind": api.snapshots.kind,
                "namespace": target_namespace,
                "name": self.restored_snapshot_name(namespace, snapshot),
            },
        }
        snapshot_class = self._target.snapshot_class(source.driver, str(stored.get("volumeSnapshotClassName") or ""))
        if snapshot_class:
            spec["volumeSnapshotClassName"] = snapshot_class
        if stored.get("sourceVolumeMode"):
            spec["sourceVolumeMode"] = stored["sourceVolumeMode"]
        draft.body["apiVersion"] = api.contents.api_version
        draft.body["spec"] = spec
        draft.body["metadata"]["name"] = source.restored_name
        draft.drop_snapshot_finalizers()
        draft.drop_annotations(*_CONTROLLER_ANNOTATIONS)
        return ""


__all__ = ("CsiRestore",)
