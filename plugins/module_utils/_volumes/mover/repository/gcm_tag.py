# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tag of AES-256-GCM, by which it shows whether a key is that of a text (FIPS 197, NIST SP 800-38D).

Python's own library has no AES. This decrypts nothing, and is of a few kilobytes: it takes some milliseconds for each.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import hmac

NONCE_BYTES = 12
TAG_BYTES = 16
_BLOCK = 16
_ROUNDS = 14
_KEY_BYTES = 32
#: The polynomial of GHASH, its bits reversed (SP 800-38D, 6.3).
_REDUCTION = 0xE1 << 120


def is_sealed_with(key: bytes, sealed: bytes, associated: bytes) -> bool:
    """Whether ``sealed`` (nonce, text, tag) was made with ``key`` and ``associated``, and is as it was then."""
    if len(key) != _KEY_BYTES or len(sealed) < NONCE_BYTES + TAG_BYTES:
        return False
    nonce, text, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
    return hmac.compare_digest(_tag(key, nonce, text, associated), tag)


def _tag(key: bytes, nonce: bytes, text: bytes, associated: bytes) -> bytes:
    keys = _round_keys(key)
    subkey = int.from_bytes(_encrypt(keys, bytes(_BLOCK)), "big")
    lengths = (8 * len(associated)).to_bytes(8, "big") + (8 * len(text)).to_bytes(8, "big")
    hashed = _ghash(subkey, _padded(associated) + _padded(text) + lengths)
    first = int.from_bytes(_encrypt(keys, nonce + b"\0\0\0\1"), "big")
    return (hashed ^ first).to_bytes(TAG_BYTES, "big")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _BLOCK)


def _ghash(subkey: int, data: bytes) -> int:
    found = 0
    for start in range(0, len(data), _BLOCK):
        found = _multiply(found ^ int.from_bytes(data[start : start + _BLOCK], "big"), subkey)
    return found


def _multiply(one: int, other: int) -> int:
    """In the field of GHASH, whose first bit is the highest."""
    product = 0
    for bit in range(127, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (_REDUCTION if other & 1 else 0)
    return product


def _doubled(byte: int) -> int:
    """Times x in the field of AES."""
    return (byte << 1 ^ (0x11B if byte & 0x80 else 0)) & 0xFF


@functools.cache
def _substitutes() -> bytes:
    """The S-box: the inverse of each byte, and an affine map (FIPS 197, 5.1.1)."""
    table = bytearray(256)
    table[0] = 0x63
    value = inverse = 1
    for _step in range(255):
        value ^= _doubled(value)  # times 3, which generates all but zero
        for shift in (1, 2, 4):
            inverse ^= inverse << shift
        inverse &= 0xFF
        inverse ^= 0x09 if inverse & 0x80 else 0
        turned = inverse * 0x101
        table[value] = (inverse ^ turned >> 7 ^ turned >> 6 ^ turned >> 5 ^ turned >> 4) & 0xFF ^ 0x63
    return bytes(table)


def _round_keys(key: bytes) -> list[bytes]:
    """Those of AES-256 (FIPS 197, 5.2)."""
    box = _substitutes()
    words = [key[start : start + 4] for start in range(0, _KEY_BYTES, 4)]
    constant = 1
    while len(words) < 4 * (_ROUNDS + 1):
        word = words[-1]
        if len(words) % 8 == 0:
            turned = word[1:] + word[:1]
            word = bytes([box[turned[0]] ^ constant, *(box[byte] for byte in turned[1:])])
            constant = _doubled(constant)
        elif len(words) % 8 == 4:
            word = bytes(box[byte] for byte in word)
        words.append(bytes(left ^ right for left, right in zip(words[-8], word, strict=True)))
    return [b"".join(words[start : start + 4]) for start in range(0, len(words), 4)]


def _encrypt(keys: list[bytes], block: bytes) -> bytes:
    """One block (FIPS 197, 5.1)."""
    box = _substitutes()
    state = bytes(left ^ right for left, right in zip(block, keys[0], strict=True))
    for number, key in enumerate(keys[1:], start=1):
        # ShiftRows: row r of column c comes from column c + r.
        moved = bytes(box[state[(index + 4 * (index % 4)) % _BLOCK]] for index in range(_BLOCK))
        if number < _ROUNDS:
            moved = b"".join(_mixed(moved[start : start + 4]) for start in range(0, _BLOCK, 4))
        state = bytes(left ^ right for left, right in zip(moved, key, strict=True))
    return state


def _mixed(column: bytes) -> bytes:
    """MixColumns of one."""
    total = column[0] ^ column[1] ^ column[2] ^ column[3]
    return bytes(
        byte ^ total ^ _doubled(byte ^ following)
        for byte, following in zip(column, column[1:] + column[:1], strict=True)
    )


__all__ = ("NONCE_BYTES", "TAG_BYTES", "is_sealed_with")
