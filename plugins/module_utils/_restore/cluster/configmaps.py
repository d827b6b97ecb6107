# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ConfigMaps that direct a restore."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CONFIG_MAPS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object


def read_configmap(client: KubeClient, discovery: Discovery, namespace: str, name: str) -> dict[str, t.Any] | None:
    """None where it is not there."""
    resource = discovery.find(CONFIG_MAPS)
    return get_object(client, resource, name, namespace) if resource is not None else None


__all__ = ("read_configmap",)
