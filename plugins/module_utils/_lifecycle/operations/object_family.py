# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose custom resources a pass sees to: those of Velero, or of Heptio Ark."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.ark_config import (
    CONFIGS,
    NAME,
    is_restore_only,
    periods_of,
    snapshot_location_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.ark_objects import (
    ArkObjects,
    ConfigStatus,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import server_credentials
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsError,
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import (
    ARK,
    FAMILIES,
    VELERO,
    TypeFamily,
)


def open_objects(client: KubeClient, request: OperationsRequest) -> tuple[OperationObjects, OperationsRequest]:
    """The objects, and the request with what their server would know of itself.

    Raises ``OperationsError`` when it knows nothing, ``KubeError``.
    """
    family, kinds = _find_family(client, request.family)
    request = dataclasses.replace(request, family=family, namespace=request.namespace or family.namespace)
    if family is VELERO:
        return OperationObjects(client, VELERO, request.namespace), request
    if family.backups.plural not in kinds:
        raise OperationsError(
            f"The cluster {client.server} does not have the types of {family.title} ({family.group}).",
            hint="Leave api_group out: what the cluster has is found.",
        )
    if VELERO.locations.plural in kinds:
        return ArkObjects(client, request.namespace, None), request
    return ArkObjects(client, request.namespace, ConfigStatus()), _configured(client, request)


def _find_family(client: KubeClient, asked: TypeFamily | None) -> tuple[TypeFamily, t.Collection[str]]:
    """Velero's where the cluster has neither, with the plurals that the cluster has of it."""
    for family in (asked,) if asked else FAMILIES:
        kinds = _kinds(client, family)
        if family.backups.plural in kinds:
            return family, kinds
    return asked or VELERO, ()


def _kinds(client: KubeClient, family: TypeFamily) -> set[str]:
    try:
        found = client.get(f"/apis/{family.api_version}").get("resources") or ()
    except KubeError as exc:
        if exc.not_found:
            return set()
        raise
    return {str(each.get("name")) for each in found}


def _configured(client: KubeClient, request: OperationsRequest) -> OperationsRequest:
    config = get_object(client, CONFIGS, NAME, request.namespace)
    if config is None:
        raise OperationsError(
            f"There is no Config '{NAME}' of {ARK.title} in namespace '{request.namespace}': nobody knows where its "
            "backups are.",
            hint="Make it, as Ark's server would wait for it, or name the namespace that has it.",
        )
    snapshots = request.snapshot_location
    return dataclasses.replace(
        request,
        restore_only=request.restore_only or is_restore_only(config),
        snapshot_location=snapshots or snapshot_location_of(config, server_credentials(client, request.namespace)),
        periods=periods_of(config),
    )


__all__ = ("open_objects",)
