# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedules: a Backup object is made when one is due, as Velero's server does (docs/compatibility 7.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import compact_stamp, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import PassContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.schedule_due import judge_due, read_times
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import STRICT, CronError, parse_cron
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import SCHEDULE_LABEL


class ScheduleController:
    """Looks at all Schedules that are not paused. Times that were missed make one backup."""

    def __init__(self, context: PassContext) -> None:
        self._context = context
        self._objects = context.objects

    def look(self) -> None:
        found = self._objects.all("Schedule")
        self._context.for_each([each for each in found if not (each.get("spec") or {}).get("paused")], self._see_to)

    def _see_to(self, schedule: Object) -> None:
        try:
            times = read_times(schedule, self._context.request.dialect, self._context.run.client.server_now())
        except ValidationError as exc:
            self._update(schedule, {"phase": "FailedValidation", "validationErrors": [exc.sentence]})
            return
        self._warn_of_dialect(schedule)
        schedule = self._update(schedule, {"phase": "Enabled", "validationErrors": None})
        now = self._context.run.client.server_now()
        due = judge_due(schedule, times, self._objects, now)
        for moment in due.still_to_come:
            self._context.warn_once(
                f"Schedule '{name_of(schedule)}' has a backup or a skip of {rfc3339(moment)}, which is still to come: "
                "a clock was wrong, and it does not count."
            )
        if due.since is not None:
            self._submit(schedule, now)

    def _warn_of_dialect(self, schedule: ObjectView) -> None:
        dialect, text = self._context.request.dialect, str(schedule["spec"]["schedule"])
        try:
            parse_cron(text, STRICT)
        except CronError as exc:
            self._context.warn_once(
                f"The expression of Schedule '{name_of(schedule)}' is read as {dialect} reads it. {exc.message}",
                hint="Set dialect to say which Velero it was written for.",
            )

    def _update(self, schedule: Object, status: dict[str, t.Any]) -> Object:
        """The phase, and ``skipImmediately``, which is done once; only what is not so already is written."""
        patch: dict[str, t.Any] = {}
        skips = (schedule.get("spec") or {}).get("skipImmediately")
        if skips is not False:
            if skips:
                status = {**status, "lastSkipped": self._context.now_text()}
            patch["spec"] = {"skipImmediately": False}
        before = schedule.get("status") or {}
        if any(before.get(name) != value for name, value in status.items()):
            patch["status"] = status
        if not patch:
            return schedule
        changed = self._objects.patch(schedule, patch, unchanged=True)
        if phase_of(schedule) != phase_of(changed):
            errors = " ".join((changed.get("status") or {}).get("validationErrors") or ())
            self._context.note(changed, errors)
            self._context.events.record(
                changed,
                f"Schedule{phase_of(changed)}",
                errors or f"Schedule '{name_of(changed)}' makes backups.",
                kind="Warning" if errors else "Normal",
            )
        return changed

    def _submit(self, schedule: Object, now: dt.datetime) -> None:
        backup = self._objects.create("Backup", scheduled_backup(schedule, now))
        self._objects.patch(schedule, {"status": {"lastBackup": rfc3339(now)}})
        self._context.note(backup)
        said = f"Schedule '{name_of(schedule)}' was due: Backup '{name_of(backup)}' is asked for."
        self._context.events.record(schedule, "ScheduleDue", said)


def scheduled_backup(schedule: ObjectView, now: dt.datetime) -> dict[str, t.Any]:
    """The Backup that a Schedule makes, as Velero's server builds it."""
    metadata, spec = schedule["metadata"], schedule.get("spec") or {}
    template = dict(spec.get("template") or {})
    if template.get("resourcePolicy"):
        template["resourcePolicy"] = {**template["resourcePolicy"], "kind": "configmap"}
    own = (template.get("metadata") or {}).get("labels")
    labels = {**((metadata.get("labels") or {}) if own is None else own), SCHEDULE_LABEL: label_value(metadata["name"])}
    made: dict[str, t.Any] = {"name": f"{metadata['name']}-{compact_stamp(now)}", "labels": labels}
    made["annotations"] = dict(metadata.get("annotations") or {})
    if spec.get("useOwnerReferencesInBackup"):
        owner = {"apiVersion": schedule["apiVersion"], "kind": "Schedule", "controller": True}
        made["ownerReferences"] = [{**owner, "name": metadata["name"], "uid": metadata["uid"]}]
    return {"metadata": made, "spec": template}


__all__ = ("ScheduleController", "scheduled_backup")
