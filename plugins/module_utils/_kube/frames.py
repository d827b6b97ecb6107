# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Websocket frames (RFC 6455): masked ones out, plain ones in, from whatever pieces the socket gives."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import struct
import typing as t

OP_CONTINUATION = 0x0
OP_TEXT = 0x1
OP_BINARY = 0x2
OP_CLOSE = 0x8
OP_PING = 0x9
OP_PONG = 0xA

_KNOWN = frozenset({OP_CONTINUATION, OP_TEXT, OP_BINARY, OP_CLOSE, OP_PING, OP_PONG})
#: The API server sends at most 32 KiB a frame; this only keeps a broken peer from filling the memory.
_LONGEST = 32 << 20


class FrameError(Exception):
    """The peer does not speak the websocket protocol."""


class Frame(t.NamedTuple):
    """One frame from the server; a message may come in several, all but the last without ``is_last``."""

    opcode: int
    payload: bytes
    is_last: bool


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """One whole frame, masked as a client must."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    key = os.urandom(4)
    return head + key + _masked(payload, key)


def _masked(payload: bytes, key: bytes) -> bytes:
    """``payload`` xor the repeated key, as one large integer (a loop over bytes takes seconds for megabytes)."""
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")


class FrameReader:
    """Takes bytes in any pieces and gives the frames that are complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> t.Iterator[Frame]:
        """The frames completed by ``data``. Raises ``FrameError``."""
        self._buffer += data
        while True:
            frame = self._take()
            if frame is None:
                return
            yield frame

    def _take(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        opcode = first & 0x0F
        if first & 0x70 or opcode not in _KNOWN:
            raise FrameError(f"a frame begins with the byte {first:#04x}")
        if second & 0x80:
            raise FrameError("a frame from the server is masked")
        size, start = second & 0x7F, 2
        if opcode >= OP_CLOSE and (size > 125 or not first & 0x80):
            raise FrameError("a control frame is too long or in pieces")
        if size >= 126:
            width = 2 if size == 126 else 8
            start += width
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if size > _LONGEST:
            raise FrameError(f"a frame claims {size} bytes")
        if len(buffer) < start + size:
            return None
        payload = bytes(memoryview(buffer)[start : start + size])
        del buffer[: start + size]
        return Frame(opcode, payload, bool(first & 0x80))


__all__ = (
    "OP_BINARY",
    "OP_CLOSE",
    "OP_CONTINUATION",
    "OP_PING",
    "OP_PONG",
    "OP_TEXT",
    "Frame",
    "FrameError",
    "FrameReader",
    "encode_frame",
)
