# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Reads a backup's tarball: an index in memory, the objects' JSON in a temporary file."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef, parse_path
from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tar_members import read_members
from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, plural

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource

#: etcd takes 1.5 MiB by default; nothing that an API server stores comes near this.
MAX_ITEM_BYTES = 64 << 20
_MAX_WARNINGS = 100
_SHOWN = 20

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
        """The object. Raises ``ArchiveError`` when the member is not a JSON object."""
        return self._parse(ref, self.read_raw(ref))

    def read_raw(self, ref: ItemRef) -> bytes:
        """The member's bytes as stored."""
        place = self._index.get(ref)
        if place is None:
            raise ArchiveError(f"{self.what} has no member {ref.path}.")
        return self._spool.read_at(*place)

    def verify(self) -> None:
        """Parse every member; ``ArchiveError`` names the first bad one and counts the others. Changes nothing."""
        problems: list[str] = []
        checked: set[_Place] = set()
        for ref, place in self._index.items():
            if place not in checked:
                checked.add(place)
                problem = self._problem(ref)
                if problem:
                    problems.append(problem)
        if problems:
            more = (
                f" {counted(len(problems) - 1, 'more member')} {plural(len(problems) - 1, 'is', 'are')} bad."
                if len(problems) > 1
                else ""
            )
            raise ArchiveError(f"{problems[0]}{more}", details={"bad_members": problems[:_SHOWN]})

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
        stream.drain()
        self._spool.flush()
        self.sha256, self.compressed_size = stream.sha256, stream.compressed_size
        if expected_sha256 and expected_sha256 != stream.sha256:
            raise ArchiveError(
                f"{self.what} is not the one that was written: its SHA-256 is {stream.sha256}, "
                f"the record says {expected_sha256}.",
                hint="It was changed or damaged in the store; use another backup.",
            )
        self._warn_of_unseen()

    def _add(self, ref: ItemRef, data: bytes, last: tuple[ItemRef, bytes] | None) -> None:
        if ref in self._index:
            self._warn(f"{ref.path} is in the archive more than once; the last one counts.")
            # A repeated member takes the place of the last one too.
            del self._index[ref]
        # Velero stores each object twice in a row: keep one.
        if last is not None and last[1] == data and last[0]._replace(version_dir="") == ref._replace(version_dir=""):
            place = self._index.get(last[0])
            if place is not None:
                self._index[ref] = place
                return
        self._index[ref] = (self._spool.size, len(data))
        self._spool.write(data)

    def _note_other(self, path: str, data: bytes) -> None:
        if path == "metadata/version":
            self.format_version = data[:64].decode("utf-8", "replace").strip()
        elif not path.startswith("metadata/"):
            self._warn(f"{path} is no object's path and was left out.")

    def _warn_of_unseen(self) -> None:
        """An object that has only versioned copies is passed over by a restore, silently so in Velero."""
        plain = {ref[:1] + ref[2:] for ref in self._index if not ref.version_dir}
        unseen = {ref[:1] + ref[2:]: ref for ref in self._index if ref.version_dir and ref[:1] + ref[2:] not in plain}
        for ref in unseen.values():
            self._warn(f"{ref.path} has no copy without a version directory, so a restore does not see it.")

    def _warn(self, text: str) -> None:
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(text)
        elif len(self.warnings) == _MAX_WARNINGS:
            self.warnings.append("There are more warnings of this kind about the archive.")

    def _parse(self, ref: ItemRef, data: bytes) -> dict[str, t.Any]:
        try:
            value = parse_json(data)
        except ValueError as exc:
            raise ArchiveError(f"The archive's member {ref.path} is not valid JSON: {exc}.") from exc
        if not isinstance(value, dict):
            raise ArchiveError(f"The archive's member {ref.path} is not a JSON object.")
        return value

    def _problem(self, ref: ItemRef) -> str | None:
        try:
            obj = self.read(ref)
        except ArchiveError as exc:
            return exc.message
        metadata = obj.get("metadata")
        if not obj.get("apiVersion") or not obj.get("kind") or not isinstance(metadata, dict):
            return f"The archive's member {ref.path} has no apiVersion, kind or metadata."
        if metadata.get("name") != ref.name or (metadata.get("namespace") or None) != ref.namespace:
            named = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
            return f"The archive's member {ref.path} holds another object: '{named}'."
        return None


__all__ = ("MAX_ITEM_BYTES", "TarballReader")
