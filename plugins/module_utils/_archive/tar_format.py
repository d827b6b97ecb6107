# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tar headers, made as Go's ``archive/tar`` makes them for Velero: USTAR where the name fits, else PAX.

Python's ``tarfile`` spends most of its time on attributes that are the same for every member here: a header is a
template with four fields filled in.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import posixpath
import struct
import typing as t
import zlib
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError

BLOCK = 512
END = bytes(2 * BLOCK)

REGULAR = b"0"
OLD_REGULAR = b"\0"
DIRECTORY = b"5"
PAX = b"x"
PAX_GLOBAL = b"g"
GNU_LONG_NAME = b"L"
GNU_LONG_LINK = b"K"

#: Longer lengths than 9 digits are refused.
_PAX_DIGITS = 10
_PAX_KEYS = frozenset({b"path", b"size"})
_NAME_BYTES = 100
_PREFIX_BYTES = 155
_MAX_SIZE = 8**11 - 1

#: Mode 0755 is not cosmetic: Velero's extractor makes the directories with the mode of the file in them.
_MODE = b"0000755\0"
_ZERO = b"0000000\0"
_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")

#: What is between a short name and the size, by the name's length, and what follows the checksum.
_AFTER_NAME = [bytes(_NAME_BYTES - length) + _MODE + _ZERO * 2 for length in range(_NAME_BYTES + 1)]
_REST = REGULAR + bytes(100) + b"ustar\x0000" + bytes(64) + _ZERO * 2 + bytes(167)
_REST_SUM = sum(_REST) + 8 * 32
_ZEROS = [bytes(length) for length in range(BLOCK)]


@dataclass(frozen=True, slots=True)
class Header:
    """One header block as read: ``kind`` is the type flag."""

    name: str
    size: int
    kind: bytes


def member_header(name: str, size: int, mtime: int) -> bytes:
    """The header block or blocks before a regular file's data."""
    if size > _MAX_SIZE:
        raise ArchiveError(f"{name} is too large for the archive: {size} bytes.")
    if len(name) <= _NAME_BYTES and name.isascii():
        return _short_header(name.encode(), size, mtime)
    split = _split_name(name)
    if split is not None:
        return _block(split[1], _MODE, size, mtime, REGULAR, prefix=split[0])
    # As Go: the record block has mode, times and ids of zero, and the real header a name truncated to what fits.
    record = _pax_record("path", name)
    folder, base = posixpath.split(name)
    pax_name = _ascii(posixpath.join(folder, "PaxHeaders.0", base))[:_NAME_BYTES].rstrip(b"/")
    head = _block(pax_name, _ZERO, len(record), 0, PAX, plain=True)
    return head + record + padding(len(record)) + _block(_ascii(name)[:_NAME_BYTES], _MODE, size, mtime, REGULAR)


def _short_header(name: bytes, size: int, mtime: int) -> bytes:
    """The header of nearly every object, from two pieces that never change."""
    head = b"%b%b%011o\0%011o\0" % (name, _AFTER_NAME[len(name)], size, mtime)
    # The checksum counts itself as eight blanks.
    checksum = (zlib.adler32(head) & 0xFFFF) - 1 + _REST_SUM
    return b"%b%06o\0 %b" % (head, checksum, _REST)


def padding(size: int) -> bytes:
    """The zero bytes that fill ``size`` up to whole blocks."""
    return _ZEROS[-size % BLOCK]


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "ignore")


def _split_name(name: str) -> tuple[bytes, bytes] | None:
    """Prefix and name of a USTAR header, or None: split at the last slash that leaves a prefix short enough (Go)."""
    if not name.isascii():
        return None
    raw = name.encode()
    if len(raw) <= _NAME_BYTES:
        return b"", raw
    slash = raw.rfind(b"/", 0, _PREFIX_BYTES + 1)
    if slash <= 0 or not 0 < len(raw) - slash - 1 <= _NAME_BYTES:
        return None
    return raw[:slash], raw[slash + 1 :]


