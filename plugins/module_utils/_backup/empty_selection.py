# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup in which nothing is: whoever restores it finds out too late."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery

SENTENCE = "Nothing fits the selection, so that there is nothing in the backup"
HINT = "Check the namespaces, the resources and the labels that it is to take."


def is_empty(counts: t.Mapping[str, int], plan: ListPlan, discovery: Discovery) -> bool:
    """``counts`` of stored objects by type. Namespaces come with a selection; alone they are one if it means them."""
    spec = plan.spec
    if counts.keys() - {str(NAMESPACES)}:
        return False
    included = (
        *spec.included_resources,
        *spec.included_cluster_scoped_resources,
        *spec.included_namespace_scoped_resources,
    )
    if not counts:
        return True
    if spec.selectors:
        return not any(spec.selects_labels(entry.labels) for entry in plan.namespaces.existing.values())
    found = [discovery.resolve(name) for name in included]
    return bool(included) and not any(each is not None and each.group_resource == NAMESPACES for each in found)


__all__ = ("HINT", "SENTENCE", "is_empty")
