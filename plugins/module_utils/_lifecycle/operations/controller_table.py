# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controllers of a pass, one row for each, in the order in which a pass walks through them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import (
    Controller,
    PassContext,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ControllerRow:
    """``make`` imports the controller when it is called.

    ``is_quick``: it answers what somebody waits for, and goes on while the others work. ``writes``: it backs up or
    deletes, and is off in restore-only mode, as with Velero's server.
    """

    name: str
    make: t.Callable[[PassContext], Controller]
    is_quick: bool = False
    writes: bool = False


def _locations(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.storage_location import (
        StorageLocationController,
    )

    return StorageLocationController(context)


def _backups(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.backup import (
        BackupController,
    )

    return BackupController(context)


def _downloads(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.download import (
        DownloadRequestController,
    )

    return DownloadRequestController(context)


def _schedules(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.schedule import (
        ScheduleController,
    )

    return ScheduleController(context)


def _deletions(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.deletion import (
        DeleteBackupRequestController,
    )

    return DeleteBackupRequestController(context)


def _restores(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.restore import (
        RestoreController,
    )

    return RestoreController(context)


def _statuses(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.server_status import (
        ServerStatusRequestController,
    )

    return ServerStatusRequestController(context)


def _syncs(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.backup_sync import (
        BackupSyncController,
    )

    return BackupSyncController(context)


def _expiry(context: PassContext) -> Controller:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controllers.expiry import (
        ExpiryController,
    )

    return ExpiryController(context)


CONTROLLERS = (
    ControllerRow(name="storage_location", make=_locations),
    ControllerRow(name="backup_sync", make=_syncs),
    ControllerRow(name="schedule", make=_schedules, writes=True),
    ControllerRow(name="backup", make=_backups, writes=True),
    ControllerRow(name="expiry", make=_expiry, writes=True),
    ControllerRow(name="delete_backup_request", make=_deletions, writes=True),
    ControllerRow(name="restore", make=_restores),
    ControllerRow(name="download_request", make=_downloads, is_quick=True),
    ControllerRow(name="server_status_request", make=_statuses, is_quick=True),
)


__all__ = ("CONTROLLERS", "ControllerRow")
