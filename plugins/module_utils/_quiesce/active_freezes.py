# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which freezes are marked, as pods and claims together say."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_claim, read_pod

#: Two controllers' clocks may differ by this much.
CLOCK_SKEW = dt.timedelta(seconds=10)


@dataclasses.dataclass(frozen=True, slots=True)
class MarkedFreezes:
    """``marks``: one for each freeze, wherever it is; ``faults``: what is there and is no mark of ours.

    ``ended_run``: a run that is known to be gone, so that it holds nothing, whatever its marks say.
    """

    marks: tuple[Mark, ...]
    faults: tuple[str, ...] = ()
    ended_run: str = ""

    def without_run(self, run: str) -> MarkedFreezes:
        """Without the marks of that run."""
        return dataclasses.replace(self, marks=tuple(mark for mark in self.marks if not run or mark.run != run))

    def is_live(self, mark: Mark, now: dt.datetime) -> bool:
        """Whether a run may still hold the freeze, or another one of the same file system or timer."""
        return any(
            other.until >= now - CLOCK_SKEW
            for other in self.marks
            if (other.run != self.ended_run or not self.ended_run)
            and (other.lease_id == mark.lease_id or _may_be_one_place(other, mark))
        )


def gather(pods: t.Iterable[t.Mapping[str, t.Any]], claims: t.Iterable[t.Mapping[str, t.Any]]) -> MarkedFreezes:
    """Every marked freeze once. Of two marks of one freeze the later time counts, and what the claim says."""
    found: dict[tuple[str, str, str, str], Mark] = {}
    faults: list[str] = []
    readings = [read_claim(claim) for claim in claims] + [read_pod(pod) for pod in pods]
    for reading in readings:
        faults += reading.faults
        for mark in reading.marks:
            key = (mark.namespace, mark.pod, mark.lease_id, mark.path)
            known = found.setdefault(key, mark)
            if mark.until > known.until:
                found[key] = dataclasses.replace(known, until=mark.until)
    return MarkedFreezes(tuple(found.values()), tuple(faults))


def _may_be_one_place(one: Mark, other: Mark) -> bool:
    """Whether both may be of one file system, as far as they say: what a mark leaves out fits everything."""
    if one.claim and other.claim:
        return one.claim == other.claim and (not one.node or not other.node or one.node == other.node)
    return (one.namespace, one.pod) == (other.namespace, other.pod)


__all__ = ("CLOCK_SKEW", "MarkedFreezes", "gather")
