# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a backup of a schedule is due."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronTimes

#: More than these are not counted.
_COUNTED = 1_000
#: How far clocks of different machines may be apart.
_SKEW = dt.timedelta(minutes=5)


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """``since``: when a backup became due, None when none is. ``missed``: times that have passed since, with that."""

    since: dt.datetime | None
    next_run: dt.datetime | None
    missed: int = 0


def judge_due(
    times: CronTimes, now: dt.datetime, *, newest: dt.datetime | None, skipped: dt.datetime | None, first: dt.datetime
) -> Due:
    """By the later of the newest backup and the last skip; before there is either, a backup is due at once.

    As with Velero a backup is due after its time, not at it, and a time that never comes is never due.
    """
    bases = [moment for moment in (newest, skipped) if moment is not None]
    if not bases:
        return Due(min(first, now), times.next_after(now))
    following = times.next_after(max(bases))
    if following is None or following >= now:
        return Due(None, following)
    missed, moment = 0, following
    while moment < now and missed < _COUNTED:
        missed += 1
        later = times.next_after(moment)
        if later is None:
            break
        moment = later
    return Due(following, times.next_after(now), missed)


def is_still_to_come(moment: dt.datetime, now: dt.datetime) -> bool:
    """Of what has been made: it comes of a clock that was wrong, and does not count."""
    return moment > now + _SKEW


def late_at(times: CronTimes, good: dt.datetime) -> dt.datetime | None:
    """From when on the newest good backup is older than the schedule allows: the second time after it."""
    following = times.next_after(good)
    return times.next_after(following) if following else None


__all__ = ("Due", "is_still_to_come", "judge_due", "late_at")
