# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pass would see to: nothing is written, and nothing is asked of a storage location."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_object import is_read_only
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.expiry import (
    has_expired,
    is_asked_for,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.object_family import open_objects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    OperationObjects,
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    Operation,
    OperationsOutcome,
    OperationsRequest,
    busy_outcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_lease import PassLease
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.schedule_due import judge_due, read_times
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
    """The objects that wait, Schedules that are due, and backups that have expired.

    Raises ``ArkiveError`` where no pass may begin.
    """
    objects, request = open_objects(client, request)
    refuse_beside_server(client, objects)
    holder = PassLease(client, request.namespace, CancelToken()).holder()
    if holder:
        return busy_outcome(request.namespace, holder)
    now = client.server_now()
    found = [
        Operation(kind, name_of(obj), phase_of(obj), "would be carried out")
        for kind, is_left in _CARRIED_OUT.items()
        if not (is_left and request.restore_only)
        for obj in objects.all(kind)
        if phase_of(obj) in _WAITING
    ]
    if not request.restore_only:
        found += _due_schedules(objects, request, now)
        found += _expired_backups(objects, request, now)
    issues = Issues()
    for obj, said in objects.take_unsound():
        issues.error(f"{obj['kind']} '{name_of(obj)}' is left aside: {said}")
    return OperationsOutcome(namespace=request.namespace, operations=tuple(found), issues=issues)


def _due_schedules(objects: OperationObjects, request: OperationsRequest, now: dt.datetime) -> t.Iterator[Operation]:
    for schedule in objects.all("Schedule"):
        spec = schedule.get("spec") or {}
        if spec.get("paused") or spec.get("skipImmediately"):
            continue
        try:
            since = judge_due(schedule, read_times(schedule, request.dialect, now), objects, now).since
        except ValidationError as exc:
            if phase_of(schedule) != "FailedValidation":
                yield Operation("Schedule", name_of(schedule), phase_of(schedule), f"is not valid: {exc.sentence}")
            continue
        if since is not None:
            said = f"would make a backup, due since {rfc3339(since)}"
            yield Operation("Schedule", name_of(schedule), phase_of(schedule), said)


def _expired_backups(objects: OperationObjects, request: OperationsRequest, now: dt.datetime) -> t.Iterator[Operation]:
    locations = {name_of(location): location for location in objects.all("BackupStorageLocation")}
    for backup in objects.all("Backup"):
        if has_expired(backup, now) and not is_asked_for(objects, backup, now):
            where = str((backup.get("spec") or {}).get("storageLocation") or "")
            why = _why_kept(where, locations.get(where), request)
            said = f"has expired, and would stay: {why}" if why else "has expired, and would be deleted"
            yield Operation("Backup", name_of(backup), phase_of(backup), said, is_change=not why)


def _why_kept(name: str, location: ObjectView | None, request: OperationsRequest) -> str:
    """Empty where nothing that can be seen here stands against it."""
    if location is None:
        return f"the storage location '{name}' is not there"
    if is_read_only(location) or request.locations.get(name, {}).get("read_only"):
        return f"the storage location '{name}' is read-only"
    if phase_of(location) == "Unavailable":
        return f"the storage location '{name}' is Unavailable"
    return ""


__all__ = ("foresee_operations",)
