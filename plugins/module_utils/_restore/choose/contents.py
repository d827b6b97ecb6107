# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stored objects, as a restore asks for them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.item_source import ItemSource
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import Conversion
from ansible_collections.arkive.k8s.plugins.module_utils._velero.object_shapes import find_object_misfit

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
    from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.converter import Converter

_NO_NAMES: frozenset[str] = frozenset()
#: What to do about a bad member.
GO_ON = "Set on_bad_member: skip to restore everything else, or leave its type out with excluded_resources."


class BackupContents:
    """The stored objects by type, each type in the order of namespace and name. Safe to read from any thread."""

    def __init__(self, source: ItemSource) -> None:
        self._source = source
        by_type: dict[GroupResource, list[ItemRef]] = {}
        names: dict[tuple[GroupResource, str | None], set[str]] = {}
        for ref in source.items:
            by_type.setdefault(ref.group_resource, []).append(ref)
            names.setdefault((ref.group_resource, ref.namespace), set()).add(ref.name)
        for refs in by_type.values():
            refs.sort(key=lambda ref: (ref.namespace or "", ref.name))
        self._by_type = by_type
        self._names = names
        self._chosen: dict[GroupResource, str] = {}
        self._api: ApiTypes | None = None
        self._converter: Converter | None = None
        #: Of objects that are shown under another type than the archive has them under.
        self._origins: dict[ItemRef, ItemRef] = {}

    @property
    def types(self) -> t.Collection[GroupResource]:
        return self._by_type.keys()

    @property
    def warnings(self) -> t.Sequence[str]:
        """Warnings about the archive."""
        return self._source.warnings

    def refs(self, group_resource: GroupResource) -> t.Sequence[ItemRef]:
        return self._by_type.get(group_resource, ())

    def names(self, group_resource: GroupResource, namespace: str | None) -> t.Collection[str]:
        """Names of the stored objects of one type in one namespace (of the backup)."""
        return self._names.get((group_resource, namespace), _NO_NAMES)

    def read(self, ref: ItemRef) -> dict[str, t.Any]:
        """A stored object, parsed again and in a version that is served if that is wanted: the caller may change it.

        Raises ``ArchiveError`` for a bad member: one that is not the JSON of the object that its path names.
        """
        return self.read_converted(ref).body

    def read_converted(self, ref: ItemRef) -> Conversion:
        """The same, with what has become of it on the way to another version."""
        origin = self._origins.get(ref, ref)
        try:
            obj = self._source.read(origin)
        except ArchiveError as exc:
            raise ArchiveError(exc.message, hint=GO_ON) from exc
        if self._api is not None:
            self.check_type(origin, obj["apiVersion"], obj["kind"])
        if self._converter is None:
            return Conversion(obj)
        conversion = self._converter.convert(obj)
        misfit = find_object_misfit(conversion.body, ref.group_resource) if conversion.source else ""
        if misfit:
            raise ArchiveError(f"The archive's member {origin.shown} is no object of Kubernetes: {misfit}.", hint=GO_ON)
        return conversion

    def check_type(self, ref: ItemRef, api_version: str, kind: str) -> None:
        """Raise ``ArchiveError`` for an object that the API server would take for another than its path says."""
        why = self._why_of_another_type(ref, api_version, kind)
        if why:
            raise ArchiveError(f"The archive's member {ref.shown} does not hold what its path says: {why}.", hint=GO_ON)

    def know_types(self, api: ApiTypes) -> None:
        """From now on, kinds are what the API server says that they are as well."""
        self._api = api

    def convert(self, converter: Converter, *, leave: t.Container[str] = ()) -> dict[GroupResource, GroupResource]:
        """From now on, objects come in versions that the cluster serves. Returns the types that moved, with their new.

        ``leave`` are types to leave where they are. Of two objects that come to the same place, the one that is there
        stays: servers that had a type in two groups showed each object in both.
        """
        self._converter = converter
        moved = {
            old: new for old, new in converter.moved_types().items() if old in self._by_type and str(old) not in leave
        }
        for old, new in moved.items():
            refs = self._by_type.pop(old)
            self._names = {key: names for key, names in self._names.items() if key[0] != old}
            there = self._by_type.setdefault(new, [])
            for ref in refs:
                names = self._names.setdefault((new, ref.namespace), set())
                if ref.name not in names:
                    names.add(ref.name)
                    shown = ItemRef(new, self._chosen.get(new, ""), ref.namespace, ref.name)
                    self._origins[shown] = ref
                    there.append(shown)
            there.sort(key=lambda ref: (ref.namespace or "", ref.name))
        return moved

    def _why_of_another_type(self, ref: ItemRef, api_version: str, kind: str) -> str:
        """What a filter would let through by its path, and the API server would take for something else."""
        if self._api is None:
            return ""
        served = self._api.find_kind(api_version, kind)
        if served is None:
            return ""
        if served.group_resource != ref.group_resource:
            named = self._api.find(ref.group_resource)
            if named is None or named.kind != kind:
                return f"the API server has the kind {kind} under {served.group_resource}"
        if served.namespaced != (ref.namespace is not None):
            return f"to the API server, a {kind} is in {'a' if served.namespaced else 'no'} namespace"
        return ""

    def leave_out_bad(self) -> list[tuple[ItemRef, str]]:
        """Read every object once, and go on as if those that are bad were not in the archive.

        Returns them, each with what is wrong with it.
        """
        bad: list[tuple[ItemRef, str]] = []
        for group_resource, refs in self._by_type.items():
            found = [(ref, problem) for ref in refs if (problem := self._problem(ref))]
            if found:
                bad += found
                out = {ref for ref, _problem in found}
                self._by_type[group_resource] = [ref for ref in refs if ref not in out]
                for ref in out:
                    self._names[ref.group_resource, ref.namespace].discard(ref.name)
        return bad

    def _problem(self, ref: ItemRef) -> str:
        try:
            self.read(ref)
        except ArchiveError as exc:
            return exc.message
        return ""

    def find(self, group_resource: GroupResource, namespace: str | None, name: str) -> ItemRef | None:
        if name not in self.names(group_resource, namespace):
            return None
        return ItemRef(group_resource, self._chosen.get(group_resource, ""), namespace, name)

    def version_dirs(self, group_resource: GroupResource) -> t.Collection[str]:
        """``v1-preferredversion`` and the like: the directories with copies of one type in one version each."""
        return self._source.versions(group_resource).keys()

    def choose_version(self, group_resource: GroupResource, version_dir: str) -> None:
        """Read the objects of one type from a version directory, in place of the plain copies."""
        refs = sorted(
            self._source.versions(group_resource)[version_dir], key=lambda ref: (ref.namespace or "", ref.name)
        )
        self._names = {key: names for key, names in self._names.items() if key[0] != group_resource}
        for ref in refs:
            self._names.setdefault((group_resource, ref.namespace), set()).add(ref.name)
        self._by_type[group_resource] = refs
        self._chosen[group_resource] = version_dir

    @property
    def namespaces(self) -> t.Collection[str]:
        """The namespaces that the backup has objects of, or in."""
        return {namespace for _kind, namespace in self._names if namespace} | set(self.names(NAMESPACES, None))

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> dict[str, t.Any] | None:
        """The stored object, None if it is not in the archive."""
        ref = self.find(group_resource, namespace, name)
        return None if ref is None else self.read(ref)


__all__ = ("GO_ON", "BackupContents")
