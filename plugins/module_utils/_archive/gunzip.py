# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading gzip strictly and with little memory: a stream that ends early is an error, never a short result."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import typing as t
import zlib

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource

_GZIP = 16 + zlib.MAX_WBITS
_CHUNK = 1 << 18
_OUTPUT = 1 << 20
#: Of the input, at the start of a member: what lies behind its end is copied, so that a file of countless tiny members
#: would take the square of its size otherwise.
_FIRST_INPUT = 1 << 10
#: A backup's JSON shrinks to a twentieth, every object twice; beyond the first GiB nothing honest shrinks that far.
_FREE_OUTPUT = 1 << 30
_MAX_RATIO = 200


class GunzipReader:
    """The decompressed bytes of ``source``, which may hold several gzip members one after the other.

    ``sha256`` and ``compressed_size`` are of the bytes as stored, complete once ``drain`` has returned; ``size`` is of
    the text, ``members`` how many were started. ``what`` names the file in messages. ``free_output``: how much may come
    out of it however small it is.
    """

    def __init__(self, source: ByteSource, *, what: str, free_output: int = _FREE_OUTPUT) -> None:
        self._source = source
        self._what = what
        self._free_output = free_output
        self._inflate = zlib.decompressobj(wbits=_GZIP)
        self._input = b""
        self._next = 0
        self._piece = _FIRST_INPUT
        self._output = b""
        self._at = 0
        self._done = False
        self._started = False
        self._digest = hashlib.sha256()
        self.compressed_size = 0
        self.size = 0
        self.members = 1

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        """``size`` bytes (all when negative); fewer only at the end. Raises ``ArchiveError``."""
        if 0 <= size <= len(self._output) - self._at:
            self._at += size
            return self._output[self._at - size : self._at]
        parts: list[bytes] = []
        missing = size
        while missing != 0:
            if self._at >= len(self._output) and not self._fill():
                break
            part = self._output[self._at :] if missing < 0 else self._output[self._at : self._at + missing]
            self._at += len(part)
            missing = missing - len(part) if missing > 0 else missing
            parts.append(part)
        return b"".join(parts)

    def drain(self) -> bool:
        """Read to the end without keeping anything, so that the checksum and the digest are checked over all of it.

        True when there was something else than zeros.
        """
        found = bool(self._output[self._at :].strip(b"\0"))
        while self._fill():
            found = found or bool(self._output.strip(b"\0"))
        self._at = len(self._output)
        return found

    def _fill(self) -> bool:
        """Decompress the next piece into ``_output``; False at the end."""
        while not self._done:
            if self._inflate.eof:
                self._next_member()
                continue
            data = self._inflate.unconsumed_tail or self._next_piece()
            if not data:
                what = "is empty" if not self._started else "is truncated"
                raise ArchiveError(f"{self._what} {what}: its gzip stream does not end.")
            self._started = True
            try:
                self._output = self._inflate.decompress(data, _OUTPUT)
            except zlib.error as exc:
                raise ArchiveError(f"{self._what} is not a sound gzip file: {exc}.") from exc
            self._at = 0
            self._count_output()
            if self._output:
                return True
        return False

    def _count_output(self) -> None:
        self.size += len(self._output)
        if self.size > self._free_output and self.size > self.compressed_size * _MAX_RATIO:
            raise ArchiveError(
                f"{self._what} is packed more densely than any backup: {self.size >> 20} MiB come out of "
                f"{self.compressed_size >> 10} KiB.",
                hint="It was made to fill disks; do not use it.",
            )

    def _next_piece(self) -> bytes:
        """More of the input: a little at the start of a member, and ever more of it then."""
        if self._next >= len(self._input):
            self._input, self._next = self._take(), 0
        piece = self._input[self._next : self._next + self._piece]
        self._next += len(piece)
        self._piece = min(2 * self._piece, _CHUNK)
        return piece

    def _next_member(self) -> None:
        """After the end of a member: another one, zeros as padding, or the end of the file."""
        rest = self._inflate.unused_data
        self._piece = _FIRST_INPUT
        while not rest.strip(b"\0"):
            rest = self._next_piece()
            if not rest:
                self._done = True
                return
        self._inflate = zlib.decompressobj(wbits=_GZIP)
        self._next -= len(rest)
        self._piece = _FIRST_INPUT
        self.members += 1

    def _take(self) -> bytes:
        data = self._source.read(_CHUNK)
        self._digest.update(data)
        self.compressed_size += len(data)
        return data


__all__ = ("GunzipReader",)
