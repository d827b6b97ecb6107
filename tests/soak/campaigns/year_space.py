# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a repository may take after its maintenance, derived from the files that its snapshots hold.

kopia cuts a file into contents of 2 to 8 MiB (the last one may be smaller), adds 28 bytes to each, stores equal ones
once, and packs them into objects of 20 MiB; a full maintenance drops contents that no snapshot names, objects that hold
no other ones, and packs the contents of objects below 60 % of that size anew. So, once its delays are over:

1. all contents of files take no more than each distinct file once, and 28 bytes for each 2 MiB begun;
2. all others (folders, manifests) take no more than 600 bytes for each entry of each snapshot, and 256 KiB;
3. each object of packs holds a content that is named;
4. of each kind of packs at most one object is below 60 %.

What a large object holds beside a content that is still named stays with it (docs/compatibility 18.6). That, and
16 KiB for each time that somebody wrote (indexes and logs, which go after days), is added to 1 and 2 for the bucket.
"""

from __future__ import annotations

import dataclasses
import typing as t

from campaigns.year_files import Model

_PIECE, _SEAL = 2 << 20, 28
_ENTRY, _OTHERS = 600, 256 << 10
_SHORT = (20 << 20) * 60 // 100
_WRITTEN = 16 << 10
#: What begins the names of objects with contents: of files, and of all else.
_PACKS = ("p", "q")


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """One that is not deleted. ``length``: as it is stored."""

    id: str
    pack: str
    length: int

    @property
    def is_of_files(self) -> bool:
        """All others have a letter before their hash, of which the first is no digit of a hash."""
        return self.id[0] in "0123456789abcdef"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """``blobs``: sizes of the repository's objects by name. ``written``: how often it was opened to write."""

    blobs: t.Mapping[str, int]
    contents: tuple[Content, ...]
    written: int

    @property
    def bytes(self) -> int:
        return sum(self.blobs.values())

    @property
    def live(self) -> int:
        return sum(content.length for content in self.contents)

    @property
    def dead(self) -> int:
        """In objects of packs, beside contents that are named."""
        return sum(size for name, size in self.blobs.items() if name[0] in _PACKS) - self.live


def bound_of(models: t.Sequence[Model]) -> tuple[int, int]:
    """Of the contents of files, and of all others, by rules 1 and 2."""
    files = {entry.content: entry.size for model in models for entry in model.values() if entry.kind == "file"}
    of_files = sum(size + _SEAL * (size // _PIECE + 1) for size in files.values())
    return of_files, _ENTRY * sum(map(len, models)) + _OTHERS


def what_is_wrong(space: Space, models: t.Sequence[Model]) -> str:
    """In one sentence; ``models``: of the snapshots that there are."""
    of_files, others = bound_of(models)
    found = sum(content.length for content in space.contents if content.is_of_files)
    if found > of_files:
        return f"contents of files take {found} bytes, and {len(models)} snapshots have {of_files} at most"
    if space.live - found > others:
        return f"folders and manifests take {space.live - found} bytes, and {others} at most"
    packs = {name: size for name, size in space.blobs.items() if name[0] in _PACKS}
    if unnamed := packs.keys() - {content.pack for content in space.contents}:
        return f"{len(unnamed)} objects hold nothing that is named, such as {min(unnamed)}"
    for kind in _PACKS:
        short = [name for name, size in packs.items() if name[0] == kind and size < _SHORT]
        if len(short) > 1:
            return f"{len(short)} objects '{kind}' are below {_SHORT} bytes"
    most = of_files + others + space.dead + _WRITTEN * space.written
    return f"the bucket has {space.bytes} bytes, and {most} at most" if space.bytes > most else ""


__all__ = ("Content", "Space", "bound_of", "what_is_wrong")
