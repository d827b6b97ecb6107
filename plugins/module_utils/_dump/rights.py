# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that dumps take."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.rights import exec_needs
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope, needs_on


def dump_grants(scope: RightsScope) -> list[Grant]:
    """To make dumps and to restore them."""
    here = scope.places
    return [
        Grant("The pod with the database.", needs_on("get", PODS, places=here)),
        Grant("The database's own programs are run in its container.", tuple(exec_needs(here))),
    ]


__all__ = ("dump_grants",)
