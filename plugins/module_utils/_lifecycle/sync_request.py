# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a sync is asked for, and what it answers."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import TypeFamily


class SyncError(ArkiveError):
    """The objects of a cluster cannot follow a storage location."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """The Backup objects of a cluster are to follow a storage location, whose name is that of the store's location.

    ``family``: None for the one that the cluster has. ``namespace``: where the objects are, empty for the family's.
    ``remove``: whether objects go whose files are gone; None: unless the location is read-only.
    ``create_location``: the BackupStorageLocation is made when there is none; ``credential`` is the Secret it names.
    ``is_location_known``: somebody says that the BackupStorageLocation of this name is this place, whatever it says.
    ``note_time``: ``status.lastSyncedTime`` is set even when nothing had to be done.
    """

    family: TypeFamily | None = None
    namespace: str = ""
    remove: bool | None = None
    create_location: bool = False
    credential: t.Mapping[str, str] | None = None
    is_location_known: bool = False
    note_time: bool = False


class Remark(t.NamedTuple):
    """A backup that is as it was, and why: a sentence."""

    name: str
    reason: str

    def to_return(self) -> dict[str, str]:
        return {"name": self.name, "reason": self.reason}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """``created``, ``removed``: names of Backup objects. ``skipped``: stored backups without an object.

    ``kept``: Backup objects without files. ``finished``: names whose sync an earlier run had begun.
    In check mode, what would be.
    """

    location: str
    api_version: str
    namespace: str
    before: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    skipped: tuple[Remark, ...] = ()
    kept: tuple[Remark, ...] = ()
    pod_volume_backups: int = 0
    location_created: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.created or self.removed or self.finished or self.location_created)

    @property
    def after(self) -> list[str]:
        return sorted({*self.before, *self.created}.difference(self.removed))

    def to_return(self) -> dict[str, t.Any]:
        return {
            "location": self.location,
            "api_version": self.api_version,
            "namespace": self.namespace,
            "created": list(self.created),
            "removed": list(self.removed),
            "skipped": [each.to_return() for each in self.skipped],
            "kept": [each.to_return() for each in self.kept],
            "pod_volume_backups": self.pod_volume_backups,
            "location_created": self.location_created,
        }


__all__ = ("Remark", "SyncError", "SyncOutcome", "SyncRequest")
