# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VolumeSnapshots, their contents and classes, on the API server in memory."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import set_annotations, set_labels
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import SNAPSHOT_TYPES

DRIVER = "disk.example"


class SnapshotCluster(MemoryApi):
    """``deleted`` keeps what goes: a snapshot whose content has the policy Delete takes that and the storage's along.

    ``missing``: the rights that the caller lacks, as ``get volumesnapshots``. ``forbidden``: plurals that are refused
    although the reviews of rights allow them.
    """

    def __init__(self) -> None:
        super().__init__(SNAPSHOT_TYPES)
        self.deleted: list[str] = []
        self.missing: list[str] = []
        self.forbidden: set[str] = set()
        self.refuse = self._forbid
        self.kept.controllers.append(self._follow)

    @property
    def patches(self) -> list[tuple[str, Object]]:
        return [(each.path.rpartition("/")[2], each.body) for each in self.seen if each.verb == "PATCH"]

    def allows(self, _user: str, verb: str, resource: str, _namespace: str) -> bool:
        return not self.missing if resource == "*" else f"{verb} {resource}" not in self.missing

    def _forbid(self, _verb: str, path: str, _dry_run: bool) -> KubeError | None:
        is_refused = self.forbidden.intersection(path.split("/"))
        return KubeError(f"You may not read {path}.", status=403, reason="Forbidden") if is_refused else None

    def _follow(self, change: str, key: Key, _obj: Object) -> None:
        plural, _namespace, name = key
        if change != "DELETED" or plural != "volumesnapshots":
            return
        self.deleted.append(name)
        content = ("volumesnapshotcontents", "", f"content-{name}")
        if self.objects.get(content, {}).get("spec", {}).get("deletionPolicy") == "Delete":
            self.kept.remove(content)
            self.deleted.append(f"the storage's {name}")

    def add_class(self, name: str, driver: str = DRIVER, **metadata: t.Any) -> None:
        self.add("volumesnapshotclasses", name, metadata=metadata, driver=driver, deletionPolicy="Delete")

    def add_snapshot(
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
        marks = {"labels": set_labels(set_name), "annotations": set_annotations(set_name, state)}
        self.add(
            "volumesnapshots",
            name,
            "shop",
            metadata={"uid": f"uid-{claim}", **marks, **metadata},
            spec={"source": {"persistentVolumeClaimName": claim}, "volumeSnapshotClassName": "fast"},
            status=made if status is None else status,
        )
        self.add(
            "volumesnapshotcontents",
            content,
            spec={"driver": DRIVER, "deletionPolicy": policy},
            status={"snapshotHandle": f"snap-{claim}", "restoreSize": 1024, "readyToUse": True},
        )


__all__ = ("DRIVER", "SnapshotCluster")
