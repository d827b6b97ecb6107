# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DeleteBackupRequests: the backup goes, with its files, snapshots, restores and objects (docs/compatibility 7.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import DeletedBackup, delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import OpenLocation
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.restore_finalizer import (
    remove_finalizer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.stored_owner import is_of_another
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.synced_objects import BACKUP_UID_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import BACKUP_NAME_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

_KEPT = dt.timedelta(hours=24)
_IN_WORK = "InProgress"


class DeleteBackupRequestController:
    """Carries out new requests, those that a dead pass has left in progress as well: a deletion can be repeated."""

    def __init__(self, context: PassContext) -> None:
        self._context = context
        self._objects = context.objects

    def look(self) -> None:
        self._context.for_each(self._objects.all("DeleteBackupRequest"), self._see_to)

    def _see_to(self, request: Object) -> None:
        if phase_of(request) in ("New", _IN_WORK):
            self._carry_out(request)
        elif self._is_old(request):
            self._objects.delete(request)

    def _carry_out(self, request: Object) -> None:
        name = str((request.get("spec") or {}).get("backupName") or "")
        if phase_of(request) == _IN_WORK and self._objects.get("Backup", name) is None:
            # A dead pass came so far that only the request was left.
            self._objects.delete(request)
            return
        try:
            backup, location = self._find(name)
            is_alone = _is_without_files(backup, location)
            if not is_alone:
                # What is held, or being made, stays as it is, in its phase.
                self._delete(backup, location, check_mode=True)
        except ValidationError as exc:
            self._end(request, None, [exc.sentence])
            return
        self._begin(request, backup)
        if is_alone:
            self._remove_backup(backup, "its object alone: the stored backup of its name is another one")
            return
        try:
            gone = self._delete(backup, location)
        except Cancelled:
            raise
        except ArkiveError as exc:
            self._end(request, backup, [exc.sentence])
            return
        self._context.run.issues.add_warnings(issue.message for issue in gone.issues.warnings)
        self._remove_objects(backup, gone)

    def _find(self, name: str) -> tuple[Object, OpenLocation]:
        """Raises ``ValidationError`` with Velero's sentence where nothing may be deleted."""
        if not name:
            raise ValidationError("spec.backupName is required")
        backup = self._objects.get("Backup", name)
        if backup is None:
            raise ValidationError("backup not found")
        if phase_of(backup) == _IN_WORK:
            raise ValidationError("backup is still in progress")
        where, location = self._context.book.open_of(backup)
        if location is None:
            raise ValidationError(f"backup storage location {where} not found")
        if location.is_read_only:
            raise ValidationError(
                f"cannot delete backup because backup storage location {where} is currently in read-only mode"
            )
        if not location.is_available:
            raise ValidationError(
                f"cannot delete backup because backup storage location {where} is currently in Unavailable state"
            )
        return backup, location

    def _begin(self, request: Object, backup: Object) -> None:
        labels = {BACKUP_NAME_LABEL: label_value(name_of(backup)), BACKUP_UID_LABEL: str(backup["metadata"]["uid"])}
        self._objects.patch(request, {"metadata": {"labels": labels}, "status": {"phase": _IN_WORK}})
        changed = self._context.set_status(backup, {"phase": "Deleting"})
        self._context.events.record(changed, "BackupDeleting", f"Backup '{name_of(backup)}' is being deleted.")

    def _delete(self, backup: ObjectView, location: OpenLocation, *, check_mode: bool = False) -> DeletedBackup:
        """The files in the location and the snapshots; one that has no files, because it failed, is fine."""
        providers = make_providers(self._context.volumes_of(backup, location.store))
        return delete_backup(name_of(backup), store=location.store, providers=providers, check_mode=check_mode)

    def _remove_objects(self, backup: Object, gone: DeletedBackup) -> None:
        name = name_of(backup)
        for restore in self._objects.all("Restore"):
            if (restore.get("spec") or {}).get("backupName") == name:
                # Its files went with those of the backup.
                remove_finalizer(self._objects, restore)
                self._objects.delete(restore)
        self._remove_backup(backup, f"{len(gone.deleted)} files, {len(gone.deleted_snapshots)} snapshots")

    def _remove_backup(self, backup: Object, said: str) -> None:
        """The object, and all requests for its deletion."""
        self._objects.delete(backup)
        for other in self._objects.all("DeleteBackupRequest"):
            if (other.get("spec") or {}).get("backupName") == name_of(backup):
                self._objects.delete(other)
        self._context.note(backup, said, phase="Deleted")

    def _end(self, request: Object, backup: Object | None, errors: t.Sequence[str]) -> None:
        """It could not be done. The request stays for a day, and the backup is still there."""
        changed = self._context.set_status(
            request, {"phase": "Processed", "errors": list(errors)}, message=" ".join(errors)
        )
        self._context.events.record(backup or changed, "BackupNotDeleted", " ".join(errors), kind="Warning")

    def _is_old(self, request: ObjectView) -> bool:
        made = read_moment(request["metadata"].get("creationTimestamp"))
        return made is not None and self._context.run.client.server_now() - made >= _KEPT


def _is_without_files(backup: ObjectView, location: OpenLocation) -> bool:
    """Whether what lies under its name in the location is somebody else's. What cannot be read is nobody's."""
    try:
        stored = Catalog(location.store).read_backup(name_of(backup))
    except ArchiveError:
        return False
    return stored is not None and is_of_another(stored, backup)


__all__ = ("DeleteBackupRequestController",)
