# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The owners of a cluster, each read once, and how Argo CD is set up."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.argo import APPLICATION_SETS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.tracking import INSTANCE_LABEL, Tracking
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object

FindType: t.TypeAlias = t.Callable[[GroupResource], ApiResource | None]

#: What Argo CD is told of in its ConfigMap (docs/operator-manual/argocd-cm.yaml).
_SETTINGS = "argocd-cm"
_METHOD, _LABEL = "application.resourceTrackingMethod", "application.instanceLabelKey"


class OwnerBook:
    """Reads only. ``unread``: why owners that objects name could not be read."""

    def __init__(self, client: KubeClient, find_type: FindType, tracking: Tracking) -> None:
        self.client = client
        self.tracking = tracking
        self._find_type = find_type
        self._found: dict[OwnerRef, Owner | None] = {}
        self.unread: dict[OwnerRef, str] = {}

    @property
    def has_types(self) -> bool:
        """Whether the cluster knows a tool at all."""
        return any(self._find_type(kind.group_resource) is not None for kind in OWNER_KINDS.values())

    def find(self, ref: OwnerRef) -> Owner | None:
        """None for one that is not there, and for one that may not be read, which ``unread`` has then."""
        if ref not in self._found:
            try:
                self._found[ref] = self._read(ref)
            except KubeError as exc:
                if not exc.forbidden:
                    raise
                self._found[ref] = None
                self.unread[ref] = exc.message
        return self._found[ref]

    def forget(self) -> None:
        """What was read is old."""
        self._found.clear()
        self.unread.clear()

    def find_set(self, namespace: str, name: str) -> Object | None:
        """An ApplicationSet. Raises ``KubeError``."""
        resource = self._find_type(APPLICATION_SETS)
        return None if resource is None else get_object(self.client, resource, name, namespace)

    def list_all(self, namespaces: t.Sequence[str] | None = None) -> t.Iterator[Owner]:
        """All owners, in some namespaces or (None) everywhere. Raises ``KubeError``."""
        for kind in OWNER_KINDS.values():
            resource = self._find_type(kind.group_resource)
            for namespace in [None] if namespaces is None else namespaces:
                if resource is not None:
                    for page in list_pages(self.client, resource, namespace=namespace):
                        yield from (Owner.of(kind, resource, item) for item in page.items)

    def _read(self, ref: OwnerRef) -> Owner | None:
        kind = OWNER_KINDS.get(ref.kind)
        resource = None if kind is None else self._find_type(kind.group_resource)
        if kind is None or resource is None:
            return None
        obj = get_object(self.client, resource, ref.name, ref.namespace or self.tracking.namespace)
        if obj is None and not ref.namespace:
            obj = self._look_everywhere(resource, ref.name)
        return None if obj is None else Owner.of(kind, resource, obj)

    def _look_everywhere(self, resource: ApiResource, name: str) -> Object | None:
        """Argo CD does not run where it is thought to; two Applications of the name could be either."""
        query = {"fieldSelector": f"metadata.name={name}", "limit": "2"}
        try:
            found: list[Object] = self.client.get(resource.path(), query=query).get("items") or []
        except KubeError as exc:
            if exc.forbidden:
                return None
            raise
        return found[0] if len(found) == 1 else None


def read_tracking(
    client: KubeClient, find_type: FindType, *, namespace: str = "argocd", label: str = "", with_names: bool = False
) -> Tracking:
    """How the Argo CD of this cluster tracks its objects; ``label`` is a key that somebody knows to be its own.

    ``with_names``: the names of its Applications are read, for labels that others write as well.
    """
    applications = find_type(OWNER_KINDS["Application"].group_resource)
    if applications is None:
        return Tracking(namespace=namespace, label=label or INSTANCE_LABEL)
    found = _read_settings(client, namespace)
    method, key = (found or {}).get(_METHOD), (found or {}).get(_LABEL)
    by_label = None if not method else method != "annotation"
    names: frozenset[str] | None = None
    if with_names and by_label is not False:
        names = _names(client, applications)
    return Tracking(
        namespace=namespace,
        by_label=True if label else by_label,
        label=label or str(key or INSTANCE_LABEL),
        applications=names,
    )


def _read_settings(client: KubeClient, namespace: str) -> t.Mapping[str, t.Any] | None:
    try:
        found = client.get(f"/api/v1/namespaces/{namespace}/configmaps/{_SETTINGS}").get("data")
    except KubeError as exc:
        if exc.forbidden or exc.not_found:
            return None
        raise
    return found if isinstance(found, dict) else None


def _names(client: KubeClient, applications: ApiResource) -> frozenset[str] | None:
    try:
        return frozenset(item["metadata"]["name"] for page in list_pages(client, applications) for item in page.items)
    except KubeError as exc:
        if exc.forbidden:
            return None
        raise


__all__ = ("FindType", "OwnerBook", "read_tracking")
