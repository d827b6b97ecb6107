# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account of one database that was held, or could not be."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import HoldFacts, Waves

#: ``lease``: the server let go by itself. ``server``: somebody stopped it, or ended the session. ``connection``: it is
#: gone, nobody knows why. Empty: held now, or never.
EndedBy: t.TypeAlias = t.Literal["", "release", "lease", "server", "connection"]


@dataclasses.dataclass(slots=True, kw_only=True)
class QuiesceRecord:
    """``consistent``: it is proven that it was held until its release. ``error``: why it is not, a sentence.

    ``found_by``: by what it was recognised, where nobody has declared it. ``operator``: who owns the pod.
    ``passed_over``: why it was not to be held, as another one is, a sentence. ``notes``: what else is to be known.
    ``shortened``: of each time that is longer than anything may be held, what it counts as, a sentence.
    ``until``: nobody could let go of it, and its server does so by itself at this time.
    """

    namespace: str
    pod: str
    container: str
    kind: str
    known: HoldFacts = dataclasses.field(default_factory=HoldFacts)
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    ended_by: EndedBy = ""
    until: dt.datetime | None = None
    consistent: bool = False
    error: str = ""
    found_by: str = ""
    operator: str = ""
    passed_over: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)
    shortened: t.Sequence[str] = ()

    @property
    def where(self) -> str:
        """For sentences. What is refused before its container is known has none."""
        container = f"container {self.container} of " if self.container else ""
        return f"{self.kind} in {container}pod {self.namespace}/{self.pod}"

    def not_held(self, *, for_snapshots: bool = False) -> str:
        """Which one could not be held, and why: sentences."""
        purpose = " for its snapshots" if for_snapshots else ""
        return f"{self.where} could not be held{purpose}: {self.error}"

    @property
    def still_held(self) -> str:
        """A sentence where it may be held still; else empty."""
        if self.until is None:
            return ""
        return f"Nobody could let go of it since: it may be held until {rfc3339(self.until)}, when its server lets go."

    @property
    def waves(self) -> Waves:
        """Its claims, in the order in which they are cut. Empty: all at once."""
        return self.known.waves if len(self.known.waves) > 1 else ()

    @property
    def seconds(self) -> float | None:
        """How long it was held, or has been until now. None: not at all."""
        if self.started is None:
            return None
        return max(0.0, ((self.ended or utc_now()) - self.started).total_seconds())

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's ``quiesces`` list; what is not known is left out."""
        known = {
            "started": rfc3339(self.started) if self.started else None,
            "ended": rfc3339(self.ended) if self.ended else None,
            "until": rfc3339(self.until) if self.until else None,
            "seconds": None if self.seconds is None else round(self.seconds, 2),
        }
        return {
            "namespace": self.namespace,
            "pod": self.pod,
            "container": self.container,
            "kind": self.kind,
            "mode": self.known.mode,
            "version": self.known.version,
            "role": self.known.role,
            "lease": self.known.lease,
            **{name: value for name, value in known.items() if value is not None},
            "ended_by": self.ended_by,
            "consistent": self.consistent,
            "error": self.error,
            "found_by": self.found_by,
            "operator": self.operator,
            "passed_over": self.passed_over,
            "notes": list(self.notes),
            "facts": dict(self.known.facts),
        }


__all__ = ("EndedBy", "QuiesceRecord")
