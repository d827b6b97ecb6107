# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which API versions of a type are wanted, in Velero's ConfigMap and in the request."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.api_versions import parse_version_priorities
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.configmaps import read_configmap
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import Priorities, RestoreRequest

_VERSIONS_CONFIG_MAP = "enableapigroupversions"
_VERSIONS_KEY = "restoreResourcesVersionPriority"


def read_version_priorities(client: KubeClient, discovery: Discovery, request: RestoreRequest) -> Priorities:
    """The versions that are wanted: those of Velero's ConfigMap, where there is one, and over them the request's."""
    try:
        configmap = read_configmap(client, discovery, request.velero_namespace, _VERSIONS_CONFIG_MAP) or {}
    except KubeError as exc:
        if not exc.forbidden:
            raise
        configmap = {}
    text = (configmap.get("data") or {}).get(_VERSIONS_KEY) or ""
    source = f"the ConfigMap {request.velero_namespace}/{_VERSIONS_CONFIG_MAP}"
    return {**parse_version_priorities(text, source=source), **request.api_version_priorities}


__all__ = ("read_version_priorities",)
