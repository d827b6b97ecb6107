# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to grant to somebody who lacks a right, in words and as rules in YAML of one line."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.words import plural, some_of

#: Namespaces are many of one kind, rights are not: of those each is named.
SHOWN_NAMESPACES = 10

#: How the authorizer of Kubernetes (RBAC) says it, since 1.12.
_REFUSAL = re.compile(
    r'cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)


def rule(group: str, resources: t.Sequence[str], verbs: t.Sequence[str]) -> str:
    """One rule of a Role or ClusterRole."""
    return f"{{apiGroups: [{json.dumps(group)}], resources: [{', '.join(resources)}], verbs: [{', '.join(verbs)}]}}"


def to_grant(rules: t.Sequence[str], namespaces: t.Sequence[str] = ()) -> str:
    """The sentence: where ``rules`` are to be added; without ``namespaces`` to a ClusterRole."""
    kind = "Role" if namespaces else "ClusterRole"
    many = plural(len(namespaces), "namespace", "each of namespaces")
    place = f" in {many} {some_of(namespaces, most=SHOWN_NAMESPACES)}" if namespaces else ""
    return f"Add to a {kind}{place} that is bound to this user: rules: [{', '.join(rules)}]."


def rule_for(refusal: str) -> str:
    """What would have let a request pass, by the words of its refusal; empty where they do not say."""
    found = _REFUSAL.search(refusal)
    if found is None:
        return ""
    namespaces = [found["namespace"]] if found["namespace"] else []
    return to_grant([rule(found["group"], [found["resource"]], [found["verb"]])], namespaces)


__all__ = ("SHOWN_NAMESPACES", "rule", "rule_for", "to_grant")
