# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Websocket frames, by the examples of RFC 6455, section 5.7."""

from __future__ import annotations

import io

import pytest
from kubelab.execstream import receive


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        pytest.param(b"\x81\x05Hello", b"Hello", id="text"),
        pytest.param(b"\x82\x7e\x01\x00" + b"x" * 256, b"x" * 256, id="256 bytes"),
        pytest.param(b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + b"x" * 65536, b"x" * 65536, id="64 KiB"),
        pytest.param(b"\x89\x05Hello", b"", id="ping is no message"),
        pytest.param(b"\x88\x02\x03\xe8", None, id="close"),
        pytest.param(b"", None, id="end"),
    ],
)
def test_receive(data: bytes, payload: bytes | None) -> None:
    assert receive(io.BytesIO(data)) == payload
