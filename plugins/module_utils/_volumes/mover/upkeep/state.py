# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a repository was maintained, and when that is due again, by its own schedule (docs/compatibility 18.6).

Velero makes its repositories with a full maintenance a day and a quick one an hour.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import member, text

#: The task of a full maintenance that looks for data which no snapshot refers to.
_COLLECTION = "snapshot-gc"

Mode: t.TypeAlias = t.Literal["", "quick", "full"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepState:
    """``collected``: when a full maintenance began last that went well, as far as kopia remembers.

    ``failed``: the tasks of maintenance whose last run went wrong, with why.
    """

    owner: str = ""
    full_enabled: bool = True
    quick_enabled: bool = True
    next_full: dt.datetime | None = None
    next_quick: dt.datetime | None = None
    collected: dt.datetime | None = None
    last: dt.datetime | None = None
    failed: tuple[str, ...] = ()

    def due(self, now: dt.datetime) -> Mode:
        """What is to be done. The schedule goes on before a maintenance begins, so one that failed is due again."""
        if self.full_enabled and (self.failed or _is_due(self.next_full, now)):
            return "full"
        return "quick" if self.quick_enabled and _is_due(self.next_quick, now) else ""


def read_state(found: t.Mapping[str, t.Any]) -> UpkeepState:
    """What ``maintenance info --json`` says."""
    schedule = member(found, "schedule")
    runs = {name: _runs(each) for name, each in member(schedule, "runs").items()}
    newest = {name: max(each, key=lambda run: run.stamp) for name, each in sorted(runs.items()) if each}
    return UpkeepState(
        owner=one_line(text(found, "owner")),
        full_enabled=member(found, "full").get("enabled") is not False,
        quick_enabled=member(found, "quick").get("enabled") is not False,
        next_full=read_moment(schedule.get("nextFullMaintenance")),
        next_quick=read_moment(schedule.get("nextQuickMaintenance")),
        collected=max((run.start for run in runs.get(_COLLECTION, ()) if run.start and run.success), default=None),
        last=max((run.start for run in newest.values() if run.start), default=None),
        failed=tuple(f"{name}: {run.error}" for name, run in newest.items() if not run.success),
    )


class _Run(t.NamedTuple):
    start: dt.datetime | None
    success: bool
    error: str

    @property
    def stamp(self) -> float:
        return self.start.timestamp() if self.start else 0.0


def _runs(found: t.Any) -> list[_Run]:
    return [
        _Run(read_moment(each.get("start")), each.get("success") is True, one_line(str(each.get("error") or "unknown")))
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, dict)
    ]


def _is_due(moment: dt.datetime | None, now: dt.datetime) -> bool:
    """One that never was is due."""
    return moment is None or moment <= now


__all__ = ("Mode", "UpkeepState", "read_state")
