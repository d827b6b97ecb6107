# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scoped family of filters: lists of their own for cluster-scoped and for namespaced types.

The rules: Velero 1.18, docs/compatibility 3.4.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS, NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    ALWAYS_EXCLUDED,
    IncludeExclude,
    Unknown,
)

CrdState: t.TypeAlias = t.Literal["included", "excluded", "unset"]


@dataclasses.dataclass(frozen=True, slots=True)
class ScopedFilter:
    """Namespaced types are in unless a list says otherwise, cluster-scoped ones only where they are asked for.

    With neither list of cluster-scoped types, all of those are in exactly when all namespaces and all namespaced types
    are. Types that are not listed may come in through objects that need them, unless they are excluded.
    The lists hold group-resources as discovery resolved them, and globs.
    """

    cluster_scoped: IncludeExclude
    namespace_scoped: IncludeExclude
    namespaces: IncludeExclude
    warnings: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    def lists(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when objects of this type are listed."""
        if gr in ALWAYS_EXCLUDED:
            return False
        if namespaced:
            return self.namespace_scoped.accepts(str(gr))
        if self.cluster_scoped.excludes_name(str(gr)):
            return False
        if gr == NAMESPACES or self.cluster_scoped.includes_name(str(gr)):
            return True
        is_unset = self.cluster_scoped == IncludeExclude()
        return is_unset and self.namespaces.is_everything and self.namespace_scoped.is_everything

    def admits_related(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when an object of this type may come in because another one needs it."""
        if namespaced or gr == NAMESPACES:
            return self.lists(gr, namespaced=namespaced)
        return gr not in ALWAYS_EXCLUDED and not self.cluster_scoped.excludes_name(str(gr))

    @property
    def crd_state(self) -> CrdState:
        """With ``unset``, the definitions of the stored types are added after all items."""
        if self.cluster_scoped.excludes_name(str(CRDS)):
            return "excluded"
        return "included" if self.lists(CRDS, namespaced=False) else "unset"


__all__ = ("CrdState", "ScopedFilter")
