# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where backups are kept: what a location of every kind has."""

# Private: not for use outside of this collection.

from __future__ import annotations

import abc
import typing as t
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.bucket import BucketAccess


@dataclass(frozen=True, kw_only=True)
class StorageLocation(abc.ABC):
    """A place for backups, with an optional ``prefix`` below it; each kind of store has a class of its own.

    A field that is None by default is an option that belongs to that kind alone. ``read_only_why``: who says so, a
    sentence, where it is not the option. Raises ``ValidationError`` when the options contradict each other.
    """

    name: str = "default"
    prefix: str = ""
    read_only: bool = False
    read_only_why: str = field(default="", metadata={"found": True})

    def __post_init__(self) -> None:
        # Velero trims it; a frozen dataclass is set through object.
        object.__setattr__(self, "prefix", (self.prefix or "").strip("/"))
        segments = self.prefix.split("/") if self.prefix else []
        if any(segment in ("", ".", "..") or "\0" in segment for segment in segments):
            raise ValidationError(
                f"The prefix '{self.prefix}' of the storage location '{self.name}' is not a plain path.",
                hint="Write it as segments joined by '/', without '.', '..' or empty ones.",
            )

    @property
    @abc.abstractmethod
    def describe(self) -> str:
        """The whole place in the words of its kind, for people."""

    @property
    def velero_spec(self) -> dict[str, t.Any] | None:
        """``spec`` of a BackupStorageLocation that is this place, without secrets; None where Velero has no such."""
        return None

    @property
    def bucket_access(self) -> BucketAccess | None:
        """How other programs reach it; None where it is no bucket."""
        return None


__all__ = ("StorageLocation",)
