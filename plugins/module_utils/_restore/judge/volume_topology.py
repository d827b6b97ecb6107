# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a volume can be reached from any node (Kubernetes 1.34, node selectors and topologies of storage classes)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: The labels of one node.
Labels: t.TypeAlias = "t.Mapping[str, str]"


def why_out_of_reach(volume: ObjectView, nodes: t.Sequence[Labels]) -> str:
    """Why no node can use a PersistentVolume; empty when one can, or nothing is known of nodes."""
    required = ((volume.get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
    terms = [term for term in required.get("nodeSelectorTerms") or () if term.get("matchExpressions")]
    if not terms or not nodes or any(_fits_all(term["matchExpressions"], node) for term in terms for node in nodes):
        return ""
    return f"no node of the cluster is where its volume is ({_describe(terms[0]['matchExpressions'])})"


def why_no_topology(storage_class: ObjectView, nodes: t.Sequence[Labels]) -> str:
    """Why a class can make no volume for any node; empty when it can, or nothing is known of nodes."""
    terms = [term.get("matchLabelExpressions") or () for term in storage_class.get("allowedTopologies") or ()]
    if not terms or not nodes:
        return ""
    wanted = [[{**expression, "operator": "In"} for expression in term] for term in terms]
    if any(_fits_all(term, node) for term in wanted for node in nodes):
        return ""
    name = storage_class["metadata"]["name"]
    return f"no node of the cluster is where its storage class '{name}' makes volumes ({_describe(wanted[0])})"


def _fits_all(expressions: t.Iterable[ObjectView], labels: Labels) -> bool:
    return all(_fits(expression, labels) for expression in expressions)


def _fits(expression: ObjectView, labels: Labels) -> bool:
    value = labels.get(str(expression.get("key")))
    values = [str(each) for each in expression.get("values") or ()]
    operator = expression.get("operator")
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    # Greater and less than compare numbers, which no driver writes into a volume: nobody is refused for them.
    return True


def _describe(expressions: t.Iterable[ObjectView]) -> str:
    return ", ".join(
        " ".join(
            [str(each.get("key")), str(each.get("operator")), "/".join(map(str, each.get("values") or ()))]
        ).strip()
        for each in expressions
    )


__all__ = ("why_no_topology", "why_out_of_reach")
