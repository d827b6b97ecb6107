# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of kinds of owners."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.argo import Application
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.flux import HelmRelease, Kustomization
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import OwnerKind

OWNER_KINDS: t.Mapping[str, OwnerKind] = {kind.kind: kind for kind in (Application(), Kustomization(), HelmRelease())}
OWNER_TYPES: t.Mapping[GroupResource, OwnerKind] = {kind.group_resource: kind for kind in OWNER_KINDS.values()}

__all__ = ("OWNER_KINDS", "OWNER_TYPES")
