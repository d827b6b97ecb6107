# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a location that is watched: one event for each change, of plain values and without secrets."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_overview import ScheduleOverview
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import Prunable

EventKind: t.TypeAlias = t.Literal[
    "backup_completed",
    "backup_failed",
    "backup_died",
    "schedule_missed",
    "schedule_recovered",
    "rpo_breached",
    "rpo_recovered",
    "location_unavailable",
    "location_available",
]
EVENT_KINDS: tuple[EventKind, ...] = t.get_args(EventKind)
#: Characters of a text in an event.
_LONGEST = 2000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocationEvent:
    """``subject``: what it is about beside the location, with the members that its kind has."""

    kind: EventKind
    location: str
    seen: dt.datetime
    message: str
    subject: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, t.Any]:
        """As a rule sees it, below ``event``."""
        told = {"event": self.kind, "location": self.location, "seen": rfc3339(self.seen), "message": self.message}
        whole = {**told, **{name: dict(members) for name, members in self.subject.items()}}
        # Names and messages come out of a bucket: rules print them, and hand them on.
        return {"arkive": {name: _clean(value) for name, value in whole.items()}}


def backup_members(backup: Prunable, status: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``status``: of its object."""
    return {
        "name": backup.name,
        "schedule": backup.schedule,
        "phase": backup.phase,
        "made": rfc3339(backup.made) if backup.made else None,
        "completed": _text(status.get("completionTimestamp")),
        "errors": _count(status.get("errors")),
        "warnings": _count(status.get("warnings")),
        "size": backup.size,
        "problem": backup.problem,
    }


def schedule_members(schedule: ScheduleOverview, now: dt.datetime) -> dict[str, t.Any]:
    """``age_seconds``: of the newest good backup, None without one."""
    good = schedule.good
    age = int((now - good.made).total_seconds()) if good and good.made else None
    return {**schedule.to_return(), "age_seconds": age}


def _clean(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {name: _clean(entry) for name, entry in value.items()}
    if not isinstance(value, str):
        return value
    text = one_line(mask(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


__all__ = ("EVENT_KINDS", "EventKind", "LocationEvent", "backup_members", "schedule_members")
