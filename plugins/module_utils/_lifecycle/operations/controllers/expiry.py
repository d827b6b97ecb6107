# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that have expired: a DeleteBackupRequest is made for each, as by Velero's server (docs/compatibility 7.3)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    OperationObjects,
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.synced_objects import BACKUP_UID_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import BACKUP_NAME_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import expires_at

#: Why an expired backup is still there.
FAILURE_LABEL = "velero.io/gc-failure"
#: Velero's default of ``--garbage-collection-frequency``.
_PAUSE = dt.timedelta(hours=1)
_PENDING = ("New", "InProgress")


class ExpiryController:
    """Whatever the phase of a backup, if it is not being made. One without an expiration stays."""

    def __init__(self, context: PassContext) -> None:
        self._context = context
        self._objects = context.objects

    def look(self) -> None:
        expired = [backup for backup in self._objects.all("Backup") if has_expired(backup, self._now)]
        self._context.for_each(expired, self._see_to)

    @property
    def _now(self) -> dt.datetime:
        return self._context.run.client.server_now()

    def _see_to(self, backup: Object) -> None:
        name = name_of(backup)
        where = str((backup.get("spec") or {}).get("storageLocation") or "")
        try:
            location = self._context.book.open(where)
        except ValidationError as exc:
            self._context.warn_once(f"Backup '{name}' has expired, and stays: {exc.message}")
            return
        if location is not None and not location.is_available:
            self._context.warn_once(
                f"Backup '{name}' has expired, and stays: location '{where}' is Unavailable. The status of its "
                "BackupStorageLocation says why."
            )
            return
        failure = "BSLNotFound" if location is None else "BSLReadOnly" if location.is_read_only else None
        self._label(backup, failure)
        if failure is None and not is_asked_for(self._objects, backup, self._now):
            self._request(backup)

    def _label(self, backup: Object, failure: str | None) -> None:
        if (backup["metadata"].get("labels") or {}).get(FAILURE_LABEL) != failure:
            self._objects.patch(backup, {"metadata": {"labels": {FAILURE_LABEL: failure}}})

    def _request(self, backup: Object) -> None:
        name = name_of(backup)
        labels = {BACKUP_NAME_LABEL: label_value(name), BACKUP_UID_LABEL: backup["metadata"]["uid"]}
        metadata = {"generateName": f"{name}-", "labels": labels}
        self._objects.create("DeleteBackupRequest", {"metadata": metadata, "spec": {"backupName": name}})
        self._context.note(backup, "its deletion is asked for", phase="Expired")
        self._context.events.record(backup, "BackupExpired", f"Backup '{name}' has expired, and is deleted.")


def has_expired(backup: ObjectView, now: dt.datetime) -> bool:
    end = expires_at(backup)
    return end is not None and end <= now and phase_of(backup) != "InProgress"


def is_asked_for(objects: OperationObjects, backup: ObjectView, now: dt.datetime) -> bool:
    """Whether there is a request already; what could not be deleted is tried again after a while."""
    uid = backup["metadata"]["uid"]
    selector = f"{BACKUP_NAME_LABEL}={label_value(name_of(backup))},{BACKUP_UID_LABEL}={uid}"
    requests = objects.all("DeleteBackupRequest", label_selector=selector)
    return any(phase_of(request) in _PENDING or _is_young(request, now) for request in requests)


def _is_young(request: ObjectView, now: dt.datetime) -> bool:
    made = read_moment(request["metadata"].get("creationTimestamp"))
    return made is not None and now - made < _PAUSE


__all__ = ("FAILURE_LABEL", "ExpiryController", "has_expired", "is_asked_for")
