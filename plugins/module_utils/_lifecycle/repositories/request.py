# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a repository, and what became of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.held_snapshots import HeldSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.state import UpkeepState

State: t.TypeAlias = t.Literal["present", "listed", "maintained", "verified", "copied", "pruned"]


class RepositoryError(ArkiveError):
    """A repository that cannot be looked after as it was asked."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRequest:
    """``namespace``: of the volumes; ``mover_namespace``: of the pods. ``older_than``: seconds."""

    state: State
    namespace: str
    mover_namespace: str
    full: bool = False
    force: bool = False
    percentage: int = 100
    older_than: float = 0.0
    velero_namespace: str = "velero"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CopyTo:
    """The second location. ``s3_url``: its endpoint as pods reach it. ``delete``: what only the copy has goes."""

    location: StorageLocation
    s3_url: str = ""
    delete: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ListedSnapshot:
    """``backups``: those that name it. ``goes``: it was forgotten, or would be."""

    held: HeldSnapshot
    backups: tuple[str, ...] = ()
    goes: bool = False

    def to_return(self) -> dict[str, t.Any]:
        held = self.held
        return {
            "id": held.id,
            "namespace": held.namespace,
            "claim": held.claim,
            "pod": held.pod,
            "volume": held.volume,
            "source": held.source,
            "size": held.bytes,
            "files": held.files,
            "made": stamp(held.started),
            "whole": not held.trouble,
            "trouble": held.trouble,
            "backups": list(self.backups),
            "forgotten": self.goes,
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryOutcome:
    """``problems``: what is wrong, sentences: the task fails. ``repository_state``: as of its objects, at the end."""

    changed: bool = False
    where: str
    namespace: str
    repository_state: str
    size: int = 0
    snapshots: tuple[ListedSnapshot, ...] = ()
    missing: tuple[dict[str, str], ...] = ()
    upkeep: UpkeepState | None = None
    ran: str = ""
    freed: int = 0
    verified: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    damage: tuple[dict[str, t.Any], ...] = ()
    copied: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        state = self.upkeep
        return {
            "repository": {
                "namespace": self.namespace,
                "location": self.where,
                "state": self.repository_state,
                "size": self.size,
            },
            "snapshots": [each.to_return() for each in self.snapshots],
            "missing": list(self.missing),
            "forgotten": [each.held.id for each in self.snapshots if each.goes],
            "maintenance": {
                "ran": self.ran,
                "freed": self.freed,
                "owner": state.owner,
                "collected": stamp(state.collected),
                "next_full": stamp(state.next_full),
                "next_quick": stamp(state.next_quick),
                "failed": list(state.failed),
            }
            if state is not None
            else {},
            "verification": dict(self.verified),
            "damage": list(self.damage),
            "copied": dict(self.copied),
        }


def stamp(moment: dt.datetime | None) -> str | None:
    """As it is returned; one that never was is None."""
    return rfc3339(moment) if moment is not None and moment.year > 1 else None


__all__ = ("CopyTo", "ListedSnapshot", "RepositoryError", "RepositoryOutcome", "RepositoryRequest", "State", "stamp")
