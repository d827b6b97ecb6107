# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the target cluster can do with CSI snapshots."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import (
    GROUP,
    SnapshotApi,
    find_snapshot_api,
    list_classes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.storage_classes import StorageClasses, has_annotation

_DEFAULT_SNAPSHOT_CLASS = "snapshot.storage.kubernetes.io/is-default-class"


class CsiTarget:
    """Asks the cluster once for each thing, when the first claim needs it. Safe to use from any thread."""

    def __init__(
        self,
        client: KubeClient,
        discovery: Discovery,
        *,
        classes: StorageClasses,
    ) -> None:
        self._client = client
        self._classes = classes
        self._lock = threading.Lock()
        self._allowed: dict[Need, bool] = {}
        self._snapshot_classes: t.Sequence[ObjectView] | None = None
        self.api: SnapshotApi | None = find_snapshot_api(discovery)

    def why_not(self, driver: str, *, namespace: str, claim: ObjectView) -> str:
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
        default = next((entry for entry in found if has_annotation(entry, _DEFAULT_SNAPSHOT_CLASS)), None)
        return str(default["metadata"]["name"]) if default else next(iter(names), "")

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

    def _why_other_driver(self, driver: str, claim: ObjectView) -> str:
        name, found = self._classes.storage_class(claim)
        if found is None:
            if not self._classes.known:
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


__all__ = ("CsiTarget",)
