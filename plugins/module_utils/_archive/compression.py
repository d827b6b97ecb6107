# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of databases as they are stored: gzip, or zstd where this Python has it. Piece by piece, in and out.

Python has zstd since 3.14 (``compression.zstd``); the package ``backports.zstd`` is the same for older ones.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader
from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import gzip_member

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource

Compression: t.TypeAlias = t.Literal["gzip", "zstd"]
#: The extension of each: what a file is called is what it is.
EXTENSIONS: t.Mapping[Compression, str] = {"gzip": "gz", "zstd": "zst"}
_PIECE = 1 << 20
_NO_ZSTD = (
    "Use a Python of version 3.14 or newer, or install the package backports.zstd for the one that runs the module."
)


def zstd_module() -> t.Any:
    """Python's own, or its backport; None where there is neither."""
    try:
        from compression import zstd
    except ImportError:
        pass
    else:
        return zstd
    try:
        from backports import zstd as backported
    except ImportError:
        return None
    return backported


def best_compression() -> Compression:
    return "gzip" if zstd_module() is None else "zstd"


def require_compression(compression: Compression) -> None:
    """Raises ``ArchiveError`` where this Python cannot do it."""
    if compression == "zstd" and zstd_module() is None:
        raise ArchiveError("This Python can neither write nor read zstd.", hint=_NO_ZSTD)


def compressed(pieces: t.Iterable[bytes], compression: Compression) -> t.Iterator[bytes]:
    """An error that ``pieces`` raises comes out before the file has its end."""
    require_compression(compression)
    if compression == "gzip":
        for piece in _gathered(pieces):
            yield gzip_member(piece)
        return
    zstd = zstd_module()
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.checksum_flag: 1})
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def decompressed(source: ByteSource, compression: Compression, *, what: str, size: int) -> t.Iterator[bytes]:
    """The text, of at most ``size`` bytes. Raises ``ArchiveError`` for what is damaged, cut short, or longer."""
    require_compression(compression)
    found = 0
    pieces = _gunzipped(source, what, size) if compression == "gzip" else _unzstd(source, what)
    for piece in pieces:
        found += len(piece)
        if found > size:
            raise ArchiveError(f"{what} holds more than the {size} bytes that were dumped.")
        yield piece
    if found != size:
        raise ArchiveError(f"{what} holds {found} bytes instead of the {size} that were dumped.")


def _gathered(pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
    """In pieces of a size that compresses well, and at least one."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= _PIECE:
            yield bytes(waiting[:_PIECE])
            del waiting[:_PIECE]
    yield bytes(waiting)


def _gunzipped(source: ByteSource, what: str, size: int) -> t.Iterator[bytes]:
    reader = GunzipReader(source, what=what, free_output=size)
    while piece := reader.read(_PIECE):
        yield piece


def _unzstd(source: ByteSource, what: str) -> t.Iterator[bytes]:
    zstd = zstd_module()
    unpacker = zstd.ZstdDecompressor()
    try:
        while not unpacker.eof:
            data = source.read(_PIECE) if unpacker.needs_input else b""
            if unpacker.needs_input and not data:
                raise ArchiveError(f"{what} is truncated: its zstd frame does not end.")
            piece = unpacker.decompress(data, _PIECE)
            if piece:
                yield piece
    except zstd.ZstdError as exc:
        raise ArchiveError(f"{what} is not a sound zstd file: {exc}.") from exc
    if unpacker.unused_data or source.read(1):
        raise ArchiveError(f"{what} goes on behind its end.")


__all__ = (
    "EXTENSIONS",
    "Compression",
    "best_compression",
    "compressed",
    "decompressed",
    "require_compression",
    "zstd_module",
)
