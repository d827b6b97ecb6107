# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots that a repository holds, as kopia lists them, and of which volumes they are (docs/compatibility 18.2).

Sizes are in bytes, times in UTC.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.told import as_objects
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import member, text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.snapshot_manifest import (
    read_manifest,
)

#: First parts of a source, by what they are of: a claim, or a volume of a pod (of Velero 1.12 to 1.16, and later).
_OF_CLAIMS = ("snapshot-data-upload-download",)
_OF_PODS = ("snapshot-pod-volume", "pod-volume-backup-restore")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HeldSnapshot:
    """``claim``, ``pod`` and ``volume`` are empty where its source does not say.

    ``namespace``: of the volume. ``trouble``: why it is not whole, half a sentence.
    """

    id: str
    source: str
    namespace: str = ""
    claim: str = ""
    pod: str = ""
    volume: str = ""
    bytes: int = 0
    files: int = 0
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    trouble: str = ""

    @property
    def what(self) -> str:
        """Of what it is, for people."""
        if self.claim:
            return f"claim {self.claim}"
        return f"volume {self.volume} of pod {self.pod}" if self.pod else f"source {self.source}"


def read_snapshots(data: bytes) -> tuple[HeldSnapshot, ...]:
    """All of ``snapshot list --json``, the oldest first. Raises ``MoverError``."""
    held = [_snapshot(each) for each in as_objects(data)]
    return tuple(sorted(held, key=lambda each: (each.started.isoformat() if each.started else "", each.id)))


def _snapshot(found: t.Mapping[str, t.Any]) -> HeldSnapshot:
    manifest = read_manifest(found)
    source = one_line(text(member(found, "source"), "path"))
    namespace, claim, pod, volume = _names(source.split("/"))
    return HeldSnapshot(
        id=one_line(text(found, "id")),
        source=source,
        namespace=namespace,
        claim=claim,
        pod=pod,
        volume=volume,
        bytes=manifest.bytes if manifest else 0,
        files=manifest.files if manifest else 0,
        started=read_moment(found.get("startTime")),
        ended=read_moment(found.get("endTime")),
        trouble=manifest.trouble if manifest else "its manifest cannot be read",
    )


def _names(parts: t.Sequence[str]) -> tuple[str, str, str, str]:
    """Namespace, claim, pod and volume of a source."""
    if len(parts) == 4 and parts[0] in _OF_CLAIMS:
        return parts[2], parts[3], "", ""
    if len(parts) == 5 and parts[0] in _OF_PODS:
        return parts[2], "", parts[3], parts[4]
    return "", "", "", ""


__all__ = ("HeldSnapshot", "read_snapshots")
