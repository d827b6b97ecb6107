# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that snapshots of EBS take in the cluster: hardly any, because EC2 takes them."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, needs_on


def set_grants() -> list[Grant]:
    return [
        Grant(
            "By the uid of namespace kube-system snapshots are known as this cluster's.",
            needs_on("get", NAMESPACES),
            "The address of the API server counts in its place.",
        )
    ]


__all__ = ("set_grants",)
