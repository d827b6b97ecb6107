# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Which stored objects a restore takes (Velero 1.18, filters and additional items)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import IncludeExclude
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import NAMESPACES, NON_RESTORABLE
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

PODS = GroupResource("pods")
CLAIMS = GroupResource("persistentvolumeclaims")
VOLUMES = GroupResource("persistentvolumes")
_PRIORITY_CLASSES = GroupResource("priorityclasses", "scheduling.k8s.io")


@dataclasses.dataclass(slots=True)
class Selection:
    """Stored objects by type. Namespace objects are not among them: ``namespaces`` has each target with its source."""

    refs: dict[GroupResource, list[ItemRef]] = dataclasses.field(default_factory=dict)
    namespaces: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(len(refs) for refs in self.refs.values())


def resource_filter(spec: RestoreSpec, discovery: Discovery) -> IncludeExclude:
    """Names are resolved by discovery (``po``, ``deploy``); what does not resolve stays as it is, and may be a glob."""

    def canonical(name: str) -> str:
        resource = discovery.resolve(name)
        return str(resource.group_resource) if resource else name

    never = [str(resource) for resource in NON_RESTORABLE]
    return IncludeExclude(
        tuple(canonical(name) for name in spec.included_resources),
        (*(canonical(name) for name in spec.excluded_resources), *never),
    )


def select(contents: BackupContents, spec: RestoreSpec, discovery: Discovery) -> Selection:
    """The objects that pass the filters, and those that pods and claims among them need."""
    return _Selector(contents, spec, discovery).select()


class _Selector:
    def __init__(self, contents: BackupContents, spec: RestoreSpec, discovery: Discovery) -> None:
        self._contents = contents
        self._spec = spec
        self._resources = resource_filter(spec, discovery)
        self._namespaces = spec.namespaces
        self._taken: dict[GroupResource, dict[ItemRef, None]] = {}

    def select(self) -> Selection:
        namespaces: set[str] = set()
        for group_resource in self._contents.types:
            if not self._resources.accepts(str(group_resource)):
                continue
            for ref in self._contents.refs(group_resource):
                if group_resource == NAMESPACES:
                    if self._takes_namespace(ref):
                        namespaces.add(ref.name)
                elif self._takes(ref):
                    self._taken.setdefault(group_resource, {})[ref] = None
        self._add_needed()
        for refs in self._taken.values():
            namespaces.update(ref.namespace for ref in refs if ref.namespace)
        return Selection({kind: list(refs) for kind, refs in self._taken.items()}, self._targets(namespaces))

    def _takes(self, ref: ItemRef) -> bool:
        in_cluster = ref.namespace is None
        allowed = self._takes_cluster_scoped if in_cluster else self._namespaces.accepts(ref.namespace or "")
        return allowed and self._takes_labels(ref)

    def _takes_namespace(self, ref: ItemRef) -> bool:
        """Namespace objects obey the namespace filter as well (Velero restores all of them: a known defect)."""
        return self._takes_cluster_scoped and self._namespaces.accepts(ref.name) and self._takes_labels(ref)

    @property
    def _takes_cluster_scoped(self) -> bool:
        wanted = self._spec.include_cluster_resources
        return self._spec.all_namespaces if wanted is None else wanted

    def _takes_labels(self, ref: ItemRef) -> bool:
        if not self._spec.has_selector:
            return True
        return self._spec.selects_labels((self._contents.read(ref).get("metadata") or {}).get("labels"))

    def _add_needed(self) -> None:
        """Claims and priority classes of pods, volumes of claims: past the selectors, not past the resource filter."""
        everything = not self._spec.has_selector and self._takes_cluster_scoped
        if everything:
            return
        for ref in list(self._taken.get(PODS, ())):
            pod = self._contents.read(ref)
            spec = pod.get("spec") or {}
            for volume in spec.get("volumes") or []:
                claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
                if claim:
                    self._add(CLAIMS, ref.namespace, claim)
            if spec.get("priorityClassName"):
                self._add(_PRIORITY_CLASSES, None, spec["priorityClassName"])
        for ref in list(self._taken.get(CLAIMS, ())):
            claim = self._contents.read(ref)
            volume_name = (claim.get("spec") or {}).get("volumeName")
            if volume_name and (claim.get("status") or {}).get("phase") == "Bound":
                self._add(VOLUMES, None, volume_name)

    def _add(self, group_resource: GroupResource, namespace: str | None, name: str) -> None:
        if not self._resources.accepts(str(group_resource)):
            return
        if namespace is None and self._spec.include_cluster_resources is False:
            return
        ref = self._contents.find(group_resource, namespace, name)
        if ref is not None:
            self._taken.setdefault(group_resource, {})[ref] = None

    def _targets(self, sources: t.Collection[str]) -> dict[str, str]:
        """Each target namespace with the one whose Namespace object it is made from: its own where that is there."""
        targets: dict[str, str] = {}
        for source in sorted(sources):
            target = self._spec.target_namespace(source)
            if target not in targets or source == target:
                targets[target] = source
        return dict(sorted(targets.items()))


__all__ = ("CLAIMS", "PODS", "VOLUMES", "Selection", "resource_filter", "select")
