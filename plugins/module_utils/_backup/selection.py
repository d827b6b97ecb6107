# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What to list: types and namespaces, by the spec's filters (Velero 1.18, discovery and ordering of collection)."""

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import (
    NAMESPACES,
    Resolve,
    ResourceFilter,
    build_filter,
    is_excluded_by_label,
)

PODS = GroupResource("pods")
CLAIMS = GroupResource("persistentvolumeclaims")
VOLUMES = GroupResource("persistentvolumes")
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
_GLOB_CHARS = "*?["


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to list, resolved.

    ``types``: in the order to take them. ``namespaces``: the Namespace objects that pass the filter, by name (an
    empty dict where it could not be read). ``list_namespaces``: None lists over the whole cluster.
    """

    types: tuple[ApiResource, ...]
    filter: ResourceFilter
    namespaces: t.Mapping[str, dict[str, t.Any]]
    list_namespaces: tuple[str, ...] | None
    label_selector: str
    missing_namespaces: tuple[str, ...]

    def accepts_namespace(self, namespace: str) -> bool:
        return namespace in self.namespaces

    def find(self, gr: GroupResource) -> ApiResource | None:
        return next((resource for resource in self.types if resource.group_resource == gr), None)


def select(client: KubeClient, discovery: Discovery, spec: BackupSpec) -> Selection:
    """Resolve the spec against the cluster. Raises ``ValidationError`` when no included namespace exists."""
    existing = _read_namespaces(client, discovery, spec)
    accepted = {
        name: obj for name, obj in existing.items() if spec.namespaces.accepts(name) and not is_excluded_by_label(obj)
    }
    literal = [name for name in spec.included_namespaces if name and not any(char in name for char in _GLOB_CHARS)]
    missing = tuple(name for name in literal if name not in existing)
    if literal and not accepted and len(missing) == len(spec.included_namespaces):
        plural = "s" if len(missing) > 1 else ""
        raise ValidationError(
            f"Namespace{plural} {', '.join(missing)} {'do' if plural else 'does'} not exist in the cluster "
            f"at {client.server}, so there is nothing to back up.",
            hint=_near_names(missing[0], existing),
        )
    resource_filter = build_filter(spec, _resolver(discovery), namespaces=spec.namespaces)
    return Selection(
        types=tuple(_types(_order(discovery.preferred()), resource_filter)),
        filter=resource_filter,
        namespaces=accepted,
        list_namespaces=None if spec.namespaces.lists_all else tuple(sorted(accepted)),
        label_selector=spec.label_selector.to_text() if spec.label_selector else "",
        missing_namespaces=missing,
    )


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


def _order(resources: t.Iterable[ApiResource]) -> list[ApiResource]:
    """Pods, claims and volumes first, the rest as discovery gave them, ``extensions`` last."""
    rank = {gr: position for position, gr in enumerate(FIRST)}
    return sorted(resources, key=lambda r: (r.group == "extensions", rank.get(r.group_resource, len(rank))))


def _resolver(discovery: Discovery) -> Resolve:
    def resolve(name: str) -> tuple[GroupResource, bool] | None:
        found = discovery.resolve(name)
        return (found.group_resource, found.namespaced) if found else None

    return resolve


def _read_namespaces(client: KubeClient, discovery: Discovery, spec: BackupSpec) -> dict[str, dict[str, t.Any]]:
    """All namespaces by name. Who may not list them gets those that the spec names."""
    resource = discovery.find(NAMESPACES)
    if resource is None:
        return {}
    try:
        return {item["metadata"]["name"]: item for page in list_pages(client, resource) for item in page.items}
    except KubeError as exc:
        if not exc.forbidden or not spec.included_namespaces or "*" in spec.included_namespaces:
            raise
    found: dict[str, dict[str, t.Any]] = {}
    for name in spec.included_namespaces:
        try:
            found[name] = client.get(resource.path(name=name))
        except KubeError as exc:
            if exc.forbidden:
                found[name] = {}
            elif not exc.not_found:
                raise
    return found


def _near_names(name: str, existing: t.Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(existing), n=3)
    return f"Did you mean {' or '.join(near)}?" if near else "Check included_namespaces and the cluster that is meant."


__all__ = ("CLAIMS", "FIRST", "PODS", "VOLUMES", "Selection", "select")
