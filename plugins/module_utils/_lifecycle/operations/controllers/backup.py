# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups: new ones are validated and made, phase by phase as Velero's server does (docs/compatibility 3.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.spec_request import request_of
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import CountingProgress
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.dead_backup import (
    DEAD_BACKUP,
    clear_dead_backup,
    end_stored_backup,
    find_stored,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import OpenLocation
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.snapshot_locations import (
    choose_locations,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.status_progress import StatusProgress
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_manifest import parse_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import (
    FORMAT_VERSION,
    STORAGE_LOCATION_LABEL,
    server_annotations,
)

#: Those before a backup runs.
_WAITING = ("New", "Queued", "ReadyToStart")
_IN_PROGRESS = "InProgress"
#: Velero's server writes what a patch of its own would not.
_WRITTEN_METADATA = ("labels", "annotations")


@dataclasses.dataclass(frozen=True, slots=True)
class _Validated:
    """``location``: None where it cannot be used, which is among the ``errors``, in Velero's words and order."""

    request: BackupRequest
    location: OpenLocation | None
    errors: tuple[str, ...]


class BackupController:
    """Makes new backups, the oldest first and one after the other."""

    def __init__(self, context: PassContext) -> None:
        self._context = context

    def look(self) -> None:
        found = self._context.objects.all("Backup")
        self._context.warn_of_server_work(found)
        self._context.for_each([each for each in found if phase_of(each) == _IN_PROGRESS], self._end_dead)
        self._context.for_each([each for each in found if phase_of(each) in _WAITING], self._carry_out)

    def _carry_out(self, backup: Object) -> None:
        try:
            validated = self._validate(backup)
        except ValidationError as exc:
            self._refuse(backup, _sentences(exc))
            return
        request, location = validated.request, validated.location
        if location is None or validated.errors:
            self._refuse(backup, validated.errors, request)
            return
        begun = self._begin(backup, request)
        try:
            if Catalog(location.store).exists(name_of(backup)):
                self._fail(begun, "backup already exists in object storage")
                return
            outcome = self._make(begun, request, location)
        except ValidationError as exc:
            self._refuse(begun, _sentences(exc), request)
        except ArkiveError as exc:
            self._fail(begun, exc.sentence)
            if isinstance(exc, Cancelled):
                raise
        else:
            self._finish(begun, outcome.backup or {})

    def _make(self, backup: ObjectView, request: BackupRequest, location: OpenLocation) -> BackupOutcome:
        run = self._context.run
        with StatusProgress(self._context.objects, backup, "itemsBackedUp") as progress:
            return run_backup(
                request,
                client=run.client,
                store=location.store,
                progress=CountingProgress(
                    lambda line: run.progress(f"Backup {name_of(backup)}: {line}"), progress.counted
                ),
                cancel=run.cancel,
            )

    def _validate(self, backup: ObjectView) -> _Validated:
        """Raises ``ValidationError`` for what is no Backup at all."""
        asked, book = self._context.request, self._context.book
        manifest = parse_manifest(backup, source=f"Backup '{name_of(backup)}'")
        named = str(manifest.options.get("storage_location") or "")
        fields: dict[str, t.Any] = {"storage_location": named or book.default_name()}
        location, errors = None, []
        try:
            location = self._open(fields["storage_location"], is_default=not named)
        except ValidationError as exc:
            errors.append(exc.sentence)
        chosen = choose_locations(self._context.objects, manifest.options.get("volume_snapshot_locations") or ())
        errors += chosen.errors
        if not chosen.errors:
            fields["volume_snapshot_locations"] = list(chosen.names)
        request = dataclasses.replace(
            request_of(manifest, fields=fields),
            uid=str(backup["metadata"]["uid"]),
            hook_on_error_default=asked.hook_on_error_default,
            ignore_unsupported=asked.ignore_unsupported,
            mover=asked.mover,
            repository_password=asked.repository_password,
        )
        try:
            request.validate()
            snapshots = self._context.snapshot_location({"spec": request.spec.to_dict()})
            request = dataclasses.replace(request, snapshot_location=snapshots)
        except ValidationError as exc:
            errors += _sentences(exc)
        return _Validated(request, location, tuple(errors))

    def _open(self, name: str, *, is_default: bool) -> OpenLocation:
        location = self._context.book.open(name)
        if location is None:
            said = f"server default {name} does not exist" if is_default else f"default {name} was not found"
            raise ValidationError(
                f"an existing backup storage location was not specified at backup creation time and the {said}. Please "
                "address this issue (see `velero backup-location -h` for options) and create a new backup. Error: "
                f'BackupStorageLocation.{self._context.objects.family.group} "{name}" not found'
            )
        if location.is_read_only:
            raise ValidationError(
                f"backup can't be created because backup storage location {name} is currently in read-only mode"
            )
        if not location.is_available:
            raise ValidationError(
                f"backup can't be created because BackupStorageLocation {name} is in Unavailable status."
            )
        return location

    def _begin(self, backup: Object, request: BackupRequest) -> Object:
        """InProgress, with the defaults in its spec; nobody else may have changed it meanwhile."""
        now = self._context.run.client.server_now()
        patch = _prepared(request, now)
        patch["status"] |= {"phase": _IN_PROGRESS, "startTimestamp": rfc3339(now)}
        begun = self._context.objects.patch(backup, patch, unchanged=True)
        self._context.note(begun)
        self._context.events.record(begun, "BackupStarted", f"Backup '{name_of(begun)}' is being made.")
        return begun

    def _refuse(self, backup: Object, errors: t.Sequence[str], request: BackupRequest | None = None) -> None:
        """With the defaults in its spec, and an end: it goes when a backup would have expired, as with Velero."""
        patch: Object = {"status": {"version": 1, "formatVersion": FORMAT_VERSION}}
        if request is not None:
            client = self._context.run.client
            patch = _prepared(request, client.server_now())
            patch["metadata"]["annotations"] = server_annotations(client.version())
        patch["status"] |= {"phase": "FailedValidation", "validationErrors": list(errors)}
        changed = self._context.objects.patch(backup, patch)
        self._context.note(changed, " ".join(errors))
        self._context.events.record(changed, "BackupFailedValidation", " ".join(errors), kind="Warning")

    def _fail(self, backup: Object, reason: str) -> None:
        """Also after the run was cancelled: nobody shall wait for it."""
        status = {"phase": "Failed", "failureReason": reason, "completionTimestamp": self._context.now_text()}
        changed = self._context.set_status(backup, status, message=reason, last=True)
        self._context.events.record(changed, "BackupFailed", reason, kind="Warning")

    def _end_dead(self, backup: Object) -> None:
        """Nobody works here but this run, which has not begun it: whoever had is dead."""
        where = str((backup.get("spec") or {}).get("storageLocation") or "")
        location = self._context.book.open(where)
        if location is None or location.is_read_only:
            self._fail(backup, DEAD_BACKUP)
            return
        stored = find_stored(location.store, backup)
        if stored.is_of_another:
            self._fail(backup, DEAD_BACKUP)
            return
        volumes = self._context.volumes_of(backup, location.store)
        if stored.backup is not None:
            warnings = end_stored_backup(stored.backup, location.store, volumes)
            self._context.run.issues.add_warnings(warnings)
            self._finish(backup, stored.backup)
            return
        try:
            warnings = clear_dead_backup(name_of(backup), location.store, self._context.run, volumes)
        except ValidationError as exc:
            # Its write lock is alive: another machine may still be at work on it.
            self._context.warn_once(f"Backup '{name_of(backup)}' stays in progress. {exc.message}", hint=exc.hint or "")
            return
        self._context.run.issues.add_warnings(warnings)
        self._fail(backup, DEAD_BACKUP)

    def _finish(self, backup: Object, stored: ObjectView) -> None:
        """The object becomes what was stored, whose times are those of the run itself."""
        metadata = {name: stored["metadata"].get(name) or {} for name in _WRITTEN_METADATA}
        changed = self._context.last_objects.patch(
            backup, {"metadata": metadata, "spec": stored["spec"], "status": stored["status"]}
        )
        counts = stored["status"]
        said = f"{counts.get('errors', 0)} errors, {counts.get('warnings', 0)} warnings"
        self._context.note(changed, said)
        good = phase_of(changed) == "Completed"
        reason = f"Backup{phase_of(changed)}"
        self._context.events.record(
            changed, reason, f"Backup '{name_of(changed)}' is {phase_of(changed)}: {said}.",
            kind="Normal" if good else "Warning",
        )  # fmt: skip


def _prepared(request: BackupRequest, now: dt.datetime) -> Object:
    """What Velero's server writes into a Backup before it is valid or not: defaults, the location, when it expires."""
    status: Object = {"version": 1, "formatVersion": FORMAT_VERSION}
    if request.spec.ttl_seconds is not None:
        status["expiration"] = rfc3339(now + dt.timedelta(seconds=request.spec.ttl_seconds))
    labels = {**request.spec.labels, STORAGE_LOCATION_LABEL: label_value(request.spec.storage_location)}
    return {"metadata": {"labels": labels}, "spec": request.done_spec.to_dict(), "status": status}


def _sentences(exc: ValidationError) -> list[str]:
    return list(exc.details.get("validation_errors") or [exc.sentence])


__all__ = ("BackupController",)
