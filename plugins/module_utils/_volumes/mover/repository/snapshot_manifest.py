# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of a snapshot as kopia prints it, and whether it is whole (docs/compatibility 18.3).

An exit code of 0 proves nothing: a kopia that was told to end saves what it has, marked as incomplete, and says 0; one
that could not read a file saves the rest.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line

_ID = re.compile(r"[0-9a-f]{16,64}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotManifest:
    """Counts are of the whole tree; ``folders`` with the root itself.

    ``trouble``: why it is not whole, half a sentence.
    """

    id: str
    bytes: int
    files: int
    links: int
    folders: int
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    trouble: str = ""


def parse_manifest(text: str) -> SnapshotManifest | None:
    """None for what is no manifest of a folder."""
    try:
        document = parse_json(text.encode())
    except ValueError:
        return None
    return read_manifest(document) if isinstance(document, dict) else None


def read_manifest(document: t.Mapping[str, t.Any]) -> SnapshotManifest | None:
    """The same of one that was parsed."""
    if not _ID.fullmatch(str(document.get("id"))):
        return None
    root = document.get("rootEntry") or {}
    summary = root.get("summ") if isinstance(root, dict) else None
    if not isinstance(summary, dict):
        return None
    return SnapshotManifest(
        id=document["id"],
        bytes=_number(summary, "size"),
        files=_number(summary, "files"),
        links=_number(summary, "symlinks"),
        folders=_number(summary, "dirs"),
        started=read_moment(document.get("startTime")),
        ended=read_moment(document.get("endTime")),
        trouble=_trouble(document, summary),
    )


def _trouble(document: t.Mapping[str, t.Any], summary: t.Mapping[str, t.Any]) -> str:
    incomplete = document.get("incomplete") or summary.get("incomplete")
    failed = _number(summary, "numFailed") + _number(summary, "numIgnoredErrors")
    if failed:
        errors = [each for each in summary.get("errors") or () if isinstance(each, dict)]
        first = f", such as {errors[0].get('path')}: {errors[0].get('error')}" if errors else ""
        return one_line(f"{failed} of its entries could not be read{first}")
    return one_line(f"the snapshot is incomplete ({incomplete})") if incomplete else ""


def _number(found: t.Mapping[str, t.Any], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


__all__ = ("SnapshotManifest", "parse_manifest", "read_manifest")
