# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import (
    ExecChannels,
    LimitedOutput,
    exit_code,
    stdin_messages,
)

EXIT_7 = {
    "metadata": {},
    "status": "Failure",
    "message": "command terminated with non-zero exit code: exit status 7",
    "reason": "NonZeroExitCode",
    "details": {"causes": [{"reason": "ExitCode", "message": "7"}]},
}


@pytest.mark.parametrize(
    ("messages", "stdout", "stderr", "status"),
    [
        pytest.param([b"\x01out", b"\x02err", b"\x01more"], b"outmore", b"err", None, id="sorted by channel"),
        pytest.param([b"\x01", b"\x02", b"\x03", b""], b"", b"", None, id="empty messages that open the channels"),
        pytest.param([b'\x03{"status":"Success"}'], b"", b"", {"status": "Success"}, id="status"),
        pytest.param(
            [b'\x03{"status":', b'\x03"Success"}'], b"", b"", {"status": "Success"}, id="status in two messages"
        ),
        pytest.param([b"\x03garbage"], b"", b"", None, id="a status that is no JSON has not come"),
        pytest.param([b"\x04resize", b"\x00in", b"\xff\x01"], b"", b"", None, id="other channels are ignored"),
    ],
)
def test_channels(messages: list[bytes], stdout: bytes, stderr: bytes, status: t.Any) -> None:
    channels = ExecChannels(1000)
    for message in messages:
        channels.add(message)
    assert (bytes(channels.stdout), bytes(channels.stderr), channels.status) == (stdout, stderr, status)


def test_a_message_in_pieces_stays_on_its_channel() -> None:
    channels = ExecChannels(1000)
    channels.add(b"\x02fir")
    channels.add(b"\x01st", continues=True)
    assert bytes(channels.stderr) == b"fir\x01st"
    assert bytes(channels.stdout) == b""


@pytest.mark.parametrize(
    ("limit", "pieces", "kept", "truncated"),
    [
        pytest.param(10, [b"12345", b"67890"], b"1234567890", False, id="exactly full"),
        pytest.param(10, [b"12345", b"678901"], b"1234567890", True, id="one too many"),
        pytest.param(10, [b"1234567890", b"x"], b"1234567890", True, id="more after it was full"),
        pytest.param(0, [b"x"], b"", True, id="nothing kept"),
        pytest.param(0, [], b"", False, id="nothing came"),
    ],
)
def test_limit(limit: int, pieces: list[bytes], kept: bytes, truncated: bool) -> None:
    output = LimitedOutput(limit)
    for piece in pieces:
        output.add(piece)
    assert (bytes(output), output.truncated) == (kept, truncated)


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        pytest.param([b"\x01me 1 rc=0 up=5\n", b"\x02me 1 rc=0 up=5\n"], 0, id="both"),
        pytest.param([b"\x01out\nme 1 rc=7\n", b"\x02errme 1 rc=7 up=5\n"], 7, id="after what it said before"),
        pytest.param([b"\x02me 1 rc=7\n", b"\x01me 1 rc=7\n", b"\x01a child goes on\n"], 7, id="somebody says more"),
        pytest.param([b"\x01me 1 rc=7\n", b"\x02me", b"\x02 1 r", b"\x02c=7\n"], 7, id="in pieces"),
        pytest.param([b"\x01me 1 rc=7\n", b"\x02" + b"x" * 5000 + b"me 1 rc=7\n"], 7, id="beyond what is kept"),
        pytest.param([b"\x02me 1 rc=0\n"], None, id="stdout may have more to say"),
        pytest.param([b"\x01me 1 rc=0\n"], None, id="stderr may have more to say"),
        pytest.param([b"\x01me 1 rc=0\n", b"\x02me 1 rc=0"], None, id="not a whole line"),
        pytest.param([b"\x01me 1 rc=0\n", b"\x02me 2 rc=0\n"], None, id="somebody else's"),
    ],
)
def test_last_words(messages: list[bytes], code: int | None) -> None:
    channels = ExecChannels(100, b"me 1")
    for message in messages:
        channels.add(message)
    assert (channels.said_code, channels.ended) == (code, code is not None)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param({"status": "Success"}, 0, id="success"),
        pytest.param(EXIT_7, 7, id="exit 7"),
        pytest.param({"status": "Failure", "reason": "InternalError", "message": "boom"}, None, id="internal error"),
        pytest.param({"status": "Failure", "reason": "NonZeroExitCode"}, None, id="no details"),
        pytest.param(
            {
                "status": "Failure",
                "reason": "NonZeroExitCode",
                "details": {"causes": [{"reason": "ExitCode", "message": "x"}]},
            },
            None,
            id="not a number",
        ),
        pytest.param({}, None, id="an empty object is no success"),
    ],
)
def test_exit_code(status: dict[str, t.Any], code: int | None) -> None:
    assert exit_code(status) == code


def test_stdin_is_cut_and_closed() -> None:
    assert list(stdin_messages(b"abcde", size=2)) == [b"\x00ab", b"\x00cd", b"\x00e", b"\xff\x00"]
    assert list(stdin_messages(b"")) == [b"\xff\x00"]
