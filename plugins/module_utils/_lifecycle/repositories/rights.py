# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that looking after repositories takes: Jobs in a namespace, and a look at Velero's own objects."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.velero_owner import owner_grants
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.rights import upkeep_grants


def repository_grants(scope: RightsScope) -> list[Grant]:
    return [*upkeep_grants(scope), *owner_grants()]


__all__ = ("repository_grants",)
