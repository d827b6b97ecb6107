# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that the cluster makes and takes away by itself: known by what marks them, whatever their type is.

They are not in Velero's rules: it makes stale ones, which their controllers take away again.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

#: A label of a Kubernetes domain, such as ``ipaddress.kubernetes.io/managed-by: ipallocator.k8s.io``.
_MANAGED_BY = "managed-by"
#: The one with which people, Helm and others say whose an object is.
_RECOMMENDED = "app.kubernetes.io"
_DOMAINS = (".kubernetes.io", ".k8s.io")
#: Of what the API server writes, and removes once nobody needs it.
_SERVER_LABEL = "apiserver.kubernetes.io/identity"
_SERVER_ANNOTATION = "apf.kubernetes.io/autoupdate-spec"
#: On the roles that it comes with, which it brings up to date when it starts.
_ROLES_LABEL, _ROLES_VALUE = "kubernetes.io/bootstrapping", "rbac-defaults"
_ROLES_ANNOTATION = "rbac.authorization.kubernetes.io/autoupdate"
#: Names under which it writes; two are for priorities of requests, which have the annotation since 1.22 only.
_SERVER_MANAGERS = frozenset(
    {
        "kube-apiserver",
        "api-priority-and-fairness-config-producer-v1",
        "api-priority-and-fairness-config-consumer-v1",
    }
)


def skip_rebuilt(draft: Draft, context: RuleContext) -> None:
    why = why_rebuilt(draft.stored_metadata, draft.owner or {})
    if why:
        draft.skip = why


def why_rebuilt(metadata: t.Mapping[str, t.Any], owner: t.Mapping[str, t.Any]) -> str:
    """Who makes the object by itself, in words; empty for one that somebody wants. ``owner``: its controller."""
    controller = _find_controller(metadata.get("labels") or {})
    if controller:
        return f"rebuilt by its controller ({controller})"
    if owner.get("kind") == "Node" and owner.get("apiVersion") == "v1":
        return f"rebuilt by the kubelet of node '{owner.get('name')}', if there is one"
    if _is_api_servers(metadata):
        return "kept by the API server itself"
    return ""


def _find_controller(labels: t.Mapping[str, str]) -> str:
    """Who made it; empty for an object of a person, whose own controllers have names of other domains."""
    return next((value for name, value in labels.items() if _says_controller(name, value)), "")


def _says_controller(name: str, value: str) -> bool:
    domain, _slash, word = name.rpartition("/")
    if word != _MANAGED_BY or domain == _RECOMMENDED or not domain.endswith(_DOMAINS):
        return False
    # Labels of the domain k8s.io are written by controllers alone, which call themselves as they like.
    return value.endswith(_DOMAINS) or domain.endswith(".k8s.io")


def _is_api_servers(metadata: t.Mapping[str, t.Any]) -> bool:
    """Made by the API server's own hand, and changed by nobody else."""
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if _SERVER_LABEL in labels or annotations.get(_SERVER_ANNOTATION) == "true":
        return True
    managers = {entry.get("manager") for entry in metadata.get("managedFields") or () if not entry.get("subresource")}
    if managers:
        return managers <= _SERVER_MANAGERS
    # Before 1.18 nobody noted who wrote what.
    return labels.get(_ROLES_LABEL) == _ROLES_VALUE and annotations.get(_ROLES_ANNOTATION) == "true"


__all__ = ("skip_rebuilt", "why_rebuilt")
