# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All files of one backup or restore before they are stored."""

# Private: not for use outside of this collection.

from __future__ import annotations

import gzip
import typing as t
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballSummary
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource


@dataclass(frozen=True, kw_only=True)
class BackupFiles:
    """What ``BackupWriter.publish`` stores; the schemas are Velero 1.18's.

    ``metadata`` is the Backup object with a terminal phase. ``tarball`` is at its start (a rewound spool) and is
    what ``tarball_summary`` describes. ``logs`` and ``digests`` (of ``ItemDigests``) are gzip'd already. ``record`` is
    given the other files' digests on the way.
    """

    metadata: dict[str, t.Any]
    tarball: ByteSource
    tarball_summary: TarballSummary
    logs: ByteSource | bytes
    results: dict[str, t.Any]
    resource_list: dict[str, list[str]]
    digests: ByteSource | None = None
    volumeinfo: list[dict[str, t.Any]] = field(default_factory=list)
    volumesnapshots: list[dict[str, t.Any]] = field(default_factory=list)
    podvolumebackups: list[dict[str, t.Any]] = field(default_factory=list)
    itemoperations: list[dict[str, t.Any]] = field(default_factory=list)
    record: ArkiveRecord = field(default_factory=ArkiveRecord)


@dataclass(frozen=True, kw_only=True)
class RestoreFiles:
    """What ``BackupWriter.write_restore`` stores. No Restore object is among it: Velero keeps none in the store."""

    logs: ByteSource | bytes
    results: dict[str, t.Any]
    resource_list: dict[str, list[str]]
    itemoperations: list[dict[str, t.Any]] = field(default_factory=list)
    volumeinfo: list[dict[str, t.Any]] = field(default_factory=list)


def gzip_json(value: t.Any) -> bytes:
    """One document as Velero stores it: Go's compact JSON and a newline, gzip'd; equal input gives equal bytes."""
    return gzip.compress(encode_compact(value) + b"\n", mtime=0)


__all__ = ("BackupFiles", "RestoreFiles", "gzip_json")
