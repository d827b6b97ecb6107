# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a deletion, or in check mode would."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeletedBackup:
    """The keys and the snapshots that are, or in check mode would be, deleted; ``backup`` as it was stored."""

    location: str
    changed: bool = False
    backup: dict[str, t.Any] | None = None
    deleted: list[str] = dataclasses.field(default_factory=list)
    deleted_snapshots: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    issues: Issues = dataclasses.field(default_factory=Issues)

    @property
    def warnings_list(self) -> list[dict[str, str]]:
        return to_return(self.issues.warnings)

    @property
    def phase(self) -> str:
        return phase_of(self.backup or {})

    @property
    def shown(self) -> dict[str, t.Any] | None:
        """What goes, for people: the spec, files by their keys and snapshots; None where there is nothing."""
        if not self.changed:
            return None
        return {
            "spec": (self.backup or {}).get("spec") or {},
            "files": sorted(self.deleted),
            "snapshots": [{name: value for name, value in one.items() if value} for one in self.deleted_snapshots],
        }


__all__ = ("DeletedBackup",)
