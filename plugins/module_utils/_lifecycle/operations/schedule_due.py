# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a Schedule object is due. Nothing is written (docs/compatibility 7.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    OperationObjects,
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronError, CronTimes, parse_cron
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import SCHEDULE_LABEL

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: A Schedule waits while a backup of its own is in one of these.
_RUNNING = ("New", "Queued", "ReadyToStart", "InProgress")


def read_times(schedule: ObjectView, dialect: str, now: dt.datetime) -> CronTimes:
    """Raises ``ValidationError`` with what Velero says of an expression."""
    text = str((schedule.get("spec") or {}).get("schedule") or "")
    if not text:
        raise ValidationError("Schedule must be a non-empty valid Cron expression")
    try:
        times = parse_cron(text, dialect)
    except CronError as exc:
        raise ValidationError(f"invalid schedule: {exc.message}") from exc
    if times.next_after(now) is None:
        # Velero would make a backup a minute of it.
        raise ValidationError(f"invalid schedule: no time within five years fits '{text}'")
    return times


def due_since(
    schedule: ObjectView, times: CronTimes, objects: OperationObjects, now: dt.datetime
) -> dt.datetime | None:
    """The first time that has no backup; None before it, and while a backup of the Schedule is being made."""
    mine = objects.all("Backup", label_selector=f"{SCHEDULE_LABEL}={name_of(schedule)}")
    following = times.next_after(_base(schedule, mine, first_at_once=objects.family is ARK))
    if following is None or following >= now or any(phase_of(backup) in _RUNNING for backup in mine):
        return None
    return following


def _base(schedule: ObjectView, backups: t.Iterable[ObjectView], *, first_at_once: bool) -> dt.datetime:
    """From when the next time counts: its last backup, else its creation; the last skip, if that is later.

    A backup that is there counts, although a run may have died before it could say so in the Schedule. With
    ``first_at_once``, as with Ark, the first backup waits for no time.
    """
    status = schedule.get("status") or {}
    pattern = re.compile(rf"{re.escape(name_of(schedule))}-([0-9]{{14}})")
    made = [_stamp(found[1]) for backup in backups if (found := pattern.fullmatch(name_of(backup)))]
    bases = [moment for moment in (_moment(status.get("lastBackup")), *made) if moment is not None]
    created = _moment(schedule["metadata"].get("creationTimestamp"))
    others = (_moment(status.get("lastSkipped")), None if bases or first_at_once else created)
    return max((*bases, *(moment for moment in others if moment is not None)), default=_EPOCH)


def _moment(text: t.Any) -> dt.datetime | None:
    try:
        return parse_rfc3339(str(text or ""))
    except ValidationError:
        return None


def _stamp(digits: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


__all__ = ("due_since", "read_times")
