# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run did about owners, for its result."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef

Action: t.TypeAlias = t.Literal["none", "refuse", "pause", "report"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """An object that its owner changes or prunes once it is resumed. ``fields``: as far as they are known."""

    owner: OwnerRef
    resource: str
    namespace: str
    name: str
    why: str
    fields: tuple[str, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        entry = dataclasses.asdict(self)
        return {**entry, "owner": str(self.owner), "fields": list(self.fields)}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LeftPaused:
    """``command`` resumes it exactly as it was."""

    owner: OwnerRef
    why: str
    command: str

    @property
    def lines(self) -> tuple[str, str]:
        """For people. The command has a line of its own, as long lines of progress are cut."""
        return f"{self.owner} stays paused: {self.why}. It is resumed by:", self.command

    def to_return(self) -> dict[str, str]:
        return {"owner": str(self.owner), "why": self.why, "command": self.command}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GitOpsAccount:
    """``actions``: what is done about each of ``owners``, or in a plan would be."""

    owners: tuple[Owner, ...] = ()
    parents: t.Mapping[OwnerRef, tuple[OwnerRef, ...]] = dataclasses.field(default_factory=dict)
    actions: t.Mapping[OwnerRef, Action] = dataclasses.field(default_factory=dict)
    paused: tuple[OwnerRef, ...] = ()
    resumed: tuple[OwnerRef, ...] = ()
    left_paused: tuple[LeftPaused, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        return {
            "owners": [self._owner(owner) for owner in self.owners],
            "paused": [str(ref) for ref in self.paused],
            "resumed": [str(ref) for ref in self.resumed],
            "left_paused": [left.to_return() for left in self.left_paused],
            "conflicts": [conflict.to_return() for conflict in self.conflicts],
        }

    def _owner(self, owner: Owner) -> dict[str, t.Any]:
        parents = [str(parent) for parent in self.parents.get(owner.ref, ())]
        return {**owner.to_return(), "parents": parents, "action": self.actions.get(owner.ref, "none")}


__all__ = ("Action", "Conflict", "GitOpsAccount", "LeftPaused")
