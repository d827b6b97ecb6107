# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the target cluster before a restore writes to it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import list_raw_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.terminating import what_holds

NamespaceState: t.TypeAlias = t.Literal["present", "terminating", "absent", "unknown"]
#: Above this many namespaces one LIST is cheaper than a GET for each.
_MANY_NAMESPACES = 20


class ApiTypes:
    """Discovery as a restore asks for it: by the apiVersion and kind of a stored object, remembered."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery
        self._found: dict[tuple[str, str], ApiResource | None] = {}

    def find_kind(self, api_version: str, kind: str) -> ApiResource | None:
        key = (api_version, kind)
        if key not in self._found:
            self._found[key] = self._discovery.find_kind(api_version, kind)
        return self._found[key]

    def find(self, group_resource: GroupResource) -> ApiResource | None:
        return self._discovery.find(group_resource)

    def versions(self, group_resource: GroupResource) -> list[str]:
        """The apiVersions in which a type is served, in the server's order."""
        return [res.api_version for res in self._discovery.resources if res.group_resource == group_resource]

    @property
    def namespaces(self) -> ApiResource:
        resource = self.find(NAMESPACES)
        if resource is None:
            raise KubeError(
                "The API server serves no namespaces.",
                hint="Check that host or kubeconfig names a Kubernetes API server.",
            )
        return resource


@dataclasses.dataclass(slots=True)
class LiveState:
    """Namespaces and volumes of the cluster, and (once listed) the names of the objects of a type in a namespace.

    ``claims`` are those that were found in the place of stored ones, by namespace and name: each with the volume that
    it is bound to, empty while it is not.
    """

    namespaces: dict[str, NamespaceState]
    volumes: dict[str, dict[str, t.Any]]
    claims: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    #: Of namespaces that are being deleted: what they wait for, in the server's words.
    held: dict[str, str] = dataclasses.field(default_factory=dict)
    #: Names of VolumeSnapshotContents of this restore, with what becomes of the storage's snapshot when they go.
    content_policies: dict[str, str] = dataclasses.field(default_factory=dict)
    _unfilled: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    #: Pods that were found and that wait for the data of their volumes, by namespace and name: what their marks say.
    waiting_pods: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    #: Claims that keep the volumes of others, which restores have rolled back, or were about to.
    kept_claims: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    _claim_uids: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    _names: dict[tuple[GroupResource, str | None], frozenset[str]] = dataclasses.field(default_factory=dict)
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def note_names(self, group_resource: GroupResource, namespace: str | None, names: t.Iterable[str]) -> None:
        """Keep what a LIST found."""
        self._names[(group_resource, namespace)] = frozenset(names)

    def note_claim(self, claim: t.Mapping[str, t.Any]) -> None:
        metadata = claim["metadata"]
        self.claims[(metadata["namespace"], metadata["name"])] = bound_volume(claim)
        self._claim_uids[(metadata["namespace"], metadata["name"])] = str(metadata.get("uid") or "")

    def note_unfilled(self, namespace: str, name: str) -> None:
        """A claim that was found was made for data that it has not, or not to the end."""
        self._unfilled.add((namespace, name))

    def is_unfilled(self, namespace: str, name: str) -> bool:
        return (namespace, name) in self._unfilled

    def forget_claim(self, namespace: str, name: str) -> None:
        """It is to be replaced by another one."""
        self.claims.pop((namespace, name), None)
        self._claim_uids.pop((namespace, name), None)

    def claim_uid(self, namespace: str, name: str) -> str:
        """Of a claim that was found; empty for another."""
        return self._claim_uids.get((namespace, name), "")

    def names(self, client: KubeClient, resource: ApiResource, namespace: str | None) -> frozenset[str]:
        """Names of the live objects of a type, listed on demand; empty where they may not be listed."""
        key = (resource.group_resource, namespace)
        with self._lock:
            if key not in self._names:
                try:
                    pages = list_raw_pages(client, resource, namespace=namespace, in_turn=False)
                    items = (item for page in pages for item in (*page.items, *page.bad))
                    self._names[key] = frozenset(item.obj["metadata"]["name"] for item in items)
                except KubeError as exc:
                    if not exc.forbidden:
                        raise
                    self._names[key] = frozenset()
            return self._names[key]


def read_live_state(
    client: KubeClient, types: ApiTypes, *, namespaces: t.Collection[str], with_volumes: bool, workers: int
) -> LiveState:
    """Read the state of ``namespaces``, and all PersistentVolumes where they matter."""
    found = _read_namespaces(client, types.namespaces, namespaces, workers)
    return LiveState(
        {name: "unknown" if obj is False else namespace_state(obj) for name, obj in found.items()},
        _read_volumes(client, types) if with_volumes else {},
        held={name: what_holds(obj) for name, obj in found.items() if obj and namespace_state(obj) == "terminating"},
    )


def namespace_state(namespace: t.Mapping[str, t.Any] | None) -> NamespaceState:
    if namespace is None:
        return "absent"
    terminating = (namespace.get("status") or {}).get("phase") == "Terminating" or namespace["metadata"].get(
        "deletionTimestamp"
    )
    return "terminating" if terminating else "present"


def _read_namespaces(
    client: KubeClient, resource: ApiResource, names: t.Collection[str], workers: int
) -> dict[str, Object | t.Literal[False] | None]:
    """The Namespace objects by name: None for one that is not there, False for one that may not be read."""
    if len(names) > _MANY_NAMESPACES:
        try:
            found = {item["metadata"]["name"]: item for page in list_pages(client, resource) for item in page.items}
            return {name: found.get(name) for name in names}
        except KubeError as exc:
            if not exc.forbidden:
                raise

    def read(name: str) -> Object | t.Literal[False] | None:
        try:
            return get_object(client, resource, name)
        except KubeError as exc:
            if exc.forbidden:
                return False
            raise

    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return dict(zip(names, pool.map(read, names), strict=True))


def _read_volumes(client: KubeClient, types: ApiTypes) -> dict[str, dict[str, t.Any]]:
    resource = types.find(VOLUMES)
    if resource is None:
        return {}
    try:
        return {item["metadata"]["name"]: item for page in list_pages(client, resource) for item in page.items}
    except KubeError as exc:
        if exc.forbidden:
            return {}
        raise


__all__ = ("ApiTypes", "LiveState", "NamespaceState", "namespace_state", "read_live_state")
