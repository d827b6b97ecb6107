# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An open exec stream: moves what goes in and what comes out, and says how the command ended."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import errno
import struct
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import (
    CLOSE,
    STDIN,
    ExecChannels,
    exit_code,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import (
    ExecError,
    ExecRefused,
    ExecStreamLost,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_handshake import ExecRequest, OpenStream
from ansible_collections.arkive.k8s.plugins.module_utils._kube.frames import (
    OP_BINARY,
    OP_CLOSE,
    OP_CONTINUATION,
    OP_PING,
    OP_PONG,
    Frame,
    FrameError,
    FrameReader,
    encode_frame,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline, Wire

#: A peer that sends nothing is asked for a sign of life this often, in seconds.
PING_SECONDS = 15.0
#: Without a sign of life for this many ping intervals the peer counts as gone.
_SILENT_PINGS = 3
#: After the status the server closes the stream; it is given this long to do so, in seconds.
_CLOSING_SECONDS = 1.0
#: Reads in a row before sending and deadlines get their turn again.
_READS_A_TURN = 32
_PENDING_LIMIT = 1 << 17
#: What API server, kubelet and runtime say when they could not start the command (containerd, CRI-O).
_NOT_STARTED = (
    "error dialing backend",
    "unable to upgrade connection",
    "container not found",
    "container is not created or running",
    "failed to start exec",
    "unable to start container process",
)


class ExecRun:
    """One open stream. One thread at a time."""

    def __init__(
        self,
        stream: OpenStream,
        request: ExecRequest,
        channels: ExecChannels,
        *,
        stdin: t.Iterator[bytes] | None = None,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        """``stdin``: messages of that channel, which go out one after the other."""
        self.channels = channels
        self._wire: Wire = stream.wire
        self._request = request
        self._frames = FrameReader()
        self._first = stream.rest
        self._input: t.Iterator[bytes] = iter(()) if stdin is None else stdin
        self._input_left = stdin is not None
        self._pending = bytearray()
        self._ping_seconds = ping_seconds
        self._heard = self._pinged = time.monotonic()
        self._closed_because: str | None = None

    def until_end(self, deadline: Deadline) -> int:
        """Move data until the status has come. Returns the exit code."""
        try:
            self._take(self._first)
            while not self.is_over:
                self._turn(deadline)
            if self.channels.said_code is None:
                self._drain(deadline.sooner(_CLOSING_SECONDS))
        except (OSError, FrameError) as exc:
            raise self._lost(_why(exc)) from exc
        return self._code()

    @property
    def is_over(self) -> bool:
        """The command has ended, or the stream has."""
        return self._closed_because is not None or self.channels.ended

    def step(self, *, longest: float) -> None:
        """Move what there is, wait ``longest`` seconds for more, and take that. Raises ``ExecStreamLost``."""
        try:
            self._take(self._first)
            self._first = b""
            self._turn(Deadline(None), longest)
            self._read()
        except (OSError, FrameError) as exc:
            raise self._lost(_why(exc)) from exc

    def listen_again(self) -> None:
        """Nobody listened for a while: the peer is given its time to answer anew."""
        self._heard = time.monotonic()

    def send(self, data: bytes) -> None:
        """Have ``data`` go to the command's stdin, by and by. The peer is given its time to answer anew."""
        self.listen_again()
        self._pending += encode_frame(OP_BINARY, bytes([STDIN]) + data)

    def close_stdin(self) -> None:
        """Have the command's stdin closed, after what was sent."""
        self._pending += encode_frame(OP_BINARY, bytes([CLOSE, STDIN]))

    @property
    def stderr(self) -> bytes:
        """What is kept of it, and the last words in any case."""
        stderr = self.channels.stderr
        return bytes(stderr) + (b"\n" + stderr.said if stderr.truncated and stderr.said else b"")

    def close(self) -> None:
        """Say goodbye, if the peer can take it at once, and close."""
        with contextlib.suppress(OSError):  # it may be gone already
            self._wire.send_now(encode_frame(OP_CLOSE, struct.pack("!H", 1000)))
        self._wire.close()

    def _turn(self, deadline: Deadline, longest: float = float("inf")) -> None:
        """Read and send what goes without waiting, then wait for more, the next ping or the deadline."""
        may_have_more = self._read()
        self._write()
        if self.is_over:
            return
        if deadline.has_passed:
            raise self._request.timed_out(bytes(self.channels.stdout), bytes(self.channels.stderr))
        self._watch_peer()
        until_ping = self._pinged + self._ping_seconds - time.monotonic()
        seconds = 0.0 if may_have_more else min(deadline.remaining, until_ping, longest)
        self._wire.wait(write=bool(self._pending), seconds=seconds)

    def _drain(self, limit: Deadline) -> None:
        """After the status: take what is still under way until the server closes."""
        try:
            while self._closed_because is None and not limit.has_passed:
                if not self._read() and self._closed_because is None:
                    self._wire.wait(seconds=limit.remaining)
        except (OSError, FrameError):
            return  # the status is there, how the connection ends does not matter

    def _read(self) -> bool:
        """Take what is there; True when there may be more. TLS data already decrypted is never left behind."""
        for _count in range(_READS_A_TURN):
            data = self._wire.receive_now()
            if data is None:
                return False
            if not data:
                self._closed_because = self._closed_because or "the connection was closed"
                return False
            self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        if data:
            self._heard = time.monotonic()
        for frame in self._frames.feed(data):
            self._handle(frame)

    def _handle(self, frame: Frame) -> None:
        if frame.opcode == OP_PING:
            self._pending += encode_frame(OP_PONG, frame.payload)
        elif frame.opcode == OP_CLOSE:
            self._closed_because = _close_reason(frame.payload)
        elif frame.opcode != OP_PONG:
            self.channels.add(frame.payload, continues=frame.opcode == OP_CONTINUATION)

    def _write(self) -> None:
        """Send what fits. stdin is turned into frames only as fast as they go out."""
        while True:
            if self._input_left and len(self._pending) < _PENDING_LIMIT:
                self._refill()
            if not self._pending:
                return
            try:
                sent = self._wire.send_now(self._pending)
            except OSError as exc:
                if exc.errno not in {errno.EPIPE, errno.ECONNRESET}:
                    raise
                # The peer takes no more; what it has still sent, the status perhaps, is to be read.
                self._pending.clear()
                self._input_left = False
                return
            if not sent:
                return
            del self._pending[:sent]

    def _refill(self) -> None:
        for message in self._input:
            self._pending += encode_frame(OP_BINARY, message)
            if len(self._pending) >= _PENDING_LIMIT:
                return
        self._input_left = False

    def _watch_peer(self) -> None:
        """Ping now and then; a peer that is silent for three pings is gone (a dead TCP peer sends no reset)."""
        now = time.monotonic()
        silent = now - self._heard
        if silent > self._ping_seconds * _SILENT_PINGS:
            raise self._lost(f"the API server has not answered a ping for {silent:.0f} s")
        if now - self._pinged >= self._ping_seconds:
            self._pinged = now
            self._pending += encode_frame(OP_PING, b"")

    def _code(self) -> int:
        if self.channels.said_code is not None:
            return self.channels.said_code
        status = self.channels.status
        if status is None:
            raise self._lost(f"{self._closed_because} before the command's exit code came")
        code = exit_code(status)
        if code is not None:
            return code
        said = str(status.get("message") or status.get("reason") or "no reason given").rstrip(".")
        out, err = bytes(self.channels.stdout), bytes(self.channels.stderr)
        if any(words in said for words in _NOT_STARTED):
            raise ExecRefused(
                f"Nothing was started in {self._request.where}: {said}.",
                status=int(status.get("code") or 500),
                reason=str(status.get("reason") or ""),
                hint="Check the name of the container, that it runs, and that its image has the program.",
                stdout=out,
                stderr=err,
            )
        raise ExecError(
            f"The command in {self._request.where} failed without an exit code: {said}.",
            status=int(status.get("code") or 500),
            reason=str(status.get("reason") or ""),
            stdout=out,
            stderr=err,
        )

    def _lost(self, why: str) -> ExecStreamLost:
        return self._request.lost(why, bytes(self.channels.stdout), bytes(self.channels.stderr))


def _close_reason(payload: bytes) -> str:
    if len(payload) < 2:
        return "the server closed the stream"
    code = struct.unpack("!H", payload[:2])[0]
    text = payload[2:].decode("utf-8", "replace").strip()
    return f"the server closed the stream ({code}{' ' + text if text else ''})"


def _why(exc: Exception) -> str:
    return (getattr(exc, "strerror", None) or str(exc) or type(exc).__name__).rstrip(".")


__all__ = ("PING_SECONDS", "ExecRun")
