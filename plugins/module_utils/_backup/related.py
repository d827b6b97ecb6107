# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that stored ones need, and that no list brought in (Velero 1.18, docs/compatibility 3.9).

Pod -> its claims and its PriorityClass; bound claim -> its volume; service account -> the ClusterRoleBindings that name
it and their ClusterRoles.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    PODS,
    PRIORITY_CLASSES,
    SERVICE_ACCOUNTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem, list_raw_pages

#: Up to this many objects of a type are read one by one; more are read by one list.
_FEW = 8


class RelatedItems:
    """Notes what is needed while objects are stored, and fetches it afterwards."""

    def __init__(
        self,
        run: ClusterRun,
        discovery: Discovery,
        list_plan: ListPlan,
        sink: ItemSink,
    ) -> None:
        self._client = run.client
        self._discovery = discovery
        self._list_plan = list_plan
        self._sink = sink
        self._issues = run.issues
        self._cancel = run.cancel
        self._lock = threading.Lock()
        #: Needed names by type and namespace (empty for the whole cluster).
        self._needed: dict[GroupResource, dict[str, set[str]]] = collections.defaultdict(
            lambda: collections.defaultdict(set)
        )
        self._accounts: set[tuple[str, str]] = set()
        sink.observe(PODS, self._note_pod)
        sink.observe(CLAIMS, self._note_claim)
        sink.observe(SERVICE_ACCOUNTS, self._note_account)

    def collect(self) -> None:
        """Store what is missing. What cannot be read is in the log."""
        for gr in (CLAIMS, VOLUMES, PRIORITY_CLASSES):  # claims first: they need volumes
            self._fetch(gr)
        if self._accounts:
            self._collect_bindings()
            self._fetch(CLUSTER_ROLES)

    def _note_pod(self, pod: dict[str, t.Any]) -> None:
        namespace = pod["metadata"].get("namespace", "")
        for claim in mounted_claims(pod):
            self._need(CLAIMS, namespace, claim)
        priority = (pod.get("spec") or {}).get("priorityClassName")
        if priority:
            self._need(PRIORITY_CLASSES, "", priority)

    def _note_claim(self, claim: dict[str, t.Any]) -> None:
        if bound_volume(claim):
            self._need(VOLUMES, "", bound_volume(claim))

    def _note_account(self, account: dict[str, t.Any]) -> None:
        with self._lock:
            self._accounts.add((account["metadata"]["namespace"], account["metadata"]["name"]))

    def _need(self, gr: GroupResource, namespace: str, name: str) -> None:
        with self._lock:
            self._needed[gr][namespace].add(name)

    def _resource(self, gr: GroupResource) -> ApiResource | None:
        """The type, if objects of it may come in and were not all listed anyway."""
        resource = self._discovery.find(gr)
        if resource is None or self._list_plan.lists_all_of(gr):
            return None
        return resource if self._list_plan.filter.admits_related(gr, namespaced=resource.namespaced) else None

    def _fetch(self, gr: GroupResource) -> None:
        resource = self._resource(gr)
        if resource is None:
            return
        for namespace, names in sorted(self._needed[gr].items()):
            missing = sorted(name for name in names if not self._sink.has(resource, namespace, name))
            if missing and (not namespace or self._sink.accepts_namespace(namespace)):
                self._cancel.check()
                self._store(resource, namespace, missing)

    def _store(self, resource: ApiResource, namespace: str, names: list[str]) -> None:
        try:
            found = read_named(self._client, resource, namespace, names)
        except KubeError as exc:
            self._log_unreadable(resource, namespace, names, exc)
            return
        self._sink.store_all(resource, found.values())
        for name in names:
            if name not in found:
                fields = {"namespace": namespace} if namespace else {}
                self._issues.warning(
                    "Unable to find an object that a stored one needs",
                    name=name,
                    resource=str(resource.group_resource),
                    **fields,
                )

    def _collect_bindings(self) -> None:
        resource = self._resource(CLUSTER_ROLE_BINDINGS)
        if resource is None:
            return
        try:
            for page in list_raw_pages(self._client, resource):
                self._cancel.check()
                bound = [item for item in page.items if self._names_account(item.obj)]
                self._sink.store_all(resource, bound)
                for item in bound:
                    reference = item.obj.get("roleRef") or {}
                    if reference.get("kind") == "ClusterRole":
                        self._need(CLUSTER_ROLES, "", reference.get("name", ""))
        except KubeError as exc:
            self._log_unreadable(resource, "", [], exc)

    def _names_account(self, binding: t.Mapping[str, t.Any]) -> bool:
        return any(
            subject.get("kind") == "ServiceAccount"
            and (subject.get("namespace"), subject.get("name")) in self._accounts
            for subject in binding.get("subjects") or ()
        )

    def _log_unreadable(self, resource: ApiResource, namespace: str, names: list[str], exc: KubeError) -> None:
        if exc.unauthorized:
            raise exc
        what = some_of(names, most=3)
        message = f"Unable to read the {resource.group_resource} that stored objects need{f': {what}' if what else ''}"
        fields: dict[str, t.Any] = {"resource": str(resource.group_resource), "error": exc.sentence}
        if namespace:
            self._issues.error(message, namespace=namespace, **fields)
            return
        # Who has rights in namespaces only still gets a backup of them, and is warned of what is not in it.
        hint = "Grant get and list, or set include_cluster_resources: false." if exc.forbidden else ""
        self._issues.warning(message, **fields, **({"hint": hint} if hint else {}))


def read_named(client: KubeClient, resource: ApiResource, namespace: str, names: t.Sequence[str]) -> dict[str, RawItem]:
    """Those of ``names`` that exist; few are read one by one, more by one list. Raises ``KubeError``."""
    if len(names) > _FEW:
        wanted = set(names)
        pages = list_raw_pages(client, resource, namespace=namespace or None)
        items = (item for page in pages for item in page.items)
        return {item.obj["metadata"]["name"]: item for item in items if item.obj["metadata"]["name"] in wanted}
    found = {}
    for name in names:
        obj = read_object(client, resource, namespace, name)
        if obj is not None:
            found[name] = RawItem(obj, encode_compact(obj))
    return found


def read_object(client: KubeClient, resource: ApiResource, namespace: str, name: str) -> dict[str, t.Any] | None:
    """One object with its apiVersion and kind; None when it does not exist. Raises ``KubeError``."""
    try:
        obj = client.get(resource.path(namespace or None, name))
    except KubeError as exc:
        if exc.not_found:
            return None
        raise
    return {"apiVersion": resource.api_version, "kind": resource.kind} | obj


__all__ = ("RelatedItems", "read_named", "read_object")
