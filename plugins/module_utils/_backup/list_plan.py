# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to list: types and namespaces, by the spec's filters (Velero 1.18, docs/compatibility 3.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.namespaces import ChosenNamespaces, choose_namespaces
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, NAMESPACES, PODS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling, as_option
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import ResourceFilter, build_filter

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy

#: Velero takes these first, so that a pod's volumes are close to it.
FIRST = (PODS, CLAIMS, VOLUMES)
_NEEDED_VERBS = frozenset({"list", "create", "get", "delete"})
#: The same objects served in two groups: the first one met is taken.
_COHABITING = (
    ("deployments", ("apps", "extensions")),
    ("daemonsets", ("apps", "extensions")),
    ("replicasets", ("apps", "extensions")),
    ("networkpolicies", ("networking.k8s.io", "extensions")),
    ("events", ("", "events.k8s.io")),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ListScope:
    """One list: a type, in one namespace or (empty) in the whole cluster."""

    resource: ApiResource
    namespace: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ListPlan:
    """What to list, resolved.

    ``types``: in the order to take them; with all API versions a group-resource is there once for each.
    """

    types: tuple[ApiResource, ...]
    filter: ResourceFilter
    namespaces: ChosenNamespaces
    spec: BackupSpec = dataclasses.field(default_factory=BackupSpec)
    #: What may not be listed, and is left out.
    left_out: frozenset[ListScope] = frozenset()

    @property
    def list_namespaces(self) -> tuple[str, ...] | None:
        """Where namespaced types are listed; None: over the whole cluster, by one list."""
        chosen = self.namespaces
        return None if chosen.matcher.lists_all and not chosen.nothing else chosen.accepted

    def scopes(self, resource: ApiResource) -> list[ListScope]:
        """The lists that one type needs."""
        names = self.list_namespaces if resource.namespaced else None
        places = [""] if names is None else names
        scopes = [ListScope(resource=resource, namespace=name) for name in places]
        return [scope for scope in scopes if scope not in self.left_out]

    def find(self, gr: GroupResource) -> ApiResource | None:
        """The preferred version of a type that is listed."""
        return next((resource for resource in self.types if resource.group_resource == gr), None)

    def lists_all_of(self, gr: GroupResource) -> bool:
        """True when every object of this type, in the chosen namespaces, is listed."""
        return not self.spec.selectors and self.find(gr) is not None


def plan_lists(
    client: KubeClient,
    discovery: Discovery,
    spec: BackupSpec,
    *,
    policy: ResourcePolicy | None = None,
    all_api_versions: bool = False,
    spell: Spelling = as_option,
) -> ListPlan:
    """Resolve the spec against the cluster.

    Raises ``ValidationError`` as ``choose_namespaces`` does, and where the names of resources leave no type.
    """
    chosen = choose_namespaces(client, discovery, spec)

    def resolve(name: str) -> tuple[GroupResource, bool] | None:
        found = discovery.resolve(name)
        return None if found is None else (found.group_resource, found.namespaced)

    resource_filter = build_filter(
        spec,
        resolve,
        namespaces=chosen.matcher,
        policy=policy,
        near=discovery.near,
        known={str(resource.group_resource) for resource in discovery.resources},
        spell=spell,
    )
    types = list(_types(_order(discovery.preferred()), resource_filter))
    if not types and resource_filter.warnings:
        # A misspelt name would end as an empty backup that is Completed.
        raise ValidationError(
            f"There is nothing to back up: {' '.join(resource_filter.warnings)}",
            hint="Name resources as kubectl api-resources shows them.",
            details={"phase": "FailedValidation", "validation_errors": list(resource_filter.warnings)},
        )
    if all_api_versions:
        types = [version for resource in types for version in _versions(discovery, resource)]
    return ListPlan(types=tuple(types), filter=resource_filter, namespaces=chosen, spec=spec)


def _types(resources: t.Iterable[ApiResource], resource_filter: ResourceFilter) -> t.Iterator[ApiResource]:
    taken: set[str] = set()
    for resource in resources:
        gr = resource.group_resource
        if not resource.verbs >= _NEEDED_VERBS or not resource_filter.lists(gr, namespaced=resource.namespaced):
            continue
        if any(gr.resource == plural and gr.group in groups for plural, groups in _COHABITING):
            if gr.resource in taken:
                continue
            taken.add(gr.resource)
        yield resource


def _versions(discovery: Discovery, preferred: ApiResource) -> t.Iterator[ApiResource]:
    """A type in all of its versions, the preferred one first."""
    yield preferred
    for resource in discovery.resources:
        same = resource.group_resource == preferred.group_resource and resource.version != preferred.version
        if same and resource.verbs >= _NEEDED_VERBS and preferred.group_resource != NAMESPACES:
            yield resource


def _order(resources: t.Iterable[ApiResource]) -> list[ApiResource]:
    """Pods, claims and volumes first, the rest as discovery gave them, ``extensions`` last."""
    rank = {gr: position for position, gr in enumerate(FIRST)}
    return sorted(resources, key=lambda r: (r.group == "extensions", rank.get(r.group_resource, len(rank))))


__all__ = ("FIRST", "ListPlan", "ListScope", "plan_lists")
