# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in containers, over a websocket of our own: argv in, bytes and the exit code out."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import errno
import struct
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import (
    V4,
    V5,
    ExecChannels,
    exit_code,
    stdin_messages,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import (
    ExecError,
    ExecRefused,
    ExecStreamLost,
    ExecTimeout,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_handshake import (
    ExecRequest,
    OpenStream,
    open_stream,
)
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExecResult:
    """How a command ended. Killed by a signal, ``rc`` is 128 + the signal, as in a shell."""

    rc: int
    stdout: bytes
    stderr: bytes
    stdout_truncated: bool
    stderr_truncated: bool
    duration_seconds: float


def exec_command(
    client: KubeClient,
    *,
    namespace: str,
    pod: str,
    container: str,
    argv: t.Sequence[str],
    stdin: bytes | None = None,
    timeout: float | None = 30.0,
    max_output: int = 1 << 20,
    cancel: CancelToken | None = None,
    last_words: str = "",
    _protocols: tuple[str, ...] = (V5, V4),
    _ping_seconds: float = 15.0,
) -> ExecResult:
    """Run ``argv`` and wait for its end. An exit code other than 0 is a result, not an error.

    stdin: given to the command and closed after it; needs the v5 protocol (Kubernetes 1.30). None: no stdin at all.
        A command that ends without reading more than some 100 KiB of it may block the API server until the timeout
        (seen with Kubernetes 1.34, and with kubectl).
    timeout: seconds for everything, connecting included; None for no limit. A dead peer is noticed either way.
    max_output: bytes kept of stdout and of stderr; more is read and dropped, and the result says so.
    cancel: asked instead of the client's token.
    last_words: a command that stays on as the parent of what it started ends for us when it has said, on a line of its
        own, ``<last_words> rc=N`` on both stdout and stderr. It is not waited for; what it runs is not touched.

    Raises ``ExecRefused`` (nothing was started), ``ExecTimeout`` and ``ExecStreamLost`` (the command may still run),
    ``ExecError`` (the runtime failed) and ``Cancelled`` (the command may still run). Uses one connection of its own.
    """
    if stdin is not None:
        _protocols = tuple(protocol for protocol in _protocols if protocol == V5)
    request = ExecRequest(
        namespace=namespace,
        pod=pod,
        container=container,
        argv=tuple(argv),
        with_stdin=stdin is not None,
        protocols=_protocols,
        timeout=timeout,
    )
    _require_sense(request)
    client = client if cancel is None else client.with_cancel(cancel)
    deadline = Deadline(timeout)
    started = time.monotonic()
    channels = ExecChannels(max_output, last_words.encode())
    run = _Run(open_stream(client, request, deadline), request, stdin, channels, _ping_seconds)
    try:
        code = run.until_end(deadline)
    finally:
        run.close()
    return ExecResult(
        rc=code,
        stdout=bytes(run.channels.stdout),
        stderr=run.stderr,
        stdout_truncated=run.channels.stdout.truncated,
        stderr_truncated=run.channels.stderr.truncated,
        duration_seconds=time.monotonic() - started,
    )


def _require_sense(request: ExecRequest) -> None:
    """Refuse what the API server would misunderstand."""
    missing = [name for name in ("namespace", "pod", "container", "argv") if not getattr(request, name)]
    if missing:
        raise ExecRefused(f"No command can be run without {' and '.join(missing)}.", status=400, reason="Invalid")
    if not request.protocols:
        raise ExecRefused(
            f"Nothing was started in {request.where}: its stdin can be closed with {V5} only, which is not offered.",
            status=400,
            reason="Invalid",
        )


class _Run:
    """One open stream. Belongs to one thread."""

    def __init__(
        self, stream: OpenStream, request: ExecRequest, stdin: bytes | None, channels: ExecChannels, ping_seconds: float
    ) -> None:
        self.channels = channels
        self._wire: Wire = stream.wire
        self._request = request
        self._frames = FrameReader()
        self._first = stream.rest
        self._input = iter(()) if stdin is None else stdin_messages(stdin)
        self._input_left = stdin is not None
        self._pending = bytearray()
        self._ping_seconds = ping_seconds
        self._heard = self._pinged = time.monotonic()
        self._closed_because: str | None = None

    def until_end(self, deadline: Deadline) -> int:
        """Move data until the status has come. Returns the exit code."""
        try:
            self._take(self._first)
            while self._closed_because is None and not self.channels.ended:
                self._turn(deadline)
            if self.channels.said_code is None:
                self._drain(deadline.sooner(_CLOSING_SECONDS))
        except (OSError, FrameError) as exc:
            raise self._lost(_why(exc)) from exc
        return self._code()

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

    def _turn(self, deadline: Deadline) -> None:
        """Read and send what goes without waiting, then wait for more, the next ping or the deadline."""
        may_have_more = self._read()
        self._write()
        if self._closed_because is not None or self.channels.ended:
            return
        if deadline.has_passed:
            raise self._request.timed_out(bytes(self.channels.stdout), bytes(self.channels.stderr))
        self._watch_peer()
        until_ping = self._pinged + self._ping_seconds - time.monotonic()
        seconds = 0.0 if may_have_more else min(deadline.remaining, until_ping)
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


__all__ = ("ExecError", "ExecRefused", "ExecResult", "ExecStreamLost", "ExecTimeout", "exec_command")
