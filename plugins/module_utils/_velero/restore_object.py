# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's Restore object and its phases (Velero 1.18)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import compact_stamp, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import LONGEST_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

RestorePhase: t.TypeAlias = t.Literal["New", "FailedValidation", "InProgress", "Completed", "PartiallyFailed", "Failed"]

BACKUP_NAME_LABEL = "velero.io/backup-name"
RESTORE_NAME_LABEL = "velero.io/restore-name"
#: Ark's label on restored objects (0.3 to 0.10), added on demand.
LEGACY_RESTORE_LABEL = "ark-restore"

#: Phases of a backup whose files may still change, or go: restoring from one of these is refused.
UNSETTLED_BACKUP_PHASES = frozenset(
    {
        "New",
        "Queued",
        "ReadyToStart",
        "InProgress",
        "WaitingForPluginOperations",
        "WaitingForPluginOperationsPartiallyFailed",
        "Finalizing",
        "FinalizingPartiallyFailed",
        "Deleting",
        "FailedValidation",
    }
)


def default_restore_name(backup_name: str, moment: dt.datetime) -> str:
    """``<backup>-<YYYYMMDDhhmmss>``, as ``velero restore create --from-backup`` names it; a long name is cut."""
    stamp = compact_stamp(moment)
    return f"{backup_name[: LONGEST_NAME - len(stamp) - 1].rstrip('-.')}-{stamp}"


def check_backup_phase(backup: t.Mapping[str, t.Any]) -> None:
    """Raise ``ValidationError`` for a backup that is being written or deleted, or never ran."""
    name = (backup.get("metadata") or {}).get("name", "")
    phase = (backup.get("status") or {}).get("phase") or "New"
    if phase in UNSETTLED_BACKUP_PHASES:
        hint = (
            "Make the backup again."
            if phase == "FailedValidation"
            else "Wait until it is Completed, or choose another."
        )
        raise ValidationError(f"Backup '{name}' cannot be restored: its phase is {phase}.", hint=hint)


def build_restore(
    name: str,
    spec: RestoreSpec,
    *,
    namespace: str,
    created: dt.datetime,
    uid: str = "",
    labels: t.Mapping[str, str] | None = None,
) -> dict[str, t.Any]:
    """A Restore in phase New."""
    metadata: dict[str, t.Any] = {
        "name": name,
        "namespace": namespace,
        "uid": uid or str(uuid.uuid4()),
        "creationTimestamp": rfc3339(created),
    }
    if labels:
        metadata["labels"] = dict(labels)
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Restore",
        "metadata": metadata,
        "spec": spec.to_dict(),
        "status": {"phase": "New"},
    }


def build_status(
    *,
    phase: RestorePhase,
    started: dt.datetime,
    completed: dt.datetime | None = None,
    warnings: int = 0,
    errors: int = 0,
    items: int = 0,
    failure_reason: str = "",
    hook_status: t.Mapping[str, int] | None = None,
) -> dict[str, t.Any]:
    """``status`` of a Restore; zero counts are left out, both progress numbers are equal at the end."""
    progress = {"totalItems": items, "itemsRestored": items} if items else {}
    status: dict[str, t.Any] = {
        "phase": phase,
        "startTimestamp": rfc3339(started),
        "completionTimestamp": rfc3339(completed) if completed else None,
        "warnings": warnings,
        "errors": errors,
        "failureReason": failure_reason,
        "progress": progress,
        "hookStatus": dict(hook_status or {}),
    }
    return {key: value for key, value in status.items() if value or key == "hookStatus"}


def final_phase(*, errors: int, fatal: bool = False) -> RestorePhase:
    """Warnings do not matter; any error makes it PartiallyFailed."""
    if fatal:
        return "Failed"
    return "PartiallyFailed" if errors else "Completed"


__all__ = (
    "BACKUP_NAME_LABEL",
    "LEGACY_RESTORE_LABEL",
    "RESTORE_NAME_LABEL",
    "UNSETTLED_BACKUP_PHASES",
    "RestorePhase",
    "build_restore",
    "build_status",
    "check_backup_phase",
    "default_restore_name",
    "final_phase",
)
