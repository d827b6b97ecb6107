# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stored objects of a CSI snapshot as a backup has them (docs/compatibility 8.6), and what a target cluster says."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.restore import CsiRestore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, StoredRecords
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.storage_classes import StorageClasses
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import (
    SNAPSHOT_TYPES,
    types_named,
)

GROUP = "snapshot.storage.k8s.io"
DRIVER = "disk.example.com"
NAME = "velero-data-abc12"
BOUND = "snapcontent-1"

CLAIM: Object = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {
        "name": "data",
        "namespace": "shop",
        "labels": {"velero.io/volume-snapshot-name": NAME},
        "annotations": {"velero.io/volume-snapshot-name": NAME},
    },
    "spec": {
        "storageClassName": "fast",
        "volumeName": "pv1",
        "resources": {"requests": {"storage": "1Gi"}},
    },
    "status": {"phase": "Bound"},
}
SNAPSHOT: Object = {
    "apiVersion": f"{GROUP}/v1",
    "kind": "VolumeSnapshot",
    "metadata": {
        "name": NAME,
        "namespace": "shop",
        "finalizers": ["snapshot.storage.kubernetes.io/volumesnapshot-bound-protection", "example.com/own"],
    },
    "spec": {"source": {"persistentVolumeClaimName": "data"}, "volumeSnapshotClassName": "old"},
    "status": {"boundVolumeSnapshotContentName": BOUND, "readyToUse": True},
}
CONTENT: Object = {
    "apiVersion": f"{GROUP}/v1",
    "kind": "VolumeSnapshotContent",
    "metadata": {
        "name": BOUND,
        "annotations": {"snapshot.storage.kubernetes.io/volumesnapshot-being-deleted": "yes"},
        "finalizers": ["snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"],
    },
    "spec": {
        "deletionPolicy": "Retain",
        "driver": DRIVER,
        "source": {"volumeHandle": "vol-1"},
        "sourceVolumeMode": "Filesystem",
        "volumeSnapshotClassName": "old",
        "volumeSnapshotRef": {"name": NAME, "namespace": "shop", "uid": "u", "resourceVersion": "7"},
    },
    "status": {"snapshotHandle": "snap-1", "restoreSize": 2147483648},
}
VOLUME: Object = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "pv1", "labels": {"tier": "gold"}},
    "spec": {
        "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": {"namespace": "shop", "name": "data", "uid": "u"},
    },
}


def storage_class(name: str, provisioner: str = DRIVER, *, default: bool = False, **more: str) -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {"metadata": {"name": name, "annotations": annotations}, "provisioner": provisioner, **more}


def snapshot_class(name: str, driver: str = DRIVER, *, default: bool = False) -> Object:
    annotations = {"snapshot.storage.kubernetes.io/is-default-class": "true"} if default else {}
    return {"metadata": {"name": name, "annotations": annotations}, "driver": driver}


class TargetCluster(MemoryApi):
    """Has classes, and answers for rights one by one.

    ``forbidden``: plurals that may be neither listed nor made; ``volumesnapshots@shop`` for one namespace.
    """

    def __init__(
        self, *, classes: t.Sequence[Object] = (), forbidden: t.Collection[str] = (), api: bool = True
    ) -> None:
        super().__init__([*types_named("storageclasses"), *(SNAPSHOT_TYPES if api else ())])
        self.lists_rights = False
        self.forbidden = forbidden
        for each in classes:
            body = {name: value for name, value in each.items() if name != "metadata"}
            plural = "storageclasses" if "provisioner" in each else "volumesnapshotclasses"
            self.add(plural, each["metadata"]["name"], metadata=each["metadata"], **body)
        self.discovery = Discovery.read(self.client)

    @property
    def reviews(self) -> list[Need]:
        asked = [each.body["spec"]["resourceAttributes"] for each in self.seen if "accessreviews" in each.path]
        return [Need(*(each.get(field, "") for field in Need._fields)) for each in asked]

    def allows(self, _user: str, _verb: str, resource: str, namespace: str) -> bool:
        if resource == "*":
            return not self.forbidden
        return (f"{resource}@{namespace}" if namespace else resource) not in self.forbidden

    def storage_classes(self, mapping: t.Mapping[str, str] | None = None) -> StorageClasses:
        return StorageClasses(self.client, self.discovery, mapping=mapping or {}, restored=lambda: {})


class StoredSnapshots:
    """An archive with the objects above, by type and name; ``None`` for one that is not in it."""

    def __init__(self, **changed: Object | None) -> None:
        objects = {"claim": CLAIM, "snapshot": SNAPSHOT, "content": CONTENT, "volume": VOLUME} | changed
        self._objects = {
            (GroupResource.parse(kind), (obj["metadata"].get("namespace")), obj["metadata"]["name"]): obj
            for kind, obj in (
                ("persistentvolumeclaims", objects["claim"]),
                (f"volumesnapshots.{GROUP}", objects["snapshot"]),
                (f"volumesnapshotcontents.{GROUP}", objects["content"]),
                ("persistentvolumes", objects["volume"]),
            )
            if obj is not None
        }

    def names(self, group_resource: GroupResource, namespace: str | None) -> list[str]:
        return [name for kind, there, name in self._objects if (kind, there) == (group_resource, namespace)]

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> Object | None:
        return self._objects.get((group_resource, namespace, name))

    def sources(
        self,
        cluster: TargetCluster | None = None,
        mapping: t.Mapping[str, str] | None = None,
        *,
        left_out: bool = False,
    ) -> CsiRestore:
        target = cluster or TargetCluster(classes=[storage_class("fast")])
        job = RestoreJob(
            name="r",
            archive=self,
            records=StoredRecords(),
            discovery=target.discovery,
            classes=target.storage_classes(mapping),
            leaves_objects_out=left_out,
        )
        return CsiRestore(target.client, job)


def without(obj: Object, *path: str) -> Object:
    """A copy without one member."""
    first, *rest = path
    if not rest:
        return {name: value for name, value in obj.items() if name != first}
    return {**obj, first: without(obj[first], *rest)}


def put(obj: Object, value: t.Any, *path: str) -> Object:
    """A copy with one member set."""
    first, *rest = path
    return {**obj, first: put(obj.get(first) or {}, value, *rest) if rest else value}


__all__ = (
    "BOUND", "CLAIM", "CONTENT", "DRIVER", "GROUP", "NAME", "SNAPSHOT", "VOLUME", "Object", "StoredSnapshots",
    "TargetCluster", "put", "snapshot_class", "storage_class", "without",
)  # fmt: skip