def _block(
    name: bytes, mode: bytes, size: int, mtime: int, kind: bytes, *, prefix: bytes = b"", plain: bool = False
) -> bytes:
    """One header block. ``plain`` leaves the device numbers empty, as Go does for its PAX records."""
    device = b"" if plain else _ZERO
    head = _HEADER.pack(
        name,
        mode,
        _ZERO,
        _ZERO,
        b"%011o\0" % size,
        b"%011o\0" % mtime,
        b" " * 8,
        kind,
        b"",
        b"ustar\x0000",
        b"",
        b"",
        device,
        device,
        prefix,
    )
    return head[:148] + b"%06o\0 " % _sum(head) + head[156:]


def _sum(block: bytes) -> int:
    """The sum of a header's bytes, which is below 65521: half of Adler's checksum is just that, and one more."""
    return (zlib.adler32(block) & 0xFFFF) - 1


def _pax_record(key: str, value: str) -> bytes:
    """``<length> key=value`` and a newline, where the length counts its own digits."""
    body = f" {key}={value}\n".encode()
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def parse_header(block: bytes) -> Header | None:
    """The header in ``block``; None for a block of zeros (the end). Raises ``ValueError`` when it is no header."""
    if not block.strip(b"\0"):
        return None
    fields = _HEADER.unpack(block)
    stated = _number(fields[6])
    # The checksum counts itself as eight blanks.
    unsigned = (_sum(block) if block.isascii() else sum(block)) - sum(block[148:156]) + 8 * 32
    if stated != unsigned and stated != _signed_sum(block):
        raise ValueError("a tar header with a wrong checksum")
    name = _text(fields[0])
    prefix = _text(fields[14]) if fields[9] == b"ustar\x0000" else ""
    return Header(f"{prefix}/{name}" if prefix else name, _number(fields[4]), fields[7])


def _signed_sum(block: bytes) -> int:
    """Some old programs summed signed characters."""
    signed: tuple[int, ...] = struct.unpack("148b8x356b", block)
    return sum(signed) + 8 * 32


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _number(raw: bytes) -> int:
    """Octal text, or GNU's base 256 for what does not fit."""
    if raw[:1] == b"\x80":
        return int.from_bytes(raw[1:], "big")
    text = raw.split(b"\0", 1)[0].strip(b" ")
    if text and not (text.isdigit() and not set(text) & set(b"89")):
        raise ValueError("a tar header with a bad number")
    return int(text, 8) if text else 0


def parse_pax(data: bytes) -> dict[str, str]:
    """The records of a PAX header that say what a member is. Raises ``ValueError`` when they are malformed.

    One way through the data, however small the records are.
    """
    records: dict[str, str] = {}
    at = 0
    while at < len(data):
        blank = data.find(b" ", at, at + _PAX_DIGITS)
        digits = data[at : max(at, blank)]
        if not digits.isdigit():
            raise ValueError("a malformed PAX record")
        end = at + int(digits)
        equals = data.find(b"=", blank + 1, end)
        if not blank < equals < end <= len(data) or data[end - 1 : end] != b"\n":
            raise ValueError("a malformed PAX record")
        key = data[blank + 1 : equals]
        if key.startswith(b"GNU.sparse."):
            raise ValueError("a sparse file, which a backup never holds")
        if key in _PAX_KEYS:
            records[key.decode()] = data[equals + 1 : end - 1].decode("utf-8", "surrogateescape")
        at = end
    return records


def pax_size(records: t.Mapping[str, str], size: int) -> int:
    """The member's size: a PAX record overrules the header."""
    stated = records.get("size")
    if stated is None:
        return size
    if not stated.isdigit() or not stated.isascii() or len(stated) > _PAX_DIGITS * 2:
        raise ValueError("a malformed PAX size")
    return int(stated)


__all__ = (
    "BLOCK",
    "DIRECTORY",
    "END",
    "GNU_LONG_LINK",
    "GNU_LONG_NAME",
    "OLD_REGULAR",
    "PAX",
    "PAX_GLOBAL",
    "REGULAR",
    "Header",
    "member_header",
    "padding",
    "parse_header",
    "parse_pax",
    "pax_size",
)
