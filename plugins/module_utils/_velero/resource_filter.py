# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which types a backup takes: Velero's two families of resource filters (Velero 1.18, docs/compatibility 3.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS, NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import matches_glob
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    ALWAYS_EXCLUDED,
    EXCLUDE_LABEL,
    IncludeExclude,
    Unknown,
    is_excluded_by_label,
    list_errors,
    old_filters,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling, as_option
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import is_pattern
from ansible_collections.arkive.k8s.plugins.module_utils._velero.scoped_filter import CrdState, ScopedFilter

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy

#: From a name as people write it to its group-resource, and whether that is namespaced; None when nobody knows it.
Resolve: t.TypeAlias = "t.Callable[[str], tuple[GroupResource, bool] | None]"


class ResourceFilter(t.Protocol):
    """What both families answer."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Entries of the lists that cannot match anything: a sentence each."""

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """Those among them that name no type of the cluster, and are no patterns."""

    @property
    def crd_state(self) -> CrdState:
        """With ``unset``, the definitions of the stored types are added after all items."""

    def lists(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when objects of this type are listed."""

    def admits_related(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when an object of this type may come in because another one needs it."""


@dataclasses.dataclass(frozen=True, slots=True)
class GlobalFilter:
    """The old family (``includedResources``, ``excludedResources``, ``includeClusterResources``).

    ``resources`` holds group-resources as discovery resolved them; a name that it does not know is kept as it is.
    """

    resources: IncludeExclude
    namespaces: IncludeExclude
    include_cluster_resources: bool | None = None
    warnings: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    def lists(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when objects of this type are listed."""
        if gr in ALWAYS_EXCLUDED or not self.resources.accepts(str(gr)):
            return False
        if namespaced:
            return True
        if self.include_cluster_resources is None:
            return gr == NAMESPACES or self.namespaces.is_everything
        return self.include_cluster_resources

    def admits_related(self, gr: GroupResource, *, namespaced: bool) -> bool:
        """True when an object of this type may come in because another one needs it."""
        if namespaced or gr == NAMESPACES:
            return self.lists(gr, namespaced=namespaced)
        return not self._excludes_cluster_scoped(gr)

    @property
    def crd_state(self) -> CrdState:
        """With ``unset``, the definitions of the stored types are added after all items."""
        if self._excludes_cluster_scoped(CRDS):
            return "excluded"
        return "included" if self.lists(CRDS, namespaced=False) else "unset"

    def _excludes_cluster_scoped(self, gr: GroupResource) -> bool:
        if gr in ALWAYS_EXCLUDED or self.resources.excludes_name(str(gr)):
            return True
        if self.include_cluster_resources is None:
            return not self.resources.accepts(str(gr))
        return not self.include_cluster_resources


def build_filter(
    spec: BackupSpec,
    resolve: Resolve,
    *,
    namespaces: IncludeExclude,
    policy: ResourcePolicy | None = None,
    near: t.Callable[[str], t.Sequence[str]] = lambda _name: (),
    known: t.Collection[str] | None = None,
    spell: Spelling = as_option,
) -> ResourceFilter:
    """The filter of the family that ``spec`` uses.

    ``namespaces`` are those in effect, patterns and excluding labels resolved. ``known``: all group-resources of the
    cluster; without them patterns are not looked at. Raises ``ValidationError`` when
    ``policy`` has filters and the spec has some of the old family.
    """
    names = _Names(resolve, near, known, spell)
    if spec.uses_old_filters:
        if policy is not None and policy.include_exclude is not None:
            error = f"{old_filters(spell)}, which cannot be used with the includeExcludePolicy of a resource policy"
            raise ValidationError(
                f"{error}.",
                hint="Use the filters for cluster-scoped and namespace-scoped resources.",
                details={"phase": "FailedValidation", "validation_errors": [error]},
            )
        resources = IncludeExclude(
            names.resolve("included_resources", spec.included_resources),
            names.resolve("excluded_resources", [name for name in spec.excluded_resources if name != "*"]),
        )
        return GlobalFilter(
            resources, namespaces, spec.include_cluster_resources, tuple(names.warnings), tuple(names.unknown)
        )
    lists = {
        (member, scope): names.resolve(
            f"{member}_{scope.lower()}_scoped_resources", entries, namespaced=scope == "Namespace"
        )
        for member, scope, entries in (
            ("included", "Cluster", spec.included_cluster_scoped_resources),
            ("excluded", "Cluster", spec.excluded_cluster_scoped_resources),
            ("included", "Namespace", spec.included_namespace_scoped_resources),
            ("excluded", "Namespace", spec.excluded_namespace_scoped_resources),
        )
    }
    scoped = {scope: _scoped(lists["included", scope], lists["excluded", scope]) for scope in ("Cluster", "Namespace")}
    if policy is not None and policy.include_exclude is not None:
        more = policy.include_exclude
        for scope, includes, excludes in (
            ("Cluster", more.included_cluster_scoped_resources, more.excluded_cluster_scoped_resources),
            ("Namespace", more.included_namespace_scoped_resources, more.excluded_namespace_scoped_resources),
        ):
            added = [
                names.resolve("includeExcludePolicy", entries, namespaced=scope == "Namespace")
                for entries in (includes, excludes)
            ]
            scoped[scope] = _merge(scoped[scope], _scoped(*added))
    return ScopedFilter(scoped["Cluster"], scoped["Namespace"], namespaces, tuple(names.warnings), tuple(names.unknown))


class _Names:
    """Resolves the entries of lists, and remembers what is wrong with them."""

    def __init__(
        self,
        resolve: Resolve,
        near: t.Callable[[str], t.Sequence[str]],
        known: t.Collection[str] | None,
        spell: Spelling,
    ) -> None:
        self._resolve = resolve
        self._near = near
        self._known = known
        self._spell = spell
        self.warnings: list[str] = []
        self.unknown: list[Unknown] = []

    def resolve(self, field: str, names: t.Iterable[str], *, namespaced: bool | None = None) -> tuple[str, ...]:
        """Group-resources as text. A name that nobody knows stays as it is, and matches nothing unless it is a glob."""
        return tuple(self._one(field, name, namespaced) for name in names)

    def _one(self, field: str, name: str, namespaced: bool | None) -> str:
        told = self._spell(field)
        found = None if name == "*" else self._resolve(name)
        if found is None:
            if is_pattern(name) or "{" in name:
                self._check_pattern(field, name)
            elif name not in map(str, ALWAYS_EXCLUDED):
                meant = self._near(name)
                hint = f" Did you mean {' or '.join(meant)}?" if meant else ""
                self.warnings.append(f"{told} names '{name}', and the cluster has no such resource.{hint}")
                self.unknown.append(Unknown(field, self.warnings[-1]))
            return name
        gr, is_namespaced = found
        if namespaced is not None and namespaced is not is_namespaced:
            scope = "is in namespaces" if is_namespaced else "is cluster-scoped"
            self.warnings.append(f"{told} names '{name}', which {scope}, so that the entry has no effect.")
        return str(gr)

    def _check_pattern(self, field: str, pattern: str) -> None:
        if self._known is not None and not any(matches_glob(pattern, name) for name in self._known):
            told = self._spell(field)
            self.warnings.append(f"{told} has the pattern '{pattern}', which fits no resource of the cluster.")


def _scoped(includes: tuple[str, ...], excludes: tuple[str, ...]) -> IncludeExclude:
    """What is always excluded is no exclude of the user's: it must not turn off "everything"."""
    always = {str(gr) for gr in ALWAYS_EXCLUDED}
    return IncludeExclude(includes, tuple(name for name in excludes if name not in always))


def _merge(spec: IncludeExclude, policy: IncludeExclude) -> IncludeExclude:
    """The spec's lists with the policy's entries, of which those lose that conflict with the spec."""
    excludes = tuple(name for name in policy.excludes if not spec.includes_name(name) and not spec.excludes_name(name))
    merged = IncludeExclude(spec.includes, (*spec.excludes, *excludes))
    includes = tuple(
        name for name in policy.includes if not merged.includes_name(name) and not merged.excludes_name(name)
    )
    return IncludeExclude((*merged.includes, *includes), merged.excludes)


__all__ = (
    "ALWAYS_EXCLUDED",
    "EXCLUDE_LABEL",
    "GlobalFilter",
    "IncludeExclude",
    "Resolve",
    "ResourceFilter",
    "build_filter",
    "is_excluded_by_label",
    "list_errors",
)
