# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of a restore's options that fit nothing in the backup, and so have no effect: reported, never refused.

A name that a restore cannot do without is another matter: ``unfit_names`` refuses it.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import difflib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import PREFERRED_SUFFIX
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import matches_glob
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen import Chosen
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import is_pattern
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import (
    ModifierConditions,
    ResourceModifiers,
)

_NEVER = "which fits nothing in the backup"


def find_without_effect(
    request: RestoreRequest,
    chosen: Chosen,
    *,
    modifiers: ResourceModifiers | None = None,
) -> list[str]:
    """A sentence for each value. An empty backup fits nothing, and nothing is said of it."""
    if not chosen.contents.types:
        return []
    values = _Values(chosen.contents, chosen.discovery)
    spec = request.spec
    values.namespaces("included_namespaces", filter(is_pattern, spec.included_namespaces))
    values.namespaces("excluded_namespaces", spec.excluded_namespaces)
    values.types("included_resources", filter(_is_type_pattern, spec.included_resources))
    values.types("excluded_resources", spec.excluded_resources)
    if spec.restore_status is not None:
        values.types("restore_status", (*spec.restore_status.includes, *spec.restore_status.excludes))
    for first_or_last in request.resource_priorities or ():
        values.types("resource_priorities", first_or_last)
    for number, rule in enumerate(modifiers.rules if modifiers is not None else (), 1):
        values.modified(f"rule {number} of the resource modifiers", rule.conditions)
    values.versions("api_version_priorities", request.api_version_priorities)
    return values.sentences


class _Values:
    def __init__(self, contents: BackupContents, discovery: Discovery) -> None:
        self._contents = contents
        self._discovery = discovery
        self._namespaces = sorted(contents.namespaces)
        self._types = sorted(map(str, contents.types))
        self.sentences: list[str] = []

    def namespaces(self, where: str, names: t.Iterable[str]) -> None:
        for name in names:
            if name and not any(matches_glob(name, other) for other in self._namespaces):
                self._add(where, "the namespace", name, self._namespaces)

    def types(self, where: str, names: t.Iterable[str]) -> None:
        """A type that the server knows and the backup has none of is no slip."""
        for name in names:
            known = not _is_type_pattern(name) and self._discovery.resolve(name) is not None
            if name and not known and not any(matches_glob(name, other) for other in self._types):
                self._add(where, "the type", name, self._types)

    def modified(self, where: str, conditions: ModifierConditions) -> None:
        """Its types are written out in full, or a pattern with a meaning of its own."""
        name = conditions.group_resource
        served = {str(resource.group_resource) for resource in self._discovery.resources}
        if name not in served and not any(map(conditions.fits_type, self._types)):
            self._add(where, "the type", name, self._types)
        self.namespaces(where, conditions.namespaces)

    def versions(self, where: str, wanted: t.Mapping[str, t.Sequence[str]]) -> None:
        by_name = {str(group_resource): group_resource for group_resource in self._contents.types}
        for name, versions in wanted.items():
            if name not in by_name:
                self._add(where, "the type", name, self._types)
                continue
            stored = {text.removesuffix(PREFERRED_SUFFIX) for text in self._contents.version_dirs(by_name[name])}
            served = {res.version for res in self._discovery.resources if str(res.group_resource) == name}
            if stored and not stored & served & set(versions):
                both = ", ".join(sorted(stored & served)) or "none"
                self.sentences.append(
                    f"{where} names {', '.join(versions)} for {name}, which has no effect: the versions of it that the "
                    f"backup holds and the cluster serves are {both}."
                )

    def _add(self, where: str, what: str, name: str, known: t.Sequence[str]) -> None:
        kind = f"the pattern '{name}'" if is_pattern(name) or _is_type_pattern(name) else f"{what} '{name}'"
        near = difflib.get_close_matches(name, known, n=2, cutoff=0.7)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        self.sentences.append(f"{where} names {kind}, {_NEVER}, so that it has no effect.{hint}")


def _is_type_pattern(name: str) -> bool:
    return is_pattern(name) or "{" in name


__all__ = ("find_without_effect",)
