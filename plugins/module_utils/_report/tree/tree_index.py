# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The index of a tree, ``.arkive-tree.json``: which files are ours, and what became of Secrets. It has no values."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import parse_bounded
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, Shape, find_misfit
from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import open_regular
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError

INDEX = ".arkive-tree.json"
VERSION = 1
_SHAPE: Shape = {
    "version": int,
    "layout": str,
    "files": MapOf(str),
    "secrets": MapOf({"type": str, "keys": [str], "version": str, "path": str}),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SecretEntry:
    """One Secret: its ``type`` and the names of its ``keys``.

    ``version``: which state of it was sealed, without a trace of the values. ``path``: of the sealed file, else empty.
    """

    type: str = ""
    keys: tuple[str, ...] = ()
    version: str = ""
    path: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TreeIndex:
    """``files``: their digests (sha256, in hex) by their paths. ``secrets``: by ``namespace/name``."""

    layout: str = ""
    files: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    secrets: t.Mapping[str, SecretEntry] = dataclasses.field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The same for the same index."""
        document = {
            "version": VERSION,
            "layout": self.layout,
            "files": dict(sorted(self.files.items())),
            "secrets": {name: dataclasses.asdict(entry) for name, entry in sorted(self.secrets.items())},
        }
        return json.dumps(document, indent=1, ensure_ascii=True).encode() + b"\n"


def read_index(folder: str) -> TreeIndex | None:
    """None where there is none. Raises ``TreeError`` for one that cannot be read, or is of a later version."""
    path = os.path.join(folder, INDEX)
    try:
        with open_regular(path) as file:
            data = file.read()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise TreeError(f"The index {path} cannot be read: {exc.strerror}.") from exc
    hint = "Take it out of the repository's history again, or export into an empty folder."
    try:
        document = parse_bounded(data)
    except (ValueError, ValidationError) as exc:
        raise TreeError(f"The index {path} is no JSON.", hint=hint) from exc
    misfit = find_misfit(document, _SHAPE) if isinstance(document, dict) else "it is no mapping"
    if misfit or document.get("version") != VERSION:
        raise TreeError(f"The index {path} is not ours: {misfit or 'it has another version'}.", hint=hint)
    entries = (document.get("secrets") or {}).items()
    return TreeIndex(
        layout=document.get("layout") or "",
        files=document.get("files") or {},
        secrets={name: _entry(entry) for name, entry in entries},
    )


def _entry(entry: t.Mapping[str, t.Any]) -> SecretEntry:
    return SecretEntry(
        type=entry.get("type") or "",
        keys=tuple(entry.get("keys") or ()),
        version=entry.get("version") or "",
        path=entry.get("path") or "",
    )


__all__ = ("INDEX", "SecretEntry", "TreeIndex", "read_index")
