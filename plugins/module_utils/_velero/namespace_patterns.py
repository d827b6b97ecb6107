# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces as a spec names them, and as the cluster has them (Velero 1.18, docs/compatibility 3.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import compile_glob, matches_glob
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    EXCLUDE_LABEL,
    IncludeExclude,
    is_excluded_by_label,
)

_REFUSED = re.compile(r"[|()!{},]|\*\*|\[\]|^[^\[]*\]")
_GLOB_CHARS = frozenset("*?[")
#: An empty include list would mean everything; no namespace is called like this.
_NOTHING = ("",)


@dataclasses.dataclass(frozen=True, slots=True)
class ExpandedNamespaces:
    """The lists without patterns, unless every namespace is included.

    ``matched_nothing``: patterns fit no namespace, so that no namespaced item is to be taken; ``includes`` then name a
    namespace that cannot exist.
    """

    includes: tuple[str, ...]
    excludes: tuple[str, ...]
    matched_nothing: bool = False

    @property
    def filter(self) -> IncludeExclude:
        return IncludeExclude(self.includes, self.excludes)


def is_pattern(name: str) -> bool:
    return not _GLOB_CHARS.isdisjoint(name)


def namespace_pattern_errors(names: t.Iterable[str]) -> list[str]:
    """What Velero 1.18 refuses in a namespace pattern: it knows ``*``, ``?`` and ``[a-z]`` only."""
    errors = []
    for name in names:
        if _REFUSED.search(name):
            errors.append(f"Invalid namespace pattern '{name}': only '*', '?' and '[a-z]' may be used")
        elif compile_glob(name) is None:
            errors.append(f"Invalid namespace pattern '{name}': its brackets do not match")
    return errors


def expand_namespaces(
    includes: t.Sequence[str], excludes: t.Sequence[str], existing: t.Iterable[str]
) -> ExpandedNamespaces:
    """Patterns replaced by the names of ``existing`` that fit them, once and for all.

    Literal names are kept even where no such namespace exists. Where everything is included, patterns stay.
    """
    unchanged = ExpandedNamespaces(tuple(includes), tuple(excludes))
    if unchanged.filter.lists_all or not any(is_pattern(name) for name in (*includes, *excludes)):
        return unchanged
    names = sorted(existing)
    without = _expand(excludes, names)
    found = tuple(name for name in _expand(includes, names) if name not in without)
    return ExpandedNamespaces(found or _NOTHING, without, matched_nothing=not found)


def resolve_namespaces(
    includes: t.Sequence[str], excludes: t.Sequence[str], existing: t.Mapping[str, t.Mapping[str, t.Any]]
) -> ExpandedNamespaces:
    """``expand_namespaces`` with the namespaces excluded that carry the label for it (``existing``: objects by name).

    Raises ``ValidationError`` for one of those that is included by its name, as Velero's validation does.
    """
    labelled = [name for name, obj in sorted(existing.items()) if is_excluded_by_label(obj) and name not in excludes]
    for name in labelled:
        if name in includes:
            error = f"Namespace {name} is included, and excluded by its label {EXCLUDE_LABEL}=true"
            raise ValidationError(
                f"{error}.",
                hint="Remove the label, or do not include it.",
                details={"phase": "FailedValidation", "validation_errors": [error]},
            )
    return expand_namespaces(includes, [*excludes, *labelled], existing)


def _expand(patterns: t.Iterable[str], names: t.Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for pattern in patterns:
        fitting = [name for name in names if matches_glob(pattern, name)] if is_pattern(pattern) else [pattern]
        found |= dict.fromkeys(fitting)
    return tuple(found)


__all__ = ("ExpandedNamespaces", "expand_namespaces", "is_pattern", "namespace_pattern_errors", "resolve_namespaces")
