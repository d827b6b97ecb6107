# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where a member of an archive becomes an object: what it holds is what its path says, or it is bad.

Filters go by the path and the API server by the content: where the two differ, a filter would let through what it was
to keep out.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import MAX_OBJECT_MEMORY, parse_bounded
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, plural
from ansible_collections.arkive.k8s.plugins.module_utils._velero.builtin_types import builtin_kind, builtin_type
from ansible_collections.arkive.k8s.plugins.module_utils._velero.object_shapes import find_object_misfit

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef

_SHOWN = 20


class BadMembers:
    """What is wrong with the members of one archive: ``most`` of them by their sentences, and how many there are."""

    def __init__(self, *, most: int = _SHOWN) -> None:
        self._most = most
        self.sentences: list[str] = []
        self._known: set[int] = set()

    @property
    def count(self) -> int:
        return len(self._known)

    def try_read(self, read: t.Callable[[ItemRef], object], ref: ItemRef) -> bool:
        """False when the member is bad."""
        try:
            read(ref)
        except ArchiveError as exc:
            self.add(exc.message)
            return False
        return True

    def add(self, sentence: str) -> None:
        """The same sentence is of the same member: several objects may have asked for it."""
        known = hash(sentence)
        if known not in self._known and len(self.sentences) < self._most:
            self.sentences.append(sentence)
        self._known.add(known)

    def error(self, *, hint: str | None = None) -> ArchiveError:
        """The first one's sentence and the number of the others."""
        rest = self.count - 1
        more = f" {counted(rest, 'more member')} {plural(rest, 'is', 'are')} bad." if rest else ""
        return ArchiveError(f"{self.sentences[0]}{more}", hint=hint, details={"bad_members": self.sentences})


def read_member(ref: ItemRef, data: bytes) -> dict[str, t.Any]:
    """The object in ``data``, with apiVersion, kind and name, and the types that readers count on.

    Raises ``ArchiveError``, which names the member, for anything else.
    """
    try:
        obj = parse_bounded(data, most_memory=MAX_OBJECT_MEMORY)
    except ValueError as exc:
        raise ArchiveError(f"The archive's member {ref.shown} is not valid JSON: {exc}.") from exc
    if not isinstance(obj, dict):
        raise ArchiveError(f"The archive's member {ref.shown} is not a JSON object.")
    if not obj.get("apiVersion") or not obj.get("kind") or not isinstance(obj.get("metadata"), dict):
        raise ArchiveError(f"The archive's member {ref.shown} has no apiVersion, kind or metadata.")
    misfit = find_object_misfit(obj, ref.group_resource)
    if misfit:
        raise ArchiveError(f"The archive's member {ref.shown} is no object of Kubernetes: {misfit}.")
    if not f"{obj['apiVersion']}{obj['kind']}".isprintable():
        raise ArchiveError(f"The archive's member {ref.shown} is of a type whose name has control characters.")
    why = find_stranger(ref, obj)
    if why:
        raise ArchiveError(f"The archive's member {ref.shown} does not hold what its path says: {why}.")
    return obj


def find_stranger(ref: ItemRef, obj: t.Mapping[str, t.Any]) -> str:
    """In what the object differs from its path; empty when it does not. Its shape is known to be right."""
    metadata = obj["metadata"]
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or None
    if name != ref.name or namespace != ref.namespace:
        return f"its object is '{readable('/'.join(filter(None, (namespace, name))))}'"
    if not _is_segment(name) or not (namespace is None or _is_segment(namespace)):
        return f"'{readable(name)}' can be no object's name"
    group, _slash, _version = obj["apiVersion"].rpartition("/")
    kind, resource = obj["kind"], ref.group_resource
    if group != resource.group:
        return f"its apiVersion is {readable(obj['apiVersion'])}"
    known = builtin_type(resource)
    if known is not None and known.kind != kind:
        return f"its kind is {readable(kind)}, not {known.kind}"
    if known is None:
        known = builtin_kind(group, kind)
        if known is not None:
            return f"its kind is {kind}, which lies under {known.group_resource}"
    if known is not None and known.namespaced != (ref.namespace is not None):
        return f"a {kind} is in {'a' if known.namespaced else 'no'} namespace"
    return ""


def _is_segment(name: str) -> bool:
    """What the API server takes in a path (``path.IsValidPathSegmentName``), and a terminal in a line."""
    return name not in (".", "..") and "/" not in name and "%" not in name and name.isprintable()


__all__ = ("find_stranger", "read_member")
