# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which stored objects a restore takes (Velero 1.18, docs/compatibility 5.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CLAIMS,
    DATA_UPLOADS,
    NAMESPACES,
    PODS,
    PRIORITY_CLASSES,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.choice import ObjectChoice
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import IncludeExclude
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import expand_namespaces
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import NON_RESTORABLE
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import SNAPSHOT_NAME


@dataclasses.dataclass(slots=True)
class ChosenItems:
    """Stored objects by type. Namespace objects are not among them: ``namespaces`` has each target with its source."""

    refs: dict[GroupResource, list[ItemRef]] = dataclasses.field(default_factory=dict)
    namespaces: dict[str, str] = dataclasses.field(default_factory=dict)
    #: What the filters name and the backup does not hold.
    warnings: list[str] = dataclasses.field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(refs) for refs in self.refs.values())


def resource_filter(spec: RestoreSpec, discovery: Discovery) -> IncludeExclude:
    """The types that are restored."""
    never = tuple(str(resource) for resource in NON_RESTORABLE)
    lists = IncludeExclude(spec.included_resources, spec.excluded_resources)
    found = canonical_filter(lists, discovery)
    return IncludeExclude(found.includes, (*found.excludes, *never))


def canonical_filter(lists: IncludeExclude, discovery: Discovery) -> IncludeExclude:
    """Names are resolved by discovery (``po``, ``deploy``); what does not resolve stays as it is, and may be a glob."""

    def canonical(name: str) -> str:
        resource = discovery.resolve(name)
        return str(resource.group_resource) if resource else name

    return IncludeExclude(tuple(map(canonical, lists.includes)), tuple(map(canonical, lists.excludes)))


def excludes_snapshots(resources: IncludeExclude) -> bool:
    """True when the filter leaves VolumeSnapshots or their contents out by name."""
    return any(resources.excludes_name(str(kind)) for kind in (VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS))


def choose_items(
    contents: BackupContents, spec: RestoreSpec, discovery: Discovery, choice: ObjectChoice | None = None
) -> ChosenItems:
    """The objects that pass the filters, and those that pods and claims among them need."""
    return _Selector(contents, spec, discovery, choice or ObjectChoice((), None)).select()


#: Of members that are left out, nobody but the report knows any more.
_NAMED_BAD = 10_000


def leave_out_bad(contents: BackupContents, spec: RestoreSpec, discovery: Discovery) -> BadMembers:
    """Let ``contents`` forget its bad members. Returns those among them that the filters would have let through."""
    selector = _Selector(contents, spec, discovery, ObjectChoice((), None))
    bad = BadMembers(most=_NAMED_BAD)
    for ref, problem in contents.leave_out_bad():
        if selector.passes(ref):
            bad.add(problem)
    return bad


class _Selector:
    def __init__(self, contents: BackupContents, spec: RestoreSpec, discovery: Discovery, choice: ObjectChoice) -> None:
        self._contents = contents
        self._spec = spec
        self._discovery = discovery
        self._choice = choice
        self._resources = resource_filter(spec, discovery)
        expanded = expand_namespaces(spec.included_namespaces, spec.excluded_namespaces, contents.namespaces)
        self._namespaces = expanded.filter
        self._taken: dict[GroupResource, dict[ItemRef, None]] = {}

    def select(self) -> ChosenItems:
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
        self._add_snapshots()
        for kind, refs in self._taken.items():
            if kind != DATA_UPLOADS:  # they lie in Velero's namespace, and none of them comes back
                namespaces.update(ref.namespace for ref in refs if ref.namespace)
        chosen = {kind: list(taken) for kind, taken in self._taken.items()}
        return ChosenItems(chosen, self._targets(namespaces), self._warnings())

    def passes(self, ref: ItemRef) -> bool:
        """By its type and its namespace, without a look at the object."""
        if not self._resources.accepts(str(ref.group_resource)):
            return False
        namespace = ref.name if ref.group_resource == NAMESPACES else ref.namespace
        in_scope = ref.namespace is not None or self._takes_cluster_scoped
        return in_scope and (namespace is None or self._namespaces.accepts(namespace))

    def _warnings(self) -> list[str]:
        return [f"The backup holds nothing that fits '{name}' in names." for name in self._choice.unused]

    def _takes(self, ref: ItemRef) -> bool:
        in_cluster = ref.namespace is None
        allowed = self._takes_cluster_scoped if in_cluster else self._namespaces.accepts(ref.namespace or "")
        return allowed and self._takes_object(ref)

    def _takes_namespace(self, ref: ItemRef) -> bool:
        """Namespace objects obey the namespace filter as well (Velero restores all of them: a known defect)."""
        return self._takes_cluster_scoped and self._namespaces.accepts(ref.name) and self._takes_object(ref)

    @property
    def _takes_cluster_scoped(self) -> bool:
        wanted = self._spec.include_cluster_resources
        return self._spec.all_namespaces if wanted is None else wanted

    def _takes_object(self, ref: ItemRef) -> bool:
        if not self._choice.takes(ref, self._discovery, self._contents.read):
            return False
        if not self._spec.has_selector:
            return True
        return self._spec.selects_labels((self._contents.read(ref).get("metadata") or {}).get("labels"))

    def _add_needed(self) -> None:
        """Claims and priority classes of pods, volumes of claims: past the selectors, not past the resource filter."""
        everything = not self._spec.has_selector and not self._choice.chooses and self._takes_cluster_scoped
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
                self._add(PRIORITY_CLASSES, None, spec["priorityClassName"])
        for ref in list(self._taken.get(CLAIMS, ())):
            claim = self._contents.read(ref)
            volume = bound_volume(claim)
            if volume:
                self._add(VOLUMES, None, volume)

    def _add_snapshots(self) -> None:
        """The snapshots of claims, and their contents: past all filters but one that excludes their types by name.

        Velero's must-have types; without them the claims would wait forever.
        """
        if self._spec.restore_pvs is False or VOLUME_SNAPSHOTS not in self._contents.types:
            return
        if excludes_snapshots(self._resources):
            return
        for ref in list(self._taken.get(CLAIMS, ())):
            annotations = (self._contents.read(ref).get("metadata") or {}).get("annotations") or {}
            self._take_stored(VOLUME_SNAPSHOTS, ref.namespace, annotations.get(SNAPSHOT_NAME))
        for ref in list(self._taken.get(VOLUME_SNAPSHOTS, ())):
            status = self._contents.read(ref).get("status") or {}
            self._take_stored(VOLUME_SNAPSHOT_CONTENTS, None, status.get("boundVolumeSnapshotContentName"))

    def _take_stored(self, group_resource: GroupResource, namespace: str | None, name: str | None) -> None:
        ref = self._contents.find(group_resource, namespace, name) if name else None
        if ref is not None:
            self._taken.setdefault(group_resource, {})[ref] = None

    def _add(self, group_resource: GroupResource, namespace: str | None, name: str) -> None:
        if not self._resources.accepts(str(group_resource)):
            return
        if namespace is None and self._spec.include_cluster_resources is False:
            return
        self._take_stored(group_resource, namespace, name)

    def _targets(self, sources: t.Collection[str]) -> dict[str, str]:
        """Each target namespace with the one whose Namespace object it is made from: its own where that is there."""
        targets: dict[str, str] = {}
        for source in sorted(sources):
            target = self._spec.target_namespace(source)
            if target not in targets or source == target:
                targets[target] = source
        return dict(sorted(targets.items()))


__all__ = (
    "ChosenItems",
    "canonical_filter",
    "choose_items",
    "excludes_snapshots",
    "leave_out_bad",
    "resource_filter",
)
