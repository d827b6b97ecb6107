# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CRC-64 as Redis has it at the end of its dumps (Jones' polynomial, reflected, from 0; ``src/crc64.c``).

The checksum is what is left of a text, as a polynomial, after a division. A text of two parts is the first one times a
power of x, plus the second; and that power may be replaced by what is left of it, which is short. So the first part is
multiplied by a number of 64 bits, which is a few shifts of all of it, and added to the second: byte by byte, Python
would be slower than a server sends.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools

#: Without its highest term; the lowest bit is the highest power, as in each byte of the text.
_POLYNOMIAL = 0x95AC9329AC4BC9B5
_ONE = 1 << 63
#: Bytes that are folded together.
_BLOCK = 1 << 15
#: Bytes of which the table is quick enough; more than 8, so that a fold makes it shorter.
_SHORT = 64


class Crc64:
    """Of all that ``update`` was given."""

    def __init__(self) -> None:
        self._rest = b""
        self._value = 0

    def update(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % _BLOCK
        for start in range(0, whole, _BLOCK):
            self._value = _after_block(self._value, data[start : start + _BLOCK])
        self._rest = data[whole:]

    def after(self, data: bytes = b"") -> int:
        """Of all that, and of a short text behind it."""
        return _after_bytes(self._value, self._rest + data)


def _after_block(value: int, data: bytes) -> int:
    length = len(data)
    number = int.from_bytes(data, "little") ^ value
    while length > _SHORT:
        # What stays is 64 bits longer than what is folded into it: the product has room.
        stays = (length + 9) // 2
        folded = length - stays
        first = number & ((1 << (8 * folded)) - 1)
        number >>= 8 * folded
        product = 0
        for shift in _shifts(stays):
            product ^= first << shift
        number ^= product << (8 * stays - 8 * folded - 63)
        length = stays
    return _after_bytes(0, number.to_bytes(length, "little"))


@functools.cache
def _shifts(length: int) -> tuple[int, ...]:
    """The bits of what is left of x to the power of ``length`` bytes."""
    power = _after_bytes(_ONE, bytes(length))
    return tuple(bit for bit in range(64) if power >> bit & 1)


@functools.cache
def _table() -> tuple[int, ...]:
    return tuple(_after_bits(number) for number in range(256))


def _after_bits(number: int) -> int:
    for _bit in range(8):
        number = (number >> 1) ^ (_POLYNOMIAL if number & 1 else 0)
    return number


def _after_bytes(value: int, data: bytes) -> int:
    table = _table()
    for byte in data:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return value


__all__ = ("Crc64",)
