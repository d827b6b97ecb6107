# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a snapshot task reports in the end."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult, OnError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOutcome:
    """``snapshots`` are entries of the result; ``planned`` what check mode would run.

    ``before`` and ``after`` are the names of the set's snapshots, for a diff.
    """

    changed: bool = False
    snapshots: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    hooks: list[HookResult] = dataclasses.field(default_factory=list)
    planned: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    #: Hooks of blueprints that ran around it, or would.
    execution_hooks: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    freezes: list[FreezeRecord] = dataclasses.field(default_factory=list)
    #: Databases that were held, as the result has them, or would be.
    quiesces: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    swept: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    before: list[str] = dataclasses.field(default_factory=list)
    after: list[str] = dataclasses.field(default_factory=list)
    timings: dict[str, float] = dataclasses.field(default_factory=dict)
    issues: Issues = dataclasses.field(default_factory=Issues)

    def to_return(self, *, default_on_error: OnError) -> dict[str, t.Any]:
        """The keys of the task result."""
        return {
            "changed": self.changed,
            "snapshots": self.snapshots,
            "hooks": [*(hook.to_return(default_on_error=default_on_error) for hook in self.hooks), *self.planned],
            "execution_hooks": self.execution_hooks,
            "freezes": [record.to_return() for record in self.freezes],
            "quiesces": self.quiesces,
            "freeze_window_seconds": round(self.freeze_window_seconds, 2),
            "swept": self.swept,
            "timings": {name: round(spent, 3) for name, spent in self.timings.items()},
            "warnings_list": to_return(self.issues.warnings),
            "errors_list": to_return(self.issues.errors),
        }

    @property
    def warnings(self) -> list[str]:
        return [issue.message for issue in self.issues.warnings]

    @property
    def errors(self) -> list[str]:
        return [issue.message for issue in self.issues.errors]

    @property
    def freeze_window_seconds(self) -> float:
        """From the first freeze to the last thaw, or until now where that is not proven; 0 when nothing was frozen."""
        frozen = [record for record in self.freezes if record.thawed_by != "not frozen"]
        starts = [record.started for record in frozen if record.started is not None]
        ends = [record.ended or utc_now() for record in frozen]
        return (max(ends) - min(starts)).total_seconds() if starts else 0.0


__all__ = ("SnapshotOutcome",)
