# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan is known again by: a digest of all of it, and one of each object, so that a difference has a name."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact

#: Of what is digested: another one whenever the same plan would have another digest.
VERSION = 1
#: The name of the backup that a tree of manifests is taken for. Its uid stands for the values of its Secrets.
TREE_BACKUP = "tree"
#: Groups of objects, by their names, of each of which the text of a digest has a mark.
_GROUPS = 32
_MARK = 4
_TEXT = re.compile(f"v{VERSION}:[0-9a-f]{{64}}:[0-9a-f]{{{_MARK * (_GROUPS + 2)}}}")

#: Type, namespace (empty for none) and name.
ObjectId: t.TypeAlias = "tuple[str, str, str]"


class ObjectDigest(t.NamedTuple):
    """What is done with one object; of one that nobody can judge yet, ``action`` is what will be tried."""

    resource: str
    namespace: str
    name: str
    action: str
    digest: str

    @property
    def id(self) -> ObjectId:
        return (self.resource, self.namespace, self.name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanDigest:
    """``objects`` are in order. ``options`` are digests by the names of options, all that decide what is written."""

    backup_name: str
    backup_uid: str
    options: t.Mapping[str, str]
    objects: tuple[ObjectDigest, ...]

    @functools.cached_property
    def text(self) -> str:
        """``v1:``, the digest of everything, and marks of its parts, which say where two plans differ, and no more."""
        parts = {
            "version": VERSION,
            "backup": [self.backup_name, self.backup_uid],
            "options": self.options,
            "objects": self.objects,
        }
        return f"v{VERSION}:{digest_of(parts)}:{''.join(self.marks)}"

    @functools.cached_property
    def marks(self) -> tuple[str, ...]:
        """Of the backup, of the options, and of each group of objects."""
        groups: list[list[t.Any]] = [[] for _number in range(_GROUPS)]
        for each in self.objects:
            groups[group_of(each.id)].append(each)
        parts = ([self.backup_name, self.backup_uid], self.options, *groups)
        return tuple(digest_of(part)[:_MARK] for part in parts)


def digest_of(value: t.Any) -> str:
    """SHA-256 of the JSON with its keys in order, in hexadecimal."""
    return hashlib.sha256(encode_compact(value)).hexdigest()


def group_of(name: ObjectId) -> int:
    return int(digest_of(name)[:8], 16) % _GROUPS


def is_digest(text: str) -> bool:
    """Whether it is the text of a digest."""
    return _TEXT.fullmatch(text) is not None


def marks_of(text: str) -> tuple[str, ...]:
    """The marks in the text of a digest."""
    marks = text.rpartition(":")[2]
    return tuple(marks[at : at + _MARK] for at in range(0, len(marks), _MARK))


__all__ = (
    "TREE_BACKUP",
    "VERSION",
    "ObjectDigest",
    "ObjectId",
    "PlanDigest",
    "digest_of",
    "group_of",
    "is_digest",
    "marks_of",
)
