# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a namespace that is being deleted waits for, by the conditions of its status (Kubernetes 1.34)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: The most telling first: what blocks for good, then what is only on its way.
_CONDITIONS = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
    "NamespaceDeletionContentFailure",
)


def what_holds(namespace: ObjectView | None) -> str:
    """The conditions' own words (``Some resources are remaining: pods. has 1 resource instances``), and finalizers.

    Empty where nothing is said.
    """
    if namespace is None:
        return ""
    status, spec = namespace.get("status") or {}, namespace.get("spec") or {}
    found = {
        str(condition.get("type")): str(condition.get("message") or "")
        for condition in status.get("conditions") or ()
        if condition.get("status") == "True"
    }
    said = [found[name].rstrip(". ") for name in _CONDITIONS if found.get(name)]
    finalizers = [name for name in spec.get("finalizers") or () if name != "kubernetes"]
    finalizers += (namespace.get("metadata") or {}).get("finalizers") or ()
    if finalizers:
        said.append(f"its finalizers {', '.join(finalizers)}")
    return "; ".join(said)


__all__ = ("what_holds",)
