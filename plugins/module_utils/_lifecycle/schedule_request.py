# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a schedule is, and what one look at it answers."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_backups import ScheduleBackup
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronTimes, parse_cron
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import SCHEDULE_LABEL


class ScheduleError(ArkiveError):
    """A schedule that is not kept, or cannot be."""


@dataclasses.dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """A schedule as it shall be. ``backup`` makes the request for a backup of a name, without the schedule's label."""

    name: str
    schedule: str
    dialect: str
    backup: t.Callable[[str], BackupRequest]
    paused: bool = False
    skip_immediately: bool = False

    def times(self, now: dt.datetime) -> CronTimes:
        """Raises ``ValidationError`` when the expression is wrong, or never comes."""
        if not self.schedule.strip():
            raise ValidationError(
                f"Schedule '{self.name}' does not say when backups are made.",
                hint="Set the option schedule, such as '30 2 * * *' or '@daily'.",
            )
        times = parse_cron(self.schedule, self.dialect)
        if times.next_after(now) is None:
            raise ValidationError(
                f"Schedule '{self.name}' would never run: no time within five years fits '{self.schedule}'.",
                hint="Velero would make one backup a minute of it.",
            )
        return times

    def backup_request(self, name: str) -> BackupRequest:
        """With the label by which the backup is known as one of this schedule."""
        request = self.backup(name)
        label = label_value(self.name)
        if request.spec.labels.get(SCHEDULE_LABEL, label) != label:
            raise ValidationError(
                f"The backups of schedule '{self.name}' cannot have the label {SCHEDULE_LABEL} of another one.",
                hint="Leave the label out: it is set by itself.",
            )
        return dataclasses.replace(request, labels={**request.labels, SCHEDULE_LABEL: label})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOutcome:
    """``made``: what became of the backup that this run made, or in check mode would make; None when none was due.

    ``recorded``: the record of the schedule was written, or would be. ``record``: as it is now.
    """

    location: str
    last_backup: ScheduleBackup | None = None
    next_run: dt.datetime | None = None
    due_since: dt.datetime | None = None
    missed: int = 0
    running: str = ""
    name: str = ""
    made: BackupOutcome | None = None
    recorded: bool = False
    before: t.Mapping[str, t.Any] | None = None
    record: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return self.recorded or bool(self.made and self.made.changed)

    def to_return(self) -> dict[str, t.Any]:
        return {
            "last_backup": self.last_backup.to_return() if self.last_backup else None,
            "next_run": _text(self.next_run),
            "due_since": _text(self.due_since),
            "missed": self.missed,
            "running": self.running,
            "location": self.location,
        }


def _text(moment: dt.datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


__all__ = ("ScheduleError", "ScheduleOutcome", "ScheduleRequest")
