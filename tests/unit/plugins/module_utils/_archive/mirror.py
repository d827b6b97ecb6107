# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A codec as somebody might add one: it changes every byte, makes files longer, and knows whose file it has."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource, read_exactly

MARK = b"mirrored "
_MIRROR = bytes(255 - value for value in range(256))
_BLOCK = 1000


class MirrorCodec:
    """A header that is the key's alone, then blocks of mirrored bytes, each with its length before it."""

    def encode(self, key: str, source: ByteSource) -> ByteSource:
        return _Source(_encoded(key, source))

    def decode(self, key: str, source: ByteSource) -> ByteSource:
        return _Source(_decoded(key, source))


class _Source:
    def __init__(self, pieces: t.Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        end = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:end], self._rest[end:]
        return data


def header(key: str) -> bytes:
    return MARK + hashlib.sha256(key.encode()).digest()


def _encoded(key: str, source: ByteSource) -> t.Iterator[bytes]:
    yield header(key)
    while block := read_exactly(source, _BLOCK):
        yield len(block).to_bytes(2) + block.translate(_MIRROR)


def _decoded(key: str, source: ByteSource) -> t.Iterator[bytes]:
    if read_exactly(source, len(header(key))) != header(key):
        raise ArchiveError(f"{key} is not a mirrored file, or that of another key.")
    while length := read_exactly(source, 2):
        block = read_exactly(source, int.from_bytes(length))
        if len(length) < 2 or len(block) < int.from_bytes(length):
            raise ArchiveError(f"{key} ends too early.")
        yield block.translate(_MIRROR)


__all__ = ("MARK", "MirrorCodec", "header")
