# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VolumeSnapshots, their contents and classes in a table, by their paths."""

from __future__ import annotations

import copy
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.names import set_annotations, set_labels
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_api import GROUP, SnapshotApi

Object = dict[str, t.Any]
ROOT = f"/apis/{GROUP}/v1"
DRIVER = "disk.example"


def resource(plural: str, kind: str, *, namespaced: bool) -> ApiResource:
    return ApiResource(
        group=GROUP,
        version="v1",
        plural=plural,
        singular=kind.lower(),
        kind=kind,
        namespaced=namespaced,
        verbs=frozenset(("get", "list", "watch")),
        preferred=True,
    )


API = SnapshotApi(
    snapshots=resource("volumesnapshots", "VolumeSnapshot", namespaced=True),
    contents=resource("volumesnapshotcontents", "VolumeSnapshotContent", namespaced=False),
    classes=resource("volumesnapshotclasses", "VolumeSnapshotClass", namespaced=False),
)


class SnapshotCluster:
    """A client that deletes at once; ``patches`` and ``deleted`` keep what was asked for."""

    server = "https://127.0.0.1:6443"

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.patches: list[tuple[str, Object]] = []
        self.deleted: list[str] = []
        self.forbidden: set[str] = set()

    def add_class(self, name: str, driver: str = DRIVER, **metadata: t.Any) -> None:
        body = {"metadata": {"name": name, **metadata}, "driver": driver, "deletionPolicy": "Delete"}
        self.objects[f"{ROOT}/volumesnapshotclasses/{name}"] = body

    def add(
        self,
        claim: str,
        *,
        set_name: str = "s",
        state: str = "complete",
        policy: str = "Delete",
        status: Object | None = None,
        **metadata: t.Any,
    ) -> None:
        """A snapshot of the set, bound to a content that is ready."""
        name, content = f"{set_name}-{claim}", f"content-{set_name}-{claim}"
        made = {"boundVolumeSnapshotContentName": content, "creationTime": "2026-06-01T02:00:00Z", "readyToUse": True}
        self.objects[f"{ROOT}/namespaces/shop/volumesnapshots/{name}"] = {
            "metadata": {
                "namespace": "shop",
                "name": name,
                "uid": f"uid-{claim}",
                "resourceVersion": "1",
                "labels": set_labels(set_name),
                "annotations": set_annotations(set_name, state),
                **metadata,
            },
            "spec": {"source": {"persistentVolumeClaimName": claim}, "volumeSnapshotClassName": "fast"},
            "status": made if status is None else status,
        }
        self.objects[f"{ROOT}/volumesnapshotcontents/{content}"] = {
            "metadata": {"name": content},
            "spec": {"driver": DRIVER, "deletionPolicy": policy},
            "status": {"snapshotHandle": f"snap-{claim}", "restoreSize": 1024, "readyToUse": True},
        }

    def with_cancel(self, _cancel: t.Any) -> SnapshotCluster:
        return self

    def server_now(self) -> dt.datetime:
        return utc_now()

    def get(self, path: str, *, query: t.Any = None, **_more: t.Any) -> Object:
        if any(word in path for word in self.forbidden):
            raise KubeError(f"You may not read {path}.", status=403)
        if path in self.objects:
            return copy.deepcopy(self.objects[path])
        plural = path.rpartition("/")[2]
        if plural not in ("volumesnapshots", "volumesnapshotcontents", "volumesnapshotclasses"):
            raise KubeError("It is not there.", status=404)
        wanted = LabelSelector.from_text((query or {}).get("labelSelector", ""))
        found = [obj for key, obj in self.objects.items() if key.rpartition("/")[0].endswith(plural)]
        return {"items": [copy.deepcopy(obj) for obj in found if wanted.matches(obj["metadata"].get("labels"))]}

    def patch(self, path: str, body: Object, **_more: t.Any) -> Object:
        self.patches.append((path.rpartition("/")[2], body))
        if path not in self.objects:
            raise KubeError("It is not there.", status=404)
        found = self.objects[path]
        found.setdefault("spec", {}).update(body.get("spec", {}))
        found["metadata"].setdefault("annotations", {}).update(body.get("metadata", {}).get("annotations", {}))
        return found

    def delete(self, path: str, *, body: Object | None = None, **_more: t.Any) -> Object:
        uid = ((body or {}).get("preconditions") or {}).get("uid")
        if uid and path in self.objects and self.objects[path]["metadata"].get("uid") != uid:
            raise KubeError("The uid is another one.", status=409, reason="Conflict")
        if self.objects.pop(path, None) is None:
            raise KubeError("It is not there.", status=404)
        name = path.rpartition("/")[2]
        self.deleted.append(name)
        content = f"{ROOT}/volumesnapshotcontents/content-{name}"
        if self.objects.get(content, {}).get("spec", {}).get("deletionPolicy") == "Delete":
            del self.objects[content]
            self.deleted.append(f"the storage's {name}")
        return {}


__all__ = ("API", "DRIVER", "ROOT", "SnapshotCluster")
