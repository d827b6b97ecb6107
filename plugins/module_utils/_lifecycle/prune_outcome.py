# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pruning a location comes to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Verdict

#: What becomes of a backup; in check mode, what would. ``failed``: it was to go, and is still there, or a part of it.
State: t.TypeAlias = t.Literal["kept", "deleted", "failed"]

#: Of leftovers.
Kind: t.TypeAlias = t.Literal["claim", "upload", "restore", "snapshot"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PrunedBackup:
    """``freed``: bytes. ``snapshots``: of volumes that are gone, or would be. ``hidden``: old versions stay."""

    verdict: Verdict
    state: State
    error: str = ""
    freed: int = 0
    snapshots: int = 0
    hidden: bool = False

    @property
    def name(self) -> str:
        return self.verdict.backup.name

    def to_return(self) -> dict[str, t.Any]:
        backup = self.verdict.backup
        return {
            "name": backup.name,
            "schedule": backup.schedule,
            "phase": backup.phase,
            "made": rfc3339(backup.made) if backup.made else None,
            "expires": rfc3339(backup.expires) if backup.expires else None,
            "state": self.state,
            "reasons": list(self.verdict.reasons),
            "error": self.error,
            "held": backup.hold is not None,
            "size": backup.size,
            "freed": self.freed,
            "snapshots": self.snapshots,
            "hidden": self.hidden,
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Something that belongs to nobody. ``removed``: it is gone, or in check mode would be. ``size``: bytes."""

    kind: Kind
    name: str
    message: str
    removed: bool = False
    size: int = 0

    def to_return(self) -> dict[str, t.Any]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PruneOutcome:
    """``backups``: by name. ``refused``: schedules that would have no backup left."""

    location: str
    backups: tuple[PrunedBackup, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        gone = any(backup.state == "deleted" or backup.freed or backup.snapshots for backup in self.backups)
        return gone or any(leftover.removed for leftover in self.leftovers)

    @property
    def failed(self) -> list[PrunedBackup]:
        return [backup for backup in self.backups if backup.state == "failed"]

    def to_return(self) -> dict[str, t.Any]:
        return {
            "backups": [backup.to_return() for backup in self.backups],
            "deleted": [backup.name for backup in self.backups if backup.state == "deleted"],
            "freed_bytes": sum(backup.freed for backup in self.backups if not backup.hidden),
            "leftovers": [leftover.to_return() for leftover in self.leftovers],
            "location": self.location,
        }


__all__ = ("Kind", "Leftover", "PruneOutcome", "PrunedBackup", "State")
