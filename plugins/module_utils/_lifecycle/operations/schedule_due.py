# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a Schedule object is due. Nothing is written (docs/compatibility 7.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.due import is_still_to_come
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    OperationObjects,
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import ARK
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronError, CronTimes, parse_cron

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


class ScheduleDue(t.NamedTuple):
    """``since``: the first time that has no backup; None before it, and while a backup of the Schedule is being made.

    ``still_to_come``: moments of backups and skips that come of a wrong clock, and do not count.
    """

    since: dt.datetime | None
    still_to_come: tuple[dt.datetime, ...] = ()


def judge_due(schedule: ObjectView, times: CronTimes, objects: OperationObjects, now: dt.datetime) -> ScheduleDue:
    """As Velero judges it, but that a wrong clock stops no Schedule until its time has come."""
    mine = objects.of_schedule(name_of(schedule))
    made, skipped = _made(schedule, mine), read_moment((schedule.get("status") or {}).get("lastSkipped"))
    later = tuple(
        sorted({moment for moment in (*made, skipped) if moment is not None and is_still_to_come(moment, now)})
    )
    bases = [moment for moment in made if moment not in later]
    if skipped is not None and skipped not in later:
        bases.append(skipped)
    created = read_moment(schedule["metadata"].get("creationTimestamp"))
    if not made and created is not None and objects.family is not ARK:
        bases.append(min(created, now))
    following = times.next_after(max(bases, default=_EPOCH))
    if following is None or following >= now or any(phase_of(backup) in _RUNNING for backup in mine):
        return ScheduleDue(None, later)
    return ScheduleDue(following, later)


def _made(schedule: ObjectView, backups: t.Iterable[ObjectView]) -> list[dt.datetime]:
    """When its backups were made. One that is there counts, although a run may have died before it could say so."""
    pattern = re.compile(rf"{re.escape(name_of(schedule))}-([0-9]{{14}})")
    stamps = [_stamp(found[1]) for backup in backups if (found := pattern.fullmatch(name_of(backup)))]
    moments = (read_moment((schedule.get("status") or {}).get("lastBackup")), *stamps)
    return [moment for moment in moments if moment is not None]


def _stamp(digits: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


__all__ = ("ScheduleDue", "judge_due", "read_times")
