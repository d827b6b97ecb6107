# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``orderedResources``: objects that are taken first, in the order given (Velero 1.18, docs/compatibility 3.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan
from ansible_collections.arkive.k8s.plugins.module_utils._backup.related import read_object
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OrderedItem:
    """One object to take first; ``namespace`` is empty for a cluster-scoped one. ``field``: where the user has it."""

    resource: ApiResource
    namespace: str
    name: str
    field: str

    @property
    def not_there(self) -> str:
        return f"An entry of {self.field} does not exist"


def resolve_ordered(
    ordered: t.Mapping[str, t.Sequence[str]], discovery: Discovery, list_plan: ListPlan, issues: Issues, *, field: str
) -> list[OrderedItem]:
    """The spec's ``orderedResources``, which users write as ``field``.

    What is not listed by this backup is a warning, and left out.
    """
    items = []
    for plural, names in ordered.items():
        found = discovery.resolve(plural)
        resource = list_plan.find(found.group_resource) if found else None
        if resource is None:
            issues.warning(f"The type of {field} is not in this backup", resource=plural)
            continue
        for text in names:
            namespace, slash, name = text.rpartition("/")
            if bool(slash) != resource.namespaced:
                wanted = "namespace/name" if resource.namespaced else "a name without namespace"
                issues.warning(f"An entry of {field} is not {wanted}", resource=plural, name=text)
                continue
            items.append(OrderedItem(resource=resource, namespace=namespace, name=name, field=field))
    return items


def of_type(items: t.Iterable[OrderedItem], gr: GroupResource) -> list[OrderedItem]:
    return [item for item in items if item.resource.group_resource == gr]


def names_of(items: t.Iterable[OrderedItem], gr: GroupResource) -> list[tuple[str, str]]:
    """Namespace and name of the ordered objects of one type."""
    return [(item.namespace, item.name) for item in of_type(items, gr)]


def store_ordered(run: ClusterRun, items: t.Iterable[OrderedItem], list_plan: ListPlan, sink: ItemSink) -> None:
    """Store them in their order, except pods: those come with their block."""
    for item in items:
        if item.resource.group_resource == PODS:
            continue
        run.cancel.check()
        fields = {"resource": str(item.resource.group_resource), "name": item.name}
        fields |= {"namespace": item.namespace} if item.namespace else {}
        try:
            obj = read_object(run.client, item.resource, item.namespace, item.name)
        except KubeError as exc:
            if exc.unauthorized:
                raise
            run.issues.error("Error getting an ordered item", error=exc.sentence, **fields)
            continue
        if obj is None:
            run.issues.warning(item.not_there, **fields)
        elif list_plan.spec.selects_labels(obj["metadata"].get("labels")):
            sink.store_all(item.resource, [RawItem(obj, encode_compact(obj))])


__all__ = ("OrderedItem", "names_of", "of_type", "resolve_ordered", "store_ordered")
