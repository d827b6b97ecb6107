# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores: new ones are validated and carried out as Velero's server does (docs/compatibility 5.2, 5.13)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import delete_checked
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import CountingProgress
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.dead_backup import DEAD_RESTORE
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import OpenLocation
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.restore_finalizer import (
    add_finalizer,
    has_finalizer,
    remove_finalizer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.status_progress import StatusProgress
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.stored_owner import is_restore_of_another
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.spec_request import request_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import RESTORES, RestoreKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_manifest import parse_restore_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import NON_RESTORABLE
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import SCHEDULE_LABEL


@dataclasses.dataclass(frozen=True, slots=True)
class _Validated:
    request: RestoreRequest
    location: OpenLocation
    #: What the server writes into the spec of a Restore before it begins.
    spec: dict[str, t.Any]


class RestoreController:
    """Carries out new restores, the oldest first and one after the other; removes the files of those that go."""

    def __init__(self, context: PassContext) -> None:
        self._context = context
        self._objects = context.objects

    def look(self) -> None:
        found = self._objects.all("Restore")
        self._context.warn_of_server_work(found)
        self._context.for_each(found, self._see_to)

    def _see_to(self, restore: Object) -> None:
        if restore["metadata"].get("deletionTimestamp"):
            if has_finalizer(restore):
                self._clean_up(restore)
        elif phase_of(restore) == "InProgress":
            # Nobody works here but this run, which has not begun it.
            self._fail(restore, DEAD_RESTORE)
        elif phase_of(restore) == "New":
            self._carry_out(restore)

    def _carry_out(self, restore: Object) -> None:
        restore = add_finalizer(self._objects, restore)
        try:
            validated = self._validate(restore)
        except ValidationError as exc:
            self._refuse(restore, exc)
            return
        status = {"phase": "InProgress", "startTimestamp": self._context.now_text()}
        begun = self._objects.patch(restore, {"spec": validated.spec, "status": status}, unchanged=True)
        self._context.note(begun)
        self._context.events.record(begun, "RestoreStarted", f"Restore '{name_of(begun)}' has begun.")
        try:
            outcome = self._run(begun, validated)
        except ValidationError as exc:
            self._refuse(begun, exc)
        except ArkiveError as exc:
            self._fail(begun, exc.sentence)
            if isinstance(exc, Cancelled):
                raise
        else:
            self._finish(begun, outcome)

    def _run(self, restore: ObjectView, validated: _Validated) -> RestoreOutcome:
        run = self._context.run
        with StatusProgress(self._objects, restore, "itemsRestored") as progress:
            return run_restore(
                validated.request,
                client=run.client,
                store=validated.location.store,
                progress=CountingProgress(
                    lambda line: run.progress(f"Restore {name_of(restore)}: {line}"), progress.counted
                ),
                cancel=run.cancel,
            )

    def _validate(self, restore: ObjectView) -> _Validated:
        """Raises ``ValidationError``, with each sentence among its details where there are several."""
        manifest = parse_restore_manifest(restore, source=f"Restore '{name_of(restore)}'")
        request_of(manifest).validate()
        spec = dict(restore.get("spec") or {})
        if spec.get("scheduleName"):
            backup = self._newest(str(spec["scheduleName"]))
        else:
            backup = self._backup(str(spec.get("backupName") or ""))
        location = self._open(backup)
        schedule = str((backup["metadata"].get("labels") or {}).get(SCHEDULE_LABEL) or "")
        # A spec that names both is refused.
        fields = {"backup_name": name_of(backup), "schedule_name": None}
        request = dataclasses.replace(
            request_of(manifest, fields=fields),
            uid=str(restore["metadata"]["uid"]),
            snapshot_location=self._context.snapshot_location(backup),
            mover=self._context.request.mover,
            repository_password=self._context.request.repository_password,
            on_missing_volume_data=self._context.request.on_missing_volume_data,
            write_records=not location.is_read_only,
            # As a Velero server, which knows nothing of owners: it is said, and done.
            gitops=GitOpsTerms(on_owned="report"),
            # By which people find what a restore of Ark's has made.
            legacy_labels=self._objects.family is ARK,
        )
        return _Validated(request, location, _completed_spec(spec, request, schedule))

    def _newest(self, schedule: str) -> Object:
        """The newest Completed backup of a schedule."""
        found = self._objects.of_schedule(schedule)
        if not found:
            raise ValidationError("No backups found for schedule")
        good = [backup for backup in found if phase_of(backup) == "Completed"]
        if not good:
            raise ValidationError("No completed backups found for schedule")
        return max(good, key=lambda backup: str(backup["status"].get("startTimestamp") or ""))

    def _backup(self, name: str) -> Object:
        backup = self._objects.get("Backup", name)
        if backup is None:
            raise ValidationError(f'Error retrieving backup: {self._group_resource("backups")} "{name}" not found')
        return backup

    def _group_resource(self, plural: str) -> str:
        return f"{plural}.{self._objects.family.group}"

    def _open(self, backup: ObjectView) -> OpenLocation:
        where, location = self._find_location(backup)
        if location is None:
            raise ValidationError(
                f'Error retrieving backup: {self._group_resource("backupstoragelocations")} "{where}" not found'
            )
        return location

    def _find_location(self, backup: ObjectView) -> tuple[str, OpenLocation | None]:
        where, location = self._context.book.open_of(backup)
        if location is not None and not location.is_available:
            raise ValidationError(f"The BSL {where} is unavailable, cannot retrieve the backup")
        return where, location

    def _refuse(self, restore: Object, exc: ValidationError) -> None:
        errors = list(exc.details.get("validation_errors") or [exc.sentence])
        status = {"phase": "FailedValidation", "validationErrors": errors}
        changed = self._context.set_status(restore, status, message=" ".join(errors))
        self._context.events.record(changed, "RestoreFailedValidation", " ".join(errors), kind="Warning")

    def _fail(self, restore: Object, reason: str) -> None:
        """Also after the run was cancelled: nobody shall wait for it."""
        status = {"phase": "Failed", "failureReason": reason, "completionTimestamp": self._context.now_text()}
        changed = self._context.set_status(restore, status, message=reason, last=True)
        self._context.events.record(changed, "RestoreFailed", reason, kind="Warning")

    def _finish(self, restore: Object, outcome: RestoreOutcome) -> None:
        status = dict(outcome.restore["status"])
        said = outcome.closing_line.partition(": ")[2]
        changed = self._context.set_status(restore, status, message=said, last=True)
        good = phase_of(changed) == "Completed"
        self._context.events.record(
            changed,
            f"Restore{phase_of(changed)}",
            f"Restore '{name_of(changed)}' is {phase_of(changed)}: {said}.",
            kind="Normal" if good else "Warning",
        )

    def _clean_up(self, restore: Object) -> None:
        """Its files in the location go, then it may go itself.

        Without its backup, or the location of that, nobody knows where they are.

        One that never began has none, and what lies there under its name may be another cluster's.
        """
        backup = None
        if (restore.get("status") or {}).get("startTimestamp"):
            backup = self._objects.get("Backup", str((restore.get("spec") or {}).get("backupName") or ""))
        location = self._find_location(backup)[1] if backup is not None else None
        if location is not None and not location.is_read_only:
            keys = [found.key for found in location.store.list(RestoreKeys(name_of(restore)).directory).objects]
            if not is_restore_of_another(location.store, restore, keys):
                delete_checked(location.store, RESTORES, keys)
        remove_finalizer(self._objects, restore)
        self._context.note(restore, phase="Deleted")


def _completed_spec(spec: ObjectView, request: RestoreRequest, schedule: str) -> dict[str, t.Any]:
    """What Velero's server adds: types that are never restored, the timeout, and where the backup comes from."""
    excluded = list(spec.get("excludedResources") or ())
    return {
        "backupName": request.spec.backup_name,
        "scheduleName": spec.get("scheduleName") or schedule or None,
        "excludedResources": [*excluded, *(str(each) for each in NON_RESTORABLE if str(each) not in excluded)],
        "itemOperationTimeout": format_duration(request.spec.item_operation_timeout),
    }


__all__ = ("RestoreController",)
