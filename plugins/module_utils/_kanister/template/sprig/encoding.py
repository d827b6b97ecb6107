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

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#: Of a last group without its padding: how many characters make whole bytes.
_WHOLE_32 = (0, 2, 4, 5, 7)


class CorruptText(Exception):
    """``place`` is the first byte that does not belong."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


def decode_base64(text: str) -> bytes:
    """Raises ``CorruptText``."""
    return base64.b64decode(_padded(_checked(to_bytes(text), 4, _BASE64), 4))


def _decode_base64(text: str) -> str:
    """What is no base64 gives the words of the error, as in sprig."""
    try:
        return from_bytes(decode_base64(text))
    except CorruptText as exc:
        return f"illegal base64 data at input byte {exc.place}"


def _decode_base32(text: str) -> str:
    try:
        return from_bytes(base64.b32decode(_padded(_checked(to_bytes(text), 8, _BASE32), 8)))
    except CorruptText as exc:
        return f"illegal base32 data at input byte {exc.place}"


def _padded(kept: bytes, group: int) -> bytes:
    return kept + b"=" * (-len(kept) % group)


def _checked(data: bytes, group: int, alphabet: str) -> bytes:
    """``data`` without line ends and padding; raises ``CorruptText`` as Go's decoders do."""
    digits = alphabet.encode()
    places = [place for place, byte in enumerate(data) if byte not in b"\r\n"]
    kept = bytes(data[place] for place in places)
    body = kept.lstrip(digits)
    count = len(kept) - len(body)
    if not body:
        if count % group:
            raise CorruptText(_group_start(places, count, group, data))
        return kept
    if body[:1] != b"=":
        raise CorruptText(places[count])
    return _checked_padding(kept, count, group, places, data)


def _group_start(places: list[int], count: int, group: int, data: bytes) -> int:
    """Where a group begins that is not whole; Go counts it from the end."""
    return len(data) - count % group if group == 4 else len(data)


def _checked_padding(kept: bytes, count: int, group: int, places: list[int], data: bytes) -> bytes:
    used = count % group
    padding = kept[count:]
    wanted = group - used
    allowed = (2, 3) if group == 4 else _WHOLE_32[1:]
    if used not in allowed:
        raise CorruptText(places[count])
    for number in range(wanted):
        if number >= len(padding):
            raise CorruptText(len(data))
        if padding[number : number + 1] != b"=":
            raise CorruptText(places[count + number] - 1)
    if len(padding) > wanted:
        raise CorruptText(places[count + wanted])
    return kept[:count]


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
