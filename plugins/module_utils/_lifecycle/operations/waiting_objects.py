# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pass would see to: nothing is written, and nothing is asked of a storage location."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.object_family import open_objects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    Operation,
    OperationsOutcome,
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.velero_server import refuse_beside_server

#: By kind: whether restore-only mode leaves it alone.
_CARRIED_OUT = {
    "Backup": True,
    "DeleteBackupRequest": True,
    "Restore": False,
    "DownloadRequest": False,
    "ServerStatusRequest": False,
}
_WAITING = ("New", "Queued", "ReadyToStart", "InProgress")


def foresee_operations(request: OperationsRequest, *, client: KubeClient) -> OperationsOutcome:
    """The objects that wait. Raises ``ArkiveError`` where no pass may begin."""
    objects, request = open_objects(client, request)
    refuse_beside_server(client, objects)
    found = [
        Operation(kind, name_of(obj), phase_of(obj), "would be carried out")
        for kind, is_left in _CARRIED_OUT.items()
        if not (is_left and request.restore_only)
        for obj in objects.all(kind)
        if phase_of(obj) in _WAITING
    ]
    return OperationsOutcome(namespace=request.namespace, operations=tuple(found), issues=Issues())


__all__ = ("foresee_operations",)
