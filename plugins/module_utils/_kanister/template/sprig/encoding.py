# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's encodings and checksums."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import hashlib
import zlib

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import from_bytes, to_bytes

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#: Characters that make whole bytes together, and how many of a last group, before its padding, do not.
_GROUP_64, _GROUP_32 = 4, 8
_PARTIAL_32 = (1, 3, 6)


class CorruptText(Exception):
    """``place`` is the first byte that does not belong."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


def decode_base64(text: str) -> bytes:
    """Raises ``CorruptText``."""
    data = to_bytes(text)
    places = [place for place, byte in enumerate(data) if byte not in b"\r\n"]
    kept = bytes(data[place] for place in places)
    count = _count(kept, _BASE64)
    used = count % _GROUP_64
    if count == len(kept):
        if used:
            raise CorruptText(len(data) - used)
    elif kept[count : count + 1] != b"=" or used < 2:
        raise CorruptText(places[count])
    else:
        _check_end(kept, count + 1, count + _GROUP_64 - used, [*places, len(data)])
    return base64.b64decode(_padded(kept[:count], _GROUP_64))


def _check_end(kept: bytes, start: int, end: int, places: list[int]) -> None:
    """The rest of the padding is from ``start`` to ``end``, and nothing after it."""
    for place in range(start, end):
        if place == len(kept):
            raise CorruptText(places[-1])
        if kept[place : place + 1] != b"=":
            raise CorruptText(places[place] - 1)
    if len(kept) > end:
        raise CorruptText(places[end])


def _decode_base64(text: str) -> str:
    """What is no base64 gives the words of the error, as in sprig."""
    try:
        return from_bytes(decode_base64(text))
    except CorruptText as exc:
        return f"illegal base64 data at input byte {exc.place}"


def _decode_base32(text: str) -> str:
    data = to_bytes(text).replace(b"\r", b"").replace(b"\n", b"")  # Go counts without them
    try:
        count = _checked_base32(data)
    except CorruptText as exc:
        return f"illegal base32 data at input byte {exc.place}"
    return from_bytes(base64.b32decode(_padded(data[:count], _GROUP_32)))


def _checked_base32(data: bytes) -> int:
    """How many characters there are before the padding; raises ``CorruptText``."""
    count = _count(data, _BASE32)
    used = count % _GROUP_32
    rest = len(data) - count - 1
    if rest < 0:
        if used:
            raise CorruptText(len(data) - used)
        return count
    if data[count : count + 1] != b"=" or used < 2 or rest >= _GROUP_32:
        raise CorruptText(count)
    wanted = _GROUP_32 - 1 - used
    if rest < wanted:
        raise CorruptText(len(data))
    for number in range(wanted):
        if data[count + 1 + number : count + 2 + number] != b"=":
            raise CorruptText(count + number)
    if used in _PARTIAL_32:
        raise CorruptText(count)
    return count


def _count(data: bytes, digits: bytes) -> int:
    """How many digits there are before anything else."""
    return len(data) - len(data.lstrip(digits))


def _padded(kept: bytes, group: int) -> bytes:
    return kept + b"=" * (-len(kept) % group)


def _sha1(text: str) -> str:
    return hashlib.sha1(to_bytes(text), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(to_bytes(text)).hexdigest()


ENCODING_FUNCTIONS = table(
    function("b64enc", lambda text: base64.b64encode(to_bytes(text)).decode(), "string"),
    function("b64dec", _decode_base64, "string"),
    function("b32enc", lambda text: base64.b32encode(to_bytes(text)).decode(), "string"),
    function("b32dec", _decode_base32, "string"),
    function("sha1sum", _sha1, "string"),
    function("sha256sum", _sha256, "string"),
    function("adler32sum", lambda text: str(zlib.adler32(to_bytes(text))), "string"),
)

__all__ = ("ENCODING_FUNCTIONS", "CorruptText", "decode_base64")
