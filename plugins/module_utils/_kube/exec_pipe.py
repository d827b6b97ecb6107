# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command in a container through which any amount of data goes: neither side is faster than the other one takes.

What comes out is never dropped and never gathered: who reads slowly makes the command wait.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import (
    CLOSE,
    STDIN,
    V4,
    V5,
    ExecChannels,
    LimitedOutput,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_handshake import (
    ExecRequest,
    OpenStream,
    open_stream,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_run import ExecRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline

_OPEN_SECONDS = 30.0
#: More than one turn of the stream can bring, so that nothing is ever dropped.
_MOST_AT_ONCE = 64 << 20
#: Of standard error, its end.
_KEPT_WORDS = 4096
_MESSAGE_BYTES = 32768
_TICK = 0.2


def open_pipe(
    client: KubeClient,
    target: tuple[str, str, str],
    argv: t.Sequence[str],
    *,
    stdin: t.Iterable[bytes] | None = None,
    stays_open: bool = False,
    seconds: float | None = None,
) -> ExecPipe:
    """``target``: namespace, pod and container. ``stdin``: pieces, after which it is closed (Kubernetes 1.30).

    ``stays_open``: it ends with the stream only, so that the command knows whether somebody is there.
    ``seconds``: for everything; None for no limit. An error that ``stdin`` raises comes out of ``read``; the
    command sees the end of its input then, as it does when this process dies.
    Raises what ``exec_command`` raises.
    """
    request = ExecRequest(
        namespace=target[0],
        pod=target[1],
        container=target[2],
        argv=tuple(argv),
        with_stdin=stdin is not None,
        protocols=(V5, V4) if stdin is None or stays_open else (V5,),
        timeout=seconds,
    )
    deadline = Deadline(seconds)
    stream = open_stream(client, request, deadline.sooner(_OPEN_SECONDS))
    return ExecPipe(stream, request, deadline, None if stdin is None else _messages(stdin, closes=not stays_open))


class ExecPipe:
    """Open until ``close``. ``read`` once; after its end ``rc`` is the exit code, and ``said`` the end of stderr."""

    def __init__(
        self, stream: OpenStream, request: ExecRequest, deadline: Deadline, stdin: t.Iterator[bytes] | None
    ) -> None:
        """``stdin``: messages of that channel."""
        self._request = request
        self._deadline = deadline
        self._channels = ExecChannels(_MOST_AT_ONCE)
        self._run = ExecRun(stream, request, self._channels, stdin=None if stdin is None else self._sent(stdin))
        self._words = b""
        self.rc = -1

    @property
    def said(self) -> str:
        return self._words.decode("utf-8", "replace").strip()

    def read(self, cancel: CancelToken) -> t.Iterator[bytes]:
        """What the command writes to stdout, up to its end.

        Raises ``ExecError`` where that is not known to be its end, and ``Cancelled``.
        """
        while not self._run.is_over:
            cancel.check()
            if self._deadline.has_passed:
                raise self._request.timed_out(b"", self._words)
            try:
                self._run.step(longest=min(_TICK, self._deadline.remaining))
            except ExecError:
                # What the command said before that may tell why.
                self._hear()
                raise
            yield from self._take()
        self.rc = self._run.until_end(self._deadline)
        yield from self._take()

    def close(self) -> None:
        """Close the stream, at once; a command that still runs loses its stdin and stdout."""
        self._run.close()

    def _hear(self) -> None:
        self._words = (self._words + _taken(self._channels.stderr))[-_KEPT_WORDS:]

    def _take(self) -> t.Iterator[bytes]:
        self._hear()
        data = _taken(self._channels.stdout)
        if self._channels.stdout.truncated:
            raise ExecError(f"More came from {self._request.where} at once than can be taken.")
        if data:
            yield data
            self._run.listen_again()

    def _sent(self, messages: t.Iterator[bytes]) -> t.Iterator[bytes]:
        for message in messages:
            # Who waits long for the next one has not listened meanwhile.
            self._run.listen_again()
            yield message


def _messages(pieces: t.Iterable[bytes], *, closes: bool) -> t.Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), _MESSAGE_BYTES):
            yield bytes([STDIN]) + piece[start : start + _MESSAGE_BYTES]
    if closes:
        yield bytes([CLOSE, STDIN])


def _taken(output: LimitedOutput) -> bytes:
    return output.take(len(bytes(output)))


__all__ = ("ExecPipe", "open_pipe")
