# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A snapshot of a volume: what is wanted, and what became of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

SnapshotState: t.TypeAlias = t.Literal["pending", "cut", "failed"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSpec:
    """One VolumeSnapshot to be made of a PersistentVolumeClaim.

    ``class_name`` empty leaves the VolumeSnapshotClass to the snapshot controller; ``name`` empty means a new name,
    ``velero-<claim>-<random>`` (Velero 1.18).
    """

    namespace: str
    claim: str
    driver: str = ""
    class_name: str = ""
    name: str = ""
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.claim}"


@dataclasses.dataclass(slots=True, kw_only=True)
class TakenSnapshot:
    """The life of one snapshot. As soon as the storage has it, it is taken (``cut``), and its volume may be written to.

    ``name`` and ``uid`` of the VolumeSnapshot, ``content`` the name of its VolumeSnapshotContent; all empty while
    they are not known. A name without a uid is that of an object of which nobody knows whether it was made.
    ``ready``: volumes can be made from it. ``error``: a sentence. ``left``: why it could not be removed, a sentence.
    """

    spec: SnapshotSpec
    requested: dt.datetime
    state: SnapshotState = "pending"
    name: str = ""
    uid: str = ""
    content: str = ""
    handle: str = ""
    group_handle: str = ""
    driver: str = ""
    size_bytes: int | None = None
    created: dt.datetime | None = None
    ready: bool = False
    error: str = ""
    left: str = ""

    @property
    def failed(self) -> bool:
        return self.state == "failed"

    @property
    def where(self) -> str:
        return self.spec.where

    def fail(self, error: str) -> None:
        """The first error is kept."""
        if self.state != "failed":
            self.state, self.error = "failed", error


__all__ = ("SnapshotSpec", "SnapshotState", "TakenSnapshot")
