# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DownloadRequests: where the command line reads files of a backup or a restore from (docs/compatibility 7.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import phase_of
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import (
    BACKUPS,
    BackupKeys,
    RestoreKeys,
)

#: How long an address is good for, as with Velero's server.
_SECONDS = 600

_OF_BACKUP: t.Mapping[str, t.Callable[[BackupKeys], str]] = {
    "BackupLog": lambda keys: keys.logs,
    "BackupContents": lambda keys: keys.tarball,
    "BackupVolumeSnapshots": lambda keys: keys.volumesnapshots,
    "BackupItemOperations": lambda keys: keys.itemoperations,
    "BackupResourceList": lambda keys: keys.resource_list,
    "BackupResults": lambda keys: keys.results,
    "CSIBackupVolumeSnapshots": lambda keys: keys.csi_volumesnapshots,
    "CSIBackupVolumeSnapshotContents": lambda keys: keys.csi_volumesnapshotcontents,
    "BackupVolumeInfos": lambda keys: keys.volumeinfo,
}
_OF_RESTORE: t.Mapping[str, t.Callable[[RestoreKeys], str]] = {
    "RestoreLog": lambda keys: keys.logs,
    "RestoreResults": lambda keys: keys.results,
    "RestoreResourceList": lambda keys: keys.resource_list,
    "RestoreItemOperations": lambda keys: keys.itemoperations,
    "RestoreVolumeInfo": lambda keys: keys.volumeinfo,
}


class DownloadRequestController:
    """Answers new requests, and takes old ones away."""

    def __init__(self, context: PassContext) -> None:
        self._context = context

    def look(self) -> None:
        self._context.for_each(self._context.objects.all("DownloadRequest"), self._see_to)

    def _see_to(self, request: Object) -> None:
        if self._has_expired(request):
            self._context.objects.delete(request)
        elif phase_of(request) == "New":
            self._answer(request)

    def _answer(self, request: Object) -> None:
        try:
            status = {"phase": "Processed", "downloadURL": self._url(request)}
        except (KubeError, Cancelled):
            raise
        except ArkiveError as exc:
            # The command line shows it as what it could not read from. No member of the status is for a message.
            status = {"phase": "Processed", "downloadURL": exc.sentence}
        expiration = self._context.run.client.server_now() + dt.timedelta(seconds=_SECONDS)
        self._context.objects.patch(request, {"status": {**status, "expiration": rfc3339(expiration)}})
        self._context.note({**request, "status": status}, _target_text(request))

    def _url(self, request: ObjectView) -> str:
        """Raises ``ArkiveError`` where there is none."""
        target = (request.get("spec") or {}).get("target") or {}
        kind, name = str(target.get("kind")), str(target.get("name"))
        backup_name = self._backup_name(kind, name)
        backup = self._context.objects.get("Backup", backup_name)
        if backup is None:
            raise ValidationError(f"Backup '{backup_name}' is not there.")
        where, location = self._context.book.open_of(backup)
        if location is None:
            raise ValidationError(f"BackupStorageLocation '{where}' is not there.")
        key = _key(kind, name, Catalog(location.store).files(backup_name).keys)
        url = location.download_url(key, _SECONDS, self._context.run.cancel)
        if not url:
            raise ValidationError(
                f"The storage location '{where}' is {location.store.location.describe} on the machine that runs the "
                f"play, and has no addresses: look there for {key}."
            )
        return url

    def _backup_name(self, kind: str, name: str) -> str:
        """The backup, by which the location is known."""
        if kind in _OF_BACKUP:
            return name
        if kind not in _OF_RESTORE:
            raise ValidationError(f"A download of '{kind}' is unknown.")
        restore = self._context.objects.get("Restore", name)
        if restore is None:
            raise ValidationError(f"Restore '{name}' is not there.")
        return str((restore.get("spec") or {}).get("backupName") or "")

    def _has_expired(self, request: ObjectView) -> bool:
        text = (request.get("status") or {}).get("expiration")
        end = read_moment(text)
        return bool(text) and (end is None or end < self._context.run.client.server_now())


def _key(kind: str, name: str, backup: BackupKeys) -> str:
    """Ark up to 0.9 kept the files of a restore beside those of its backup."""
    if kind in _OF_BACKUP:
        return _OF_BACKUP[kind](backup)
    key = _OF_RESTORE[kind](RestoreKeys(name))
    return key if backup.directory.startswith(BACKUPS) else f"{backup.directory}{key.rpartition('/')[2]}"


def _target_text(request: ObjectView) -> str:
    target = (request.get("spec") or {}).get("target") or {}
    return f"{target.get('kind')} of '{target.get('name')}'"


__all__ = ("DownloadRequestController",)
