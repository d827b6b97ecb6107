# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.frames import (
    OP_BINARY,
    OP_CLOSE,
    OP_CONTINUATION,
    OP_PING,
    Frame,
    FrameError,
    FrameReader,
    encode_frame,
)


def unmasked(frame: bytes) -> tuple[int, bytes]:
    """By the letter of RFC 6455 5.2 and 5.3."""
    assert frame[0] & 0x80
    assert frame[1] & 0x80
    size, at = frame[1] & 0x7F, 2
    if size >= 126:
        width = 2 if size == 126 else 8
        size, at = int.from_bytes(frame[2 : 2 + width], "big"), 2 + width
    key, payload = frame[at : at + 4], frame[at + 4 :]
    assert len(payload) == size
    return frame[0] & 0x0F, bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 126, 65535, 65536, 100_001])
def test_encoded_frames_are_masked_and_whole(size: int) -> None:
    payload = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    assert unmasked(encode_frame(OP_BINARY, payload)) == (OP_BINARY, payload)


PLAIN = [
    pytest.param(b"\x82\x00", [Frame(OP_BINARY, b"", True)], id="empty"),
    pytest.param(b"\x82\x03\x01ab", [Frame(OP_BINARY, b"\x01ab", True)], id="short"),
    pytest.param(b"\x82\x7e\x00\x7e" + b"x" * 126, [Frame(OP_BINARY, b"x" * 126, True)], id="16 bit length"),
    pytest.param(
        b"\x82\x7f" + (70000).to_bytes(8, "big") + b"y" * 70000, [Frame(OP_BINARY, b"y" * 70000, True)], id="64 bit"
    ),
    pytest.param(
        b"\x02\x01a\x89\x01p\x80\x01b",
        [Frame(OP_BINARY, b"a", False), Frame(OP_PING, b"p", True), Frame(OP_CONTINUATION, b"b", True)],
        id="a ping between the pieces of a message",
    ),
    pytest.param(b"\x88\x02\x03\xe8", [Frame(OP_CLOSE, b"\x03\xe8", True)], id="close"),
]


@pytest.mark.parametrize(("data", "frames"), PLAIN)
def test_frames_are_read_in_one_piece(data: bytes, frames: list[Frame]) -> None:
    assert list(FrameReader().feed(data)) == frames


@pytest.mark.parametrize(("data", "frames"), PLAIN)
def test_frames_are_read_in_any_pieces(data: bytes, frames: list[Frame]) -> None:
    step = 1 if len(data) < 1000 else 997
    reader = FrameReader()
    assert [frame for at in range(0, len(data), step) for frame in reader.feed(data[at : at + step])] == frames


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xc2\x00", id="reserved bit"),
        pytest.param(b"\x83\x00", id="unknown opcode"),
        pytest.param(b"\x82\x80abcd", id="masked by the server"),
        pytest.param(b"\x89\x7e\x00\x7e", id="long ping"),
        pytest.param(b"\x09\x00", id="ping in pieces"),
        pytest.param(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", id="absurd length"),
        pytest.param(b"HTTP/1.1 400 Bad Request", id="HTTP"),
    ],
)
def test_what_is_no_websocket_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        list(FrameReader().feed(data))
