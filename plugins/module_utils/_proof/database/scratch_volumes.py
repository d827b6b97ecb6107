# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claims of a proof: volumes made from snapshots that the storage keeps, whatever becomes of the proof."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.bound_volumes import (
    bound_volumes,
    refuse_others,
    settle,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import (
    PREFIX,
    PROOF_LABEL,
    proof_labels,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import ClaimSnapshot, Subject
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import GROUP, SnapshotApi
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.removal import SnapshotRemoval
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.target import CsiTarget
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.storage_classes import StorageClasses

_DEFAULT_SIZE = "1Gi"
_GONE_SECONDS = 60.0
_PAUSE = 0.2
_KEPT_SPEC = ("accessModes", "volumeMode", "resources", "volumeAttributesClassName")


class ScratchVolumes:
    """Of one cluster. Each snapshot gets a content with the policy Retain: the storage's snapshot is never ours."""

    def __init__(
        self, client: KubeClient, discovery: Discovery, mapping: t.Mapping[str, str], *, only_labelled: bool = False
    ) -> None:
        """``only_labelled``: its namespace stays, so that claims there are ours only by their label."""
        self._client = client
        self._only_labelled = only_labelled
        self._classes = StorageClasses(client, discovery, mapping=mapping, restored=dict)
        self._target = CsiTarget(client, discovery, classes=self._classes)

    @property
    def api(self) -> SnapshotApi:
        """Raises ``ProofError`` where the cluster has no snapshots."""
        if self._target.api is None:
            raise ProofError(
                f"The cluster at {self._client.server} has no CSI snapshots (it does not serve {GROUP}/v1).",
                hint="Name a cluster whose storage has the snapshots.",
            )
        return self._target.api

    def check(self, subject: Subject, namespace: str) -> None:
        """Raises ``ProofError`` where a volume cannot be made here."""
        _api = self.api
        for snapshot in subject.snapshots:
            why = self._target.why_not(snapshot.driver, namespace=namespace, claim=snapshot.claim)
            if why:
                raise ProofError(
                    f"The volume of claim {subject.namespace}/{snapshot.name} cannot be made from its snapshot: {why}.",
                    hint="Name a class of its driver in storage_class_mapping where that is the reason.",
                )

    def bodies(self, snapshot: ClaimSnapshot, namespace: str, at: int) -> list[Object]:
        """The content, the VolumeSnapshot, and the claim."""
        api, name = self.api, f"{namespace if namespace.startswith(PREFIX) else PREFIX + namespace}-{at}"
        metadata = {"name": name, "labels": proof_labels(namespace)}
        reference = {
            "kind": api.snapshots.kind,
            "apiVersion": api.snapshots.api_version,
            "namespace": namespace,
            "name": name,
        }
        content_spec: Object = {
            "deletionPolicy": "Retain",
            "driver": snapshot.driver,
            "source": {"snapshotHandle": snapshot.handle},
            "volumeSnapshotRef": reference,
        }
        chosen = self._target.snapshot_class(snapshot.driver, "")
        if chosen:
            content_spec["volumeSnapshotClassName"] = chosen
        mode = (snapshot.claim.get("spec") or {}).get("volumeMode")
        if mode:
            content_spec["sourceVolumeMode"] = mode
        return [
            {
                "apiVersion": api.contents.api_version,
                "kind": api.contents.kind,
                "metadata": metadata,
                "spec": content_spec,
            },
            {
                "apiVersion": api.snapshots.api_version,
                "kind": api.snapshots.kind,
                "metadata": {**metadata, "namespace": namespace},
                "spec": {"source": {"volumeSnapshotContentName": name}},
            },
            self._claim(snapshot, namespace, name),
        ]

    def create(self, subject: Subject, namespace: str) -> None:
        """Raises ``KubeError``."""
        api = self.api
        for at, snapshot in enumerate(subject.snapshots):
            content, volume_snapshot, claim = self.bodies(snapshot, namespace, at)
            create_object(self._client, api.contents, content)
            create_object(self._client, api.snapshots, volume_snapshot, namespace=namespace)
            self._client.post(namespaced_path("v1", namespace, "persistentvolumeclaims"), claim)

    def check_made(self, namespace: str) -> None:
        """Raises ``ProofError`` where a claim has another volume than one that was made from its snapshot."""
        refuse_others(bound_volumes(self._client, self._claims(self._client, namespace)))

    def let_go(self, namespace: str) -> list[str]:
        """Before a namespace that a dead run has left is removed; as ``remove_claims`` and ``take_out``."""
        client = self._client.with_cancel(CancelToken())
        return [*settle(client, bound_volumes(client, self._claims(client, namespace))), *self.take_out(namespace)]

    def take_out(self, namespace: str) -> list[str]:
        """Remove the objects of the snapshots, which the storage keeps. A sentence for each that is not gone."""
        client = self._client.with_cancel(CancelToken())
        pages = list_pages(client, self.api.contents, label_selector=f"{PROOF_LABEL}={namespace}")
        found = [item for page in pages for item in page.items]
        objects = [
            TakenSnapshot(
                spec=SnapshotSpec(namespace=namespace, claim=""),
                requested=utc_now(),
                name=str(item["metadata"]["name"]),
                content=str(item["metadata"]["name"]),
            )
            for item in found
        ]
        return SnapshotRemoval(client, self.api, with_contents=True).release(objects)

    def remove_claims(self, namespace: str, pods: t.Iterable[str]) -> list[str]:
        """Pods and claims, and the volumes with them, also where their class says that these stay.

        Before the namespace, which would take much longer about it. Sentences for volumes that may stay. Raises
        ``ProofError`` where nothing was removed, as a volume of somebody else would go with it.
        """
        client = self._client.with_cancel(CancelToken())
        claims = self._claims(client, namespace)
        bound = bound_volumes(client, claims)
        problems = settle(client, bound)
        volumes = [volume.path for volume in bound if volume.is_made]
        now = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
        own = [
            namespaced_path("v1", namespace, "persistentvolumeclaims", str(each["metadata"]["name"])) for each in claims
        ]
        for each in (*(namespaced_path("v1", namespace, "pods", pod) for pod in pods), *own):
            with contextlib.suppress(KubeError):
                # The namespace takes whatever is left.
                client.delete(each, body=now)
        left = _wait_gone(client, [*own, *volumes])
        return problems or [f"The API server still has {each} of the proof, which is being deleted." for each in left]

    def _claims(self, client: KubeClient, namespace: str) -> list[Object]:
        path = namespaced_path("v1", namespace, "persistentvolumeclaims")
        found = client.get(path, query={"labelSelector": f"{PROOF_LABEL}={namespace}"} if self._only_labelled else None)
        return found.get("items") or []

    def class_names(self, subject: Subject) -> dict[str, str]:
        """The storage class of each claim in the proof."""
        return {each.name: self._classes.storage_class(each.claim)[0] for each in subject.snapshots}

    def _claim(self, snapshot: ClaimSnapshot, namespace: str, source: str) -> Object:
        stored = snapshot.claim.get("spec") or {}
        spec: Object = {key: stored[key] for key in _KEPT_SPEC if key in stored}
        requests = dict((spec.get("resources") or {}).get("requests") or {})
        requests["storage"] = _larger(str(requests.get("storage") or _DEFAULT_SIZE), snapshot.size)
        spec["resources"] = {"requests": requests}
        spec["dataSource"] = {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": source}
        class_name = self._classes.storage_class(snapshot.claim)[0]
        if class_name:
            spec["storageClassName"] = class_name
        metadata = {"name": snapshot.name, "namespace": namespace, "labels": proof_labels(namespace)}
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def _wait_gone(client: KubeClient, paths: t.Sequence[str]) -> list[str]:
    """The kind and name of those that are still there at the end; who may not read one does not wait for it."""
    left, end = list(paths), time.monotonic() + _GONE_SECONDS
    while left and time.monotonic() < end:
        left = [path for path in left if _is_there(client, path)]
        time.sleep(_PAUSE if left else 0)
    return ["/".join(path.split("/")[-2:]) for path in left]


def _is_there(client: KubeClient, path: str) -> bool:
    try:
        client.get(path)
    except KubeError as exc:
        return exc.may_pass
    return True


def _larger(asked: str, least: str) -> str:
    with contextlib.suppress(ValidationError):
        if least and parse_quantity(least) > parse_quantity(asked):
            return least
    return asked


__all__ = ("ScratchVolumes",)
