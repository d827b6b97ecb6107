# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a verification is asked for, and what it answers."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Sighting

FileState: t.TypeAlias = t.Literal["intact", "readable", "changed", "missing", "damaged"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """Read the backup ``name`` back. ``percentage`` of its objects are read whole, chosen anew each time.

    ``snapshots``: their storage is asked for them. ``record``: what was found is written beside the backup.
    """

    name: str
    percentage: int = 100
    snapshots: bool = True
    record: bool = True

    def validate(self) -> None:
        """Raises ``ValidationError``."""
        if not 0 <= self.percentage <= 100:
            raise ValidationError(
                f"{self.percentage} is no percentage of objects.", hint="Give a whole number from 0 to 100."
            )


class CheckedFile(t.NamedTuple):
    """``intact``: by the digest that was recorded as it was written; ``readable``: nobody has recorded one."""

    name: str
    size: int
    state: FileState

    def to_return(self) -> dict[str, t.Any]:
        return self._asdict()


class CheckedSnapshot(t.NamedTuple):
    """A snapshot that the backup records, and whether it is there."""

    snapshot: RecordedSnapshot
    sighting: Sighting

    def to_return(self) -> dict[str, t.Any]:
        return {**self.snapshot._asdict(), "presence": self.sighting.presence, "reason": self.sighting.reason}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOutcome:
    """``objects`` are in the backup, ``read`` of them were read. ``problems``: sentences; none, and it is sound."""

    name: str
    location: str
    phase: str
    problems: tuple[str, ...] = ()
    files: tuple[CheckedFile, ...] = ()
    objects: int = 0
    read: int = 0
    snapshots: tuple[CheckedSnapshot, ...] = ()
    warnings: tuple[str, ...] = ()
    verification: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    recorded: bool = False

    @property
    def sound(self) -> bool:
        return not self.problems

    def to_return(self) -> dict[str, t.Any]:
        return {
            "name": self.name,
            "location": self.location,
            "phase": self.phase,
            "sound": self.sound,
            "problems": list(self.problems),
            "files": [file.to_return() for file in self.files],
            "objects": self.objects,
            "objects_read": self.read,
            "snapshots": [snapshot.to_return() for snapshot in self.snapshots],
            "verification": dict(self.verification),
            "recorded": self.recorded,
        }


__all__ = ("CheckedFile", "CheckedSnapshot", "FileState", "VerifyOutcome", "VerifyRequest")
