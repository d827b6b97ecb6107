# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Walks the members of a tar stream and refuses what a backup has no use for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive import tar_format
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader

_KINDS = {b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device", b"6": "a FIFO"}
_MAX_EXTENSION = 1 << 20
#: Of extension headers before one member; no program writes more than a global one, a local one and two of GNU's.
_MAX_EXTENSIONS = 8
#: In bytes; an object's path has the names of a type (at most 317), a namespace (63) and an object (253) in it.
_MAX_PATH = 2048


def read_members(stream: GunzipReader, *, max_size: int, what: str) -> t.Iterator[tuple[str, bytes]]:
    """Names (cleaned) and data of the regular files, in order; directories are left out.

    Raises ``ArchiveError`` for a name that leaves the archive, a link or device, a file above ``max_size`` bytes, and a
    stream that ends inside a member.
    """
    while True:
        header, records = _next_header(stream, what)
        if header is None:
            return
        name = clean_name(records.get("path", header.name))
        _check_kind(name, header)
        try:
            size = tar_format.pax_size(records, header.size)
        except ValueError as exc:
            raise ArchiveError(f"{what} has a damaged member: {readable(name)} ({exc}).") from exc
        if size and not _is_file(header):
            raise ArchiveError(
                f"{what} has a damaged member: {readable(name)} is a directory with data, which one program reads as"
                " members and another leaves out."
            )
        if size > max_size:
            raise ArchiveError(
                f"The archive's member {readable(name)} is too large: {size} bytes, the limit is {max_size}."
            )
        data = _read_data(stream, size, what=f"{what} ends inside its member {readable(name)}")
        if _is_file(header):
            yield name, data


def clean_name(name: str) -> str:
    """``name`` without ``./`` and doubled slashes. Raises ``ArchiveError`` when it leaves the archive."""
    if len(name) > _MAX_PATH:
        raise ArchiveError(f"The archive's member {readable(name)} has a name of more than {_MAX_PATH} characters.")
    segments = [segment for segment in name.split("/") if segment not in ("", ".")]
    if name.startswith("/") or ".." in segments or "\0" in name:
        raise ArchiveError(
            f"The archive's member '{readable(name)}' would lie outside of the archive.",
            hint="Such an archive was not made by a backup tool; do not use it.",
        )
    return "/".join(segments)


def _is_file(header: tar_format.Header) -> bool:
    if header.kind == tar_format.OLD_REGULAR:
        return not header.name.endswith("/")
    return header.kind == tar_format.REGULAR


def _check_kind(name: str, header: tar_format.Header) -> None:
    if header.kind in (tar_format.REGULAR, tar_format.OLD_REGULAR, tar_format.DIRECTORY):
        return
    kind = _KINDS.get(header.kind, f"of the unknown type {header.kind!r}")
    raise ArchiveError(f"The archive's member {readable(name)} is {kind}, which a backup never holds.")


def _next_header(stream: GunzipReader, what: str) -> tuple[tar_format.Header | None, dict[str, str]]:
    """The next real header, with what PAX and GNU extension headers said about it."""
    records: dict[str, str] = {}
    extensions = 0
    while True:
        block = stream.read(tar_format.BLOCK)
        if not block and not extensions:
            # One gzip member is whole by its checksum. Of several, only the tar's end shows that none is missing.
            if stream.members > 1:
                raise ArchiveError(f"{what} is truncated: it has no end.")
            return None, {}
        if len(block) < tar_format.BLOCK:
            raise ArchiveError(f"{what} is truncated: it ends inside a tar header.")
        try:
            header = tar_format.parse_header(block)
            if header is None:
                return None, {}
            if header.kind not in _EXTENSIONS:
                return header, records
            extensions += 1
            if extensions > _MAX_EXTENSIONS:
                raise ValueError("more extension headers before one member than any program writes")
            records.update(_read_extension(stream, header, what))
        except ValueError as exc:
            raise ArchiveError(f"{what} is not a sound tar file: {exc}.") from exc


_EXTENSIONS = frozenset({tar_format.PAX, tar_format.PAX_GLOBAL, tar_format.GNU_LONG_NAME, tar_format.GNU_LONG_LINK})


def _read_extension(stream: GunzipReader, header: tar_format.Header, what: str) -> dict[str, str]:
    if header.size > _MAX_EXTENSION:
        raise ValueError("an extension header that is too large")
    data = _read_data(stream, header.size, what=f"{what} ends inside a tar header")
    if header.kind == tar_format.PAX:
        return tar_format.parse_pax(data)
    if header.kind == tar_format.PAX_GLOBAL and tar_format.parse_pax(data):
        # Go's reader leaves these aside, others follow them: nobody can say what the members behind it are.
        raise ValueError("a global header that names members or says their size")
    if header.kind == tar_format.GNU_LONG_NAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    return {}


def _read_data(stream: GunzipReader, size: int, *, what: str) -> bytes:
    data = stream.read(size + (-size % tar_format.BLOCK))
    if len(data) < size:
        raise ArchiveError(f"{what}.")
    return data[:size]


__all__ = ("clean_name", "read_members")
