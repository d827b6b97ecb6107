# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One object, or one file, out of a backup."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import DAMAGED, advising
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import (
    STORED_FILES,
    StoredFile,
    StoredFiles,
)
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.item_source import ItemSource
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SECRETS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.object_text import object_text
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import printable
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable

_NEAR = 5
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ObjectName:
    """``resource`` as ``deployments.apps``, or the plural alone where the backup has one type of it."""

    resource: str
    namespace: str = ""
    name: str

    @property
    def shown(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.resource} {where}"


def extract_object(files: StoredFiles, wanted: ObjectName, *, masked: bool = False) -> str:
    """The YAML of one object as it is stored; ``masked`` hides the values of a Secret.

    Raises ``CatalogError`` with near names for one that the backup does not hold, ``ArchiveError`` for a damaged
    tarball.
    """
    with advising(DAMAGED), files.open_tarball() as tarball:
        ref = _find(tarball, wanted, files.name)
        obj = tarball.read(ref)
    if masked and ref.group_resource == SECRETS:
        obj = mask_secret(obj)
    text = object_text(obj, sort_keys=False)
    # What steers a terminal is escaped as YAML has it: what comes out is the same object still.
    return text if printable(text) == text else object_text(obj, sort_keys=False, ascii_only=True)


def extract_file(files: StoredFiles, file: StoredFile) -> t.Iterator[bytes]:
    """One file in pieces: the tarball as it is stored, which is checked against its digest, others as their text.

    Raises ``CatalogError`` for a file that the backup does not have, ``ArchiveError`` for a damaged one.
    """
    if file not in STORED_FILES:
        raise CatalogError(f"No backup has a file '{readable(file)}'.", hint=f"Choose from {', '.join(STORED_FILES)}.")
    found = files.read_pieces(file)
    if found is None:
        raise CatalogError(f"The backup '{files.name}' has no file '{file}'.", hint="Not every backup has all of them.")
    return found


def mask_secret(secret: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A Secret whose keys are shown, and none of its values; kubectl's copy of it goes too."""
    masked = dict(secret)
    for field in ("data", "stringData"):
        if isinstance(masked.get(field), dict):
            masked[field] = dict.fromkeys(masked[field], MASK)
    metadata = dict(masked.get("metadata") or {})
    if isinstance(metadata.get("annotations"), dict):
        metadata["annotations"] = {n: text for n, text in metadata["annotations"].items() if n != _LAST_APPLIED}
    return masked | {"metadata": metadata}


def _find(items: ItemSource, wanted: ObjectName, backup: str) -> ItemRef:
    group_resource = _find_type(items, wanted, backup)
    there = [ref for ref in items.items if ref.group_resource == group_resource]
    for ref in there:
        if ref.name == wanted.name and (ref.namespace or "") == wanted.namespace:
            return ref
    known = {f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name for ref in there}
    place = f"{wanted.namespace}/{wanted.name}" if wanted.namespace else wanted.name
    elsewhere = sorted(name for name in known if name.rpartition("/")[2] == wanted.name)
    raise CatalogError(f"The backup '{backup}' has no {wanted.shown}.", hint=_near_hint(place, known, first=elsewhere))


def _find_type(items: ItemSource, wanted: ObjectName, backup: str) -> GroupResource:
    types = {ref.group_resource for ref in items.items}
    named = wanted.resource.lower()
    exact = [found for found in types if str(found) == named]
    found = exact or [found for found in types if found.resource == named]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(map(str, found)))
        raise CatalogError(f"'{wanted.resource}' may be one of {names}.", hint="Name the type with its group.")
    raise CatalogError(
        f"The backup '{backup}' has no objects of the type '{readable(wanted.resource)}'.",
        hint=_near_hint(named, set(map(str, types))),
    )


def _near_hint(name: str, known: t.Collection[str], first: t.Sequence[str] = ()) -> str:
    near = list(first[:_NEAR]) or difflib.get_close_matches(name, sorted(known)[:20_000], n=_NEAR, cutoff=0.5)
    if near:
        return f"Did you mean {', '.join(map(readable, near))}?"
    some = ", ".join(map(readable, sorted(known)[:_NEAR]))
    return f"It has {some}{' ...' if len(known) > _NEAR else ''}." if known else ""


__all__ = ("ObjectName", "extract_file", "extract_object", "mask_secret")
