# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The storage classes of the cluster that a restore goes to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import STORAGE_CLASSES
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
#: Where Kubernetes before 1.6 had the class of a claim.
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
#: On a claim whose class waits for a pod: that there is one.
_SELECTED_NODE = "volume.kubernetes.io/selected-node"


class StorageClasses:
    """Read once, when the first claim needs one. Safe to use from any thread.

    ``mapping`` are new classes by the old names; ``restored`` reads those that the same restore brings, by name.
    """

    def __init__(
        self,
        client: KubeClient,
        discovery: Discovery,
        *,
        mapping: t.Mapping[str, str],
        restored: t.Callable[[], t.Mapping[str, ObjectView]],
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._mapping = mapping
        self._restored = restored
        self._lock = threading.Lock()
        self._found: t.Mapping[str, ObjectView] | None = None
        #: False once it is known that they may not be listed.
        self.known = True

    def storage_class(self, claim: ObjectView) -> tuple[str, ObjectView | None]:
        """The class that ``claim`` (as stored) will have, by its name; without the class where it is not known."""
        annotations = (claim.get("metadata") or {}).get("annotations") or {}
        stored = (claim.get("spec") or {}).get("storageClassName", annotations.get(_BETA_CLASS))
        classes = self._read()
        if stored is None:
            default = [name for name, entry in classes.items() if has_annotation(entry, _DEFAULT_CLASS)]
            return (default[0], classes[default[0]]) if default else ("", None)
        name = self._mapping.get(stored, stored)
        return name, classes.get(name)

    def class_of(self, body: ObjectView) -> tuple[str, ObjectView | None]:
        """The class of a claim as it is made, by its name; without the class where it is not known."""
        name, classes = (body.get("spec") or {}).get("storageClassName"), self._read()
        return self.storage_class(body) if name is None else (name, classes.get(name))

    def binds_at_once(self, body: ObjectView) -> bool:
        """Whether the volume of a claim, as it is made, comes without a pod that uses it."""
        found = self.class_of(body)[1]
        return found is not None and found.get("volumeBindingMode", "Immediate") == "Immediate"

    def why_not_bound_yet(self, claim: ObjectView) -> str:
        """Why nobody makes a volume for a live claim for now; empty where one is on its way."""
        annotations = (claim.get("metadata") or {}).get("annotations") or {}
        name = (claim.get("spec") or {}).get("storageClassName") or ""
        found = self._read().get(name)
        if found is None:
            return f"its storage class '{name}' is not in the cluster" if self.known else ""
        if found.get("volumeBindingMode") == "WaitForFirstConsumer" and _SELECTED_NODE not in annotations:
            return "its volume is made once a pod uses it"
        return ""

    def _read(self) -> t.Mapping[str, ObjectView]:
        with self._lock:
            if self._found is None:
                self._found = {**self._restored(), **self._live()}
            return self._found

    def _live(self) -> dict[str, ObjectView]:
        resource = self._discovery.find(STORAGE_CLASSES)
        if resource is None:
            return {}
        try:
            found = [item for page in list_pages(self._client, resource) for item in page.items]
        except KubeError as exc:
            if not exc.forbidden:
                raise
            self.known = False
            return {}
        return {item["metadata"]["name"]: item for item in found}


def has_annotation(entry: ObjectView, name: str) -> bool:
    return str(((entry.get("metadata") or {}).get("annotations") or {}).get(name, "")).lower() == "true"


__all__ = ("StorageClasses", "has_annotation")
