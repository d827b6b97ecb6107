# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a backup's tarball: an index in memory, the objects' JSON in a temporary file."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import DAMAGED, ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import BadMembers, read_member
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef, parse_path
from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tar_members import read_members
from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import parse_bounded
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource

#: The API server takes requests of 3 MiB at most, etcd 1.5 MiB by default; escaped, that may be some times as much.
MAX_ITEM_BYTES = 16 << 20
#: For the index: about 700,000 members, which are the two copies of 350,000 objects.
_MAX_INDEX = 200 << 20
_PER_MEMBER = 240
_MAX_WARNINGS = 100

#: Offset and length in the temporary file.
_Place: t.TypeAlias = tuple[int, int]


class TarballReader:
    """The objects of one backup. ``read`` may be called from several threads; close it, or use it as a context manager.

    The whole stream is read and checked at ``open``: gzip checksum, tar structure, names, and the digest when one is
    given. Whether each member is the JSON of its object is checked by ``verify`` (all) or ``read`` (one).
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.warnings: list[str] = []
        self.format_version: str | None = None
        self.sha256 = ""
        self.compressed_size = 0
        self._index: dict[ItemRef, _Place] = {}
        self._index_bytes = 0
        self._sound: set[_Place] = set()
        self._spool = Spool(f"the objects of {what}")

    @classmethod
    def open(
        cls,
        fileobj: ByteSource,
        *,
        expected_sha256: str | None = None,
        what: str = "The archive",
        max_item_bytes: int = MAX_ITEM_BYTES,
    ) -> TarballReader:
        """Read ``fileobj`` to its end. Raises ``ArchiveError``, naming the member where it is one member's fault.

        ``expected_sha256`` is the digest of the compressed bytes, in hex.
        """
        reader = cls(what)
        opened = False
        try:
            reader._load(fileobj, expected_sha256, max_item_bytes)
            opened = True
        finally:
            if not opened:
                reader.close()
        return reader

    @property
    def items(self) -> list[ItemRef]:
        """The plain copies, in the archive's order: what a restore reads."""
        return [ref for ref in self._index if not ref.version_dir]

    def versions(self, gr: GroupResource) -> dict[str, list[ItemRef]]:
        """The versioned copies of ``gr`` by version directory (``v1-preferredversion``, ``v1beta1``)."""
        found: dict[str, list[ItemRef]] = {}
        for ref in self._index:
            if ref.version_dir and ref.group_resource == gr:
                found.setdefault(ref.version_dir, []).append(ref)
        return found

    def find(self, gr: GroupResource, namespace: str | None, name: str) -> ItemRef | None:
        """The plain copy of one object."""
        ref = ItemRef(gr, "", namespace or None, name)
        return ref if ref in self._index else None

    def read(self, ref: ItemRef) -> dict[str, t.Any]:
        """The object. Raises ``ArchiveError`` when the member is not the JSON of the object that its path names."""
        data = self.read_raw(ref)
        place = self._index[ref]
        # Nobody else can write to the temporary file: what was sound once is so again.
        obj = parse_bounded(data) if place in self._sound else read_member(ref, data)
        self._sound.add(place)
        return t.cast("dict[str, t.Any]", obj)

    def read_raw(self, ref: ItemRef) -> bytes:
        """The member's bytes as stored."""
        place = self._index.get(ref)
        if place is None:
            raise ArchiveError(f"{self.what} has no member {ref.shown}.")
        return self._spool.read_at(*place)

    def verify(self) -> None:
        """Read every member; ``ArchiveError`` names the first bad one and counts the others. Changes nothing."""
        checked: set[_Place] = set()
        bad = BadMembers()
        for ref, place in self._index.items():
            if place not in checked:
                checked.add(place)
                bad.try_read(self.read, ref)
        if bad.count:
            raise bad.error()

    def close(self) -> None:
        self._spool.close()

    def __enter__(self) -> TarballReader:
        return self

    def __exit__(self, *exc: t.Any) -> None:
        self.close()

    def _load(self, fileobj: ByteSource, expected_sha256: str | None, max_item_bytes: int) -> None:
        stream = GunzipReader(fileobj, what=self.what)
        last: tuple[ItemRef, bytes] | None = None
        for path, data in read_members(stream, max_size=max_item_bytes, what=self.what):
            ref = parse_path(path)
            if ref is None:
                self._note_other(path, data)
                continue
            self._add(ref, data, last)
            last = (ref, data)
        if stream.drain():
            self._warn(f"{self.what} has data behind the end of its tar file, which no program reads.")
        self._spool.flush()
        self.sha256, self.compressed_size = stream.sha256, stream.compressed_size
        if expected_sha256 and expected_sha256 != stream.sha256:
            raise ArchiveError(
                f"{self.what} is not the one that was written: its SHA-256 is {stream.sha256}, "
                f"the record says {expected_sha256}.",
                hint=DAMAGED,
            )
        self._warn_of_unseen()

    def _add(self, ref: ItemRef, data: bytes, last: tuple[ItemRef, bytes] | None) -> None:
        self._index_bytes += len(ref.name) + len(ref.namespace or "") + _PER_MEMBER
        if self._index_bytes > _MAX_INDEX:
            raise ArchiveError(
                f"{self.what} has more members than can be kept in memory: {len(self._index)} and more.",
                hint="No backup of one cluster is as large; use another one.",
            )
        known = self._place_of_copy(ref, data, last)
        if ref in self._index:
            self._warn(f"{ref.shown} is in the archive more than once; the last one counts.")
            # A repeated member takes the place of the last one too.
            del self._index[ref]
        if known is not None:
            self._index[ref] = known
            return
        self._index[ref] = (self._spool.size, len(data))
        self._spool.write(data)

    def _place_of_copy(self, ref: ItemRef, data: bytes, last: tuple[ItemRef, bytes] | None) -> _Place | None:
        """Velero stores each object twice in a row: one is kept."""
        if last is None or last[1] != data:
            return None
        group_resource, _version, namespace, name = last[0]
        same = name == ref.name and namespace == ref.namespace and group_resource == ref.group_resource
        return self._index.get(last[0]) if same else None

    def _note_other(self, path: str, data: bytes) -> None:
        if path == "metadata/version":
            self.format_version = data[:64].decode("utf-8", "replace").strip()
        elif not path.startswith("metadata/"):
            self._warn(f"{readable(path)} is no object's path and was left out.")

    def _warn_of_unseen(self) -> None:
        """An object that has only versioned copies is passed over by a restore, silently so in Velero."""
        plain = {ref[:1] + ref[2:] for ref in self._index if not ref.version_dir}
        unseen = {ref[:1] + ref[2:]: ref for ref in self._index if ref.version_dir and ref[:1] + ref[2:] not in plain}
        for ref in unseen.values():
            self._warn(f"{ref.shown} has no copy without a version directory, so a restore does not see it.")

    def _warn(self, text: str) -> None:
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(text)
        elif len(self.warnings) == _MAX_WARNINGS:
            self.warnings.append("There are more warnings of this kind about the archive.")


__all__ = ("MAX_ITEM_BYTES", "TarballReader")
