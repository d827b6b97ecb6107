# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup objects follow their storage locations, as often as each location wants it (docs/compatibility 7.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.ark_config import KIND as CONFIG
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import name_of
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import Operation
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.periods import is_due
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_run import sync_backups

#: Velero's default of ``--store-backup-sync-period``.
_PERIOD = 60.0


class BackupSyncController:
    """One location after the other; one that fails holds up no other."""

    def __init__(self, context: PassContext) -> None:
        self._context = context

    def look(self) -> None:
        found = self._context.objects.all("BackupStorageLocation")
        self._context.for_each(filter(self._is_due, found), self._sync)

    def _is_due(self, bsl: ObjectView) -> bool:
        spec, status = bsl.get("spec") or {}, bsl.get("status") or {}
        if status.get("phase") != "Available" or spec.get("backupSyncPeriod") in ("0", "0s"):
            return False
        return is_due(
            spec.get("backupSyncPeriod"),
            status.get("lastSyncedTime"),
            self._context.run.client.server_now(),
            default=_PERIOD,
        )

    def _sync(self, bsl: Object) -> None:
        context, name = self._context, name_of(bsl)
        request = SyncRequest(
            family=context.objects.family,
            namespace=context.objects.namespace,
            is_location_known=True,
            note_time=True,
        )
        try:
            store = context.book.open_object(bsl).store
            outcome = sync_backups(request, client=context.run.client, store=store, cancel=context.run.cancel)
        except (KubeError, Cancelled):
            raise
        except ArkiveError as exc:
            context.warn_once(f"The backups of the storage location '{name}' are not synced: {exc.message}")
            return
        if bsl["kind"] == CONFIG:
            context.objects.patch(bsl, {"status": {"lastSyncedTime": context.now_text()}})
        for warning in outcome.warnings:
            context.warn_once(warning)
        for phase, names in (("Synced", outcome.created), ("Removed", outcome.removed)):
            for backup in names:
                context.log.add(Operation("Backup", backup, phase, f"as the storage location '{name}' has it"))
        if outcome.created or outcome.removed:
            said = f"{len(outcome.created)} Backup objects made, {len(outcome.removed)} removed."
            context.events.record(bsl, "BackupsSynced", said)


__all__ = ("BackupSyncController",)
