# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Which objects a backup takes: Velero's namespace and resource filters (Velero 1.18, include/exclude semantics)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import compile_glob, matches_glob

NAMESPACES = GroupResource("namespaces")
#: Objects that carry this label with exactly the value ``true`` are never stored.
EXCLUDE_LABEL = "velero.io/exclude-from-backup"
#: Velero adds these to the excludes of every backup: its plugins write them, a listing must not.
ALWAYS_EXCLUDED = (
    GroupResource("volumesnapshots", "snapshot.storage.k8s.io"),
    GroupResource("volumesnapshotcontents", "snapshot.storage.k8s.io"),
)
_NOT_IN_NAMESPACES = re.compile(r"[|()!{},]|\*\*|\[\]|^[^\[]*\]")


@dataclasses.dataclass(frozen=True, slots=True)
class IncludeExclude:
    """Globs; excludes win; without includes everything is in."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def accepts(self, name: str) -> bool:
        if any(matches_glob(pattern, name) for pattern in self.excludes):
            return False
        return (
            not self.includes or "*" in self.includes or any(matches_glob(pattern, name) for pattern in self.includes)
        )

    @property
    def is_everything(self) -> bool:
        """True when nothing is filtered."""
        return (not self.includes or "*" in self.includes) and not self.excludes

    @property
    def lists_all(self) -> bool:
        """True when one list over the whole cluster is right: the includes hold the literal ``*``, or are empty."""
        return not self.includes or "*" in self.includes


@dataclasses.dataclass(frozen=True, slots=True)
class ResourceFilter:
    """The old family of filters (``includedResources``, ``excludedResources``, ``includeClusterResources``).

    ``resources`` holds group-resources as discovery resolved them; a name that it does not know is kept as it is.
    A backup that sets none of the three follows the scoped family, which for empty lists means: cluster-scoped objects
    are listed exactly when the namespaces are everything, and Namespace objects always are.
    """

    resources: IncludeExclude
    namespaces: IncludeExclude
    include_cluster_resources: bool | None = None

    def lists(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when objects of this type are listed."""
        if not self._accepts_type(gr):
            return False
        if namespaced:
            return True
        if gr == NAMESPACES:
            return self.include_cluster_resources is not False
        if self.include_cluster_resources is None:
            return self.namespaces.is_everything
        return self.include_cluster_resources

    def admits_related(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when an object of this type may come in because another one needs it."""
        if not self._accepts_type(gr):
            return False
        return namespaced or self.include_cluster_resources is not False

    def _accepts_type(self, gr: GroupResource) -> bool:
        return gr not in ALWAYS_EXCLUDED and self.resources.accepts(str(gr))


def is_excluded_by_label(obj: t.Mapping[str, t.Any]) -> bool:
    """Exactly ``true`` excludes; any other value does not."""
    labels = (obj.get("metadata") or {}).get("labels") or {}
    return bool(labels.get(EXCLUDE_LABEL) == "true")


def list_errors(what: str, includes: t.Sequence[str], excludes: t.Sequence[str]) -> list[str]:
    """What is wrong with an include and an exclude list, in Velero's words (empty when nothing is)."""
    prefix = f"Invalid included/excluded {what} lists"
    errors: list[str] = []
    if len(includes) > 1 and "*" in includes:
        errors.append(f"{prefix}: includes list must either contain '*' only, or a non-empty list of items")
    if "*" in excludes:
        errors.append(f"{prefix}: excludes list cannot contain '*'")
    errors.extend(
        f"{prefix}: excludes list cannot contain an item in the includes list: {name}"
        for name in excludes
        if name in includes
    )
    return errors


def namespace_pattern_errors(names: t.Iterable[str]) -> list[str]:
    """What Velero 1.18 refuses in a namespace pattern: it knows ``*``, ``?`` and ``[a-z]`` only."""
    errors = []
    for name in names:
        if _NOT_IN_NAMESPACES.search(name):
            errors.append(f"Invalid namespace pattern '{name}': only '*', '?' and '[a-z]' may be used")
        elif compile_glob(name) is None:
            errors.append(f"Invalid namespace pattern '{name}': its brackets do not match")
    return errors


__all__ = (
    "ALWAYS_EXCLUDED",
    "EXCLUDE_LABEL",
    "NAMESPACES",
    "IncludeExclude",
    "ResourceFilter",
    "is_excluded_by_label",
    "list_errors",
    "namespace_pattern_errors",
)
