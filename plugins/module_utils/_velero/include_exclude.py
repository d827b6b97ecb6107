# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Include and exclude lists, and what is never included (Velero 1.18, docs/compatibility 3.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import matches_glob
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling

#: Objects that carry this label with exactly the value ``true`` are never stored.
EXCLUDE_LABEL = "velero.io/exclude-from-backup"
#: Velero adds these to the excludes of every backup: its plugins write them, a listing must not.
ALWAYS_EXCLUDED = (VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS)
#: What makes a name a pattern (``_core.patterns``).
_GLOB_CHARS = frozenset("*?[]{}\\")


@dataclasses.dataclass(frozen=True, slots=True)
class IncludeExclude:
    """Globs; excludes win; without includes everything is in."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def accepts(self, name: str) -> bool:
        return not self.excludes_name(name) and (self.lists_all or self.includes_name(name))

    def includes_name(self, name: str) -> bool:
        """True when the includes name it; empty ones name nothing."""
        return _names(self.includes, name)

    def excludes_name(self, name: str) -> bool:
        return _names(self.excludes, name)

    @property
    def is_everything(self) -> bool:
        """True when nothing is filtered."""
        return self.lists_all and not self.excludes

    @property
    def lists_all(self) -> bool:
        """True when one list over the whole cluster is right: the includes hold the literal ``*``, or are empty."""
        return not self.includes or "*" in self.includes


def old_filters(spell: Spelling) -> str:
    """The beginning of a sentence about them."""
    names = [spell(name) for name in ("included_resources", "excluded_resources", "include_cluster_resources")]
    return f"{names[0]}, {names[1]} and {names[2]} are old filters"


class Unknown(t.NamedTuple):
    """A name in the list ``field`` (``included_resources``) that is no type of the cluster, and a sentence about it."""

    field: str
    sentence: str


def _names(patterns: tuple[str, ...], name: str) -> bool:
    literal, globs = _split(patterns)
    return name in literal or any(matches_glob(pattern, name) for pattern in globs)


@functools.lru_cache(maxsize=256)
def _split(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Names, of which there may be thousands, and what has to be matched."""
    globs = tuple(pattern for pattern in patterns if not _GLOB_CHARS.isdisjoint(pattern))
    return frozenset(patterns) - frozenset(globs), globs


def is_excluded_by_label(obj: t.Mapping[str, t.Any]) -> bool:
    """Exactly ``true`` excludes; any other value does not."""
    labels = (obj.get("metadata") or {}).get("labels") or {}
    return bool(labels.get(EXCLUDE_LABEL) == "true")


def list_errors(
    what: str, includes: t.Sequence[str], excludes: t.Sequence[str], *, may_exclude_all: bool = False
) -> list[str]:
    """What is wrong with an include and an exclude list, in Velero's words (empty when nothing is).

    ``may_exclude_all``: the scoped lists, whose excludes may be exactly ``*`` where nothing is included.
    """
    prefix = f"Invalid included/excluded {what} lists"
    errors: list[str] = []
    if len(includes) > 1 and "*" in includes:
        errors.append(f"{prefix}: includes list must either contain '*' only, or a non-empty list of items")
    if "*" in excludes and not may_exclude_all:
        errors.append(f"{prefix}: excludes list cannot contain '*'")
    elif "*" in excludes and len(excludes) > 1:
        errors.append(f"{prefix}: excludes list must either contain '*' only, or a non-empty list of items")
    elif "*" in excludes and includes:
        errors.append(f"{prefix}: when excludes is '*', includes cannot have any value")
    errors.extend(
        f"{prefix}: excludes list cannot contain an item in the includes list: {name}"
        for name in excludes
        if name in includes and name != "*"
    )
    return errors


__all__ = (
    "ALWAYS_EXCLUDED",
    "EXCLUDE_LABEL",
    "IncludeExclude",
    "Unknown",
    "is_excluded_by_label",
    "list_errors",
    "old_filters",
)
