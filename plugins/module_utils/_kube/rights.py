# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Missing rights, all of them, as a sentence that stays readable and as the rules that grant them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.words import plural, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rule_words import SHOWN_NAMESPACES, rule, to_grant

_Places: t.TypeAlias = "tuple[str, ...]"


def rights_text(needs: t.Iterable[Need], *, most: int = 0) -> str:
    """``list configmaps and secrets in namespace shop; create and get pods/exec in namespaces a, b``.

    ``most``: more resources than these are counted, for a sentence that has the rules, which name all, beside it.
    """
    entries = []
    for (places, verbs), resources in _grouped(needs):
        named = f"{len(resources)} types of objects" if 0 < most < len(resources) else _listed(resources)
        entries.append(f"{_listed(verbs)} {named} {_where(places)}")
    return "; ".join(entries)


def rules_text(needs: t.Iterable[Need]) -> str:
    """What to grant, as rules of a ClusterRole and of a Role, in YAML of one line each."""
    wanted = list(needs)
    sentences = []
    for found in ([need for need in wanted if not need.namespace], [need for need in wanted if need.namespace]):
        if found:
            names = list(dict.fromkeys(need.namespace for need in found if need.namespace))
            sentences.append(to_grant(_rules(found), names))
    return " ".join(sentences)


def _rules(needs: t.Sequence[Need]) -> list[str]:
    """One rule for each set of verbs and groups, in YAML's flow style."""
    by_resource: dict[tuple[str, str], dict[str, None]] = {}
    for need in needs:
        name = f"{need.resource}/{need.subresource}" if need.subresource else need.resource
        by_resource.setdefault((need.group, name), {})[need.verb] = None
    by_verbs: dict[tuple[_Places, str], list[str]] = {}
    for (group, name), verbs in by_resource.items():
        by_verbs.setdefault((tuple(verbs), group), []).append(name)
    return [rule(group, names, verbs) for (verbs, group), names in by_verbs.items()]


def _grouped(needs: t.Iterable[Need]) -> list[tuple[tuple[_Places, _Places], list[str]]]:
    """Resources that lack the same verbs in the same places, in the order of the needs."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for need in needs:
        places.setdefault((need.resource_text, need.verb), {})[need.namespace] = None
    verbs: dict[tuple[str, _Places], list[str]] = {}
    for (resource, verb), found in places.items():
        verbs.setdefault((resource, ("",) if "" in found else tuple(found)), []).append(verb)
    groups: dict[tuple[_Places, _Places], list[str]] = {}
    for (resource, where), lacking in verbs.items():
        groups.setdefault((where, tuple(lacking)), []).append(resource)
    return list(groups.items())


def _where(namespaces: _Places) -> str:
    if "" in namespaces:
        return "in the whole cluster"
    return f"in {plural(len(namespaces), 'namespace')} {_some(namespaces)}"


def _some(namespaces: t.Sequence[str]) -> str:
    return some_of(namespaces, most=SHOWN_NAMESPACES)


def _listed(words: t.Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


__all__ = ("rights_text", "rules_text")
