# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our own file in a backup, ``<n>-arkive.json.gz``: what Velero's files have no room for.

Velero ignores the file on read and removes it with the backup.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError

VERSION = 1


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Size in bytes and SHA-256 in hex of a file as stored (compressed)."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ArkiveRecord:
    """``run_id`` and ``tool`` say who wrote the backup; ``files`` has a digest for each other file by its name.

    ``hooks``, ``freezes`` and ``quiesces`` are as the module returns them. ``lists`` has one entry for each list
    request: ``{"resource", "namespace", "resourceVersion", "started", "completed", "items"}``. ``timings`` are seconds,
    ``items`` stored objects for each group-resource. ``beside``: a digest for each option that says what is done to
    applications and is not in the spec, by its name; None in records that do not say.
    """

    run_id: str = ""
    tool: str = ""
    hooks: list[dict[str, t.Any]] = field(default_factory=list)
    freezes: list[dict[str, t.Any]] = field(default_factory=list)
    quiesces: list[dict[str, t.Any]] = field(default_factory=list)
    lists: list[dict[str, t.Any]] = field(default_factory=list)
    items: dict[str, int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    files: dict[str, FileDigest] = field(default_factory=dict)
    beside: dict[str, str] | None = None

    def to_dict(self) -> dict[str, t.Any]:
        return {
            "version": VERSION,
            "runID": self.run_id,
            "tool": self.tool,
            "files": {name: {"size": f.size, "sha256": f.sha256} for name, f in sorted(self.files.items())},
            "lists": self.lists,
            "hooks": self.hooks,
            "freezes": self.freezes,
            "quiesces": self.quiesces,
            "items": self.items,
            "timings": self.timings,
            **({"beside": self.beside} if self.beside is not None else {}),
        }

    @classmethod
    def from_dict(cls, document: t.Any) -> ArkiveRecord:
        """Raises ``ArchiveError`` for a document of another version or shape; unknown members are fine."""
        version = document.get("version") if isinstance(document, dict) else None
        if not isinstance(version, int) or version < 1:
            raise ArchiveError("The arkive record of the backup is damaged: it has no version.")
        if version > VERSION:
            raise ArchiveError(
                f"The arkive record of the backup has version {version}, this collection knows up to {VERSION}.",
                hint="Use a newer arkive.k8s to read this backup.",
            )
        try:
            files = {name: FileDigest(int(f["size"]), str(f["sha256"])) for name, f in document["files"].items()}
            return cls(
                run_id=str(document.get("runID", "")),
                tool=str(document.get("tool", "")),
                hooks=list(document.get("hooks") or ()),
                freezes=list(document.get("freezes") or ()),
                quiesces=list(document.get("quiesces") or ()),
                lists=list(document.get("lists") or ()),
                items=dict(document.get("items") or {}),
                timings=dict(document.get("timings") or {}),
                files=files,
                beside=dict(document["beside"]) if document.get("beside") is not None else None,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise ArchiveError(f"The arkive record of the backup is damaged: {exc!r}.") from exc


__all__ = ("VERSION", "ArkiveRecord", "FileDigest")
