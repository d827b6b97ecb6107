# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What the target cluster can do with CSI snapshots."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_api import (
    GROUP,
    SnapshotApi,
    find_snapshot_api,
    list_classes,
)

STORAGE_CLASSES = GroupResource("storageclasses", "storage.k8s.io")
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_SNAPSHOT_CLASS = "snapshot.storage.kubernetes.io/is-default-class"
#: Where Kubernetes before 1.6 had the class of a claim.
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
#: On a claim whose class waits for a pod: that there is one.
_SELECTED_NODE = "volume.kubernetes.io/selected-node"

Object: t.TypeAlias = "t.Mapping[str, t.Any]"


class CsiTarget:
    """Asks the cluster once for each thing, when the first claim needs it. Safe to use from any thread.

    ``class_mapping`` are new storage classes by the old names; ``restored_classes`` reads those StorageClasses that the
    same restore brings, by name.
    """

    def __init__(
        self,
        client: KubeClient,
        discovery: Discovery,
        *,
        class_mapping: t.Mapping[str, str],
        restored_classes: t.Callable[[], t.Mapping[str, Object]],
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._class_mapping = class_mapping
        self._restored_classes = restored_classes
        self._lock = threading.Lock()
        self._allowed: dict[Need, bool] = {}
        self._storage_classes: t.Mapping[str, Object] | None = None
        self._snapshot_classes: t.Sequence[Object] | None = None
        self._storage_known = True
        self.api: SnapshotApi | None = find_snapshot_api(discovery)

    def why_not(self, driver: str, *, namespace: str, claim: Object) -> str:
        """Why no volume can be made for ``claim`` from a snapshot of ``driver``; empty when it can."""
        why = self.why_no_snapshot(namespace)
        return why or self._why_other_driver(driver, claim)

    def why_no_snapshot(self, namespace: str) -> str:
        """Why a VolumeSnapshot and its content cannot be made in ``namespace``; empty when they can."""
        if self.api is None:
            return f"the cluster has no CSI snapshots (it does not serve {GROUP}/v1)"
        contents, snapshots = (Need("create", GROUP, name) for name in ("volumesnapshotcontents", "volumesnapshots"))
        missing = [] if self._may(contents) else [contents]
        if not (self._may(snapshots) or self._may(snapshots._replace(namespace=namespace))):
            missing.append(snapshots._replace(namespace=namespace))
        return f"the API server does not let you {rights_text(missing)} ({rules_text(missing)})" if missing else ""

    def snapshot_class(self, driver: str, stored: str) -> str:
        """A VolumeSnapshotClass of the driver: the stored one where it is there, else the default one, else any.

        Empty where there is none, or they may not be listed.
        """
        with self._lock:
            if self._snapshot_classes is None:
                self._snapshot_classes = (list_classes(self._client, self.api) or ()) if self.api else ()
            found = [entry for entry in self._snapshot_classes if entry.get("driver") == driver]
        names = [str(entry["metadata"]["name"]) for entry in found]
        if stored in names:
            return stored
        default = next((entry for entry in found if _has_annotation(entry, _DEFAULT_SNAPSHOT_CLASS)), None)
        return str(default["metadata"]["name"]) if default else next(iter(names), "")

    def storage_class(self, claim: Object) -> tuple[str, Object | None]:
        """The class that ``claim`` (as stored) will have, by its name; without the class where it is not known."""
        annotations = (claim.get("metadata") or {}).get("annotations") or {}
        stored = (claim.get("spec") or {}).get("storageClassName", annotations.get(_BETA_CLASS))
        classes = self._read_storage_classes()
        if stored is None:
            default = [name for name, entry in classes.items() if _has_annotation(entry, _DEFAULT_CLASS)]
            return (default[0], classes[default[0]]) if default else ("", None)
        name = self._class_mapping.get(stored, stored)
        return name, classes.get(name)

    def class_of(self, body: Object) -> tuple[str, Object | None]:
        """The class of a claim as it is made, by its name; without the class where it is not known."""
        name, classes = (body.get("spec") or {}).get("storageClassName"), self._read_storage_classes()
        return self.storage_class(body) if name is None else (name, classes.get(name))

    def binds_at_once(self, body: Object) -> bool:
        """Whether the volume of a claim, as it is made, comes without a pod that uses it."""
        found = self.class_of(body)[1]
        return found is not None and found.get("volumeBindingMode", "Immediate") == "Immediate"

    def is_missing(self, namespace: str, snapshot: str) -> bool:
        """Whether a VolumeSnapshot is surely not there."""
        if self.api is None:
            return True
        try:
            return get_object(self._client, self.api.snapshots, snapshot, namespace) is None
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return False

    def why_not_bound_yet(self, claim: Object) -> str:
        """Why nobody makes a volume for a live claim for now; empty where one is on its way."""
        annotations = (claim.get("metadata") or {}).get("annotations") or {}
        name = (claim.get("spec") or {}).get("storageClassName") or ""
        found = self._read_storage_classes().get(name)
        if found is None:
            return f"its storage class '{name}' is not in the cluster" if self._storage_known else ""
        if found.get("volumeBindingMode") == "WaitForFirstConsumer" and _SELECTED_NODE not in annotations:
            return "its volume is made once a pod uses it"
        return ""

    def _why_other_driver(self, driver: str, claim: Object) -> str:
        name, found = self.storage_class(claim)
        if found is None:
            if not self._storage_known:
                return ""
            return f"its storage class '{name}' is not in the cluster" if name else "it has no storage class"
        provisioner = str(found.get("provisioner"))
        if provisioner != driver:
            return f"its snapshot is of driver {driver}, and its storage class '{name}' of {provisioner}"
        return ""

    def _may(self, need: Need) -> bool:
        with self._lock:
            if need not in self._allowed:
                self._allowed[need] = not find_forbidden(self._client, [need], workers=1)
            return self._allowed[need]

    def _read_storage_classes(self) -> t.Mapping[str, Object]:
        with self._lock:
            if self._storage_classes is None:
                self._storage_classes = {**self._restored_classes(), **self._live_storage_classes()}
            return self._storage_classes

    def _live_storage_classes(self) -> dict[str, Object]:
        resource = self._discovery.find(STORAGE_CLASSES)
        if resource is None:
            return {}
        try:
            found = [item for page in list_pages(self._client, resource) for item in page.items]
        except KubeError as exc:
            if not exc.forbidden:
                raise
            self._storage_known = False
            return {}
        return {item["metadata"]["name"]: item for item in found}


def _has_annotation(entry: Object, name: str) -> bool:
    return str(((entry.get("metadata") or {}).get("annotations") or {}).get(name, "")).lower() == "true"


__all__ = ("STORAGE_CLASSES", "CsiTarget")
