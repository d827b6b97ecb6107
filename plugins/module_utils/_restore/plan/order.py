# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which a restore brings types back."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import (
    HIGH_PRIORITIES,
    LOW_PRIORITIES,
    data_first,
)

Order: t.TypeAlias = "tuple[tuple[GroupResource, ...], tuple[GroupResource, ...]]"


def resolve_order(discovery: Discovery, request: RestoreRequest) -> Order:
    """The types to restore first and last; names are those of ``kubectl``."""
    if request.resource_priorities is None:
        return HIGH_PRIORITIES, LOW_PRIORITIES

    def resolve(name: str) -> GroupResource:
        resource = discovery.resolve(name)
        return resource.group_resource if resource else GroupResource.parse(name)

    first, last = ([resolve(name) for name in names] for names in request.resource_priorities)
    return data_first(first), tuple(last)


__all__ = ("Order", "resolve_order")
