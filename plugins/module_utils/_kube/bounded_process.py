# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program of the user's on this machine that gets no terminal, no input, little room and little time."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken

_TICK = 0.1
_CHUNK = 65536
#: After the end of the program, children that it left may hold its output open: they are waited for this long.
_AFTER_SECONDS = 1.0


class Ended(t.NamedTuple):
    """``rc`` is None for a program that was ended by us: after its time, or for what it wrote."""

    rc: int | None
    stdout: bytes
    stderr: bytes
    flooded: bool


class _Output:
    """The first bytes of a stream; the rest is read and dropped."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.data = bytearray()
        self.overflowed = False

    def add(self, data: bytes) -> None:
        room = self.limit - len(self.data)
        self.data += data[:room]
        self.overflowed = self.overflowed or len(data) > room


def run_bounded(
    argv: t.Sequence[str],
    env: t.Mapping[str, str],
    *,
    seconds: float,
    limit: int,
    cancel: CancelToken,
) -> Ended:
    """Run ``argv`` to its end. Raises ``OSError`` when it cannot be started, and ``Cancelled``.

    It is killed with all of its process group when ``seconds`` are over, when it writes more than ``limit`` bytes, and
    when the run is cancelled.
    """
    process = subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env),
        start_new_session=True,
    )
    out, err = _Output(limit), _Output(limit)
    try:
        rc = _until_end(process, out, err, seconds, cancel)
    finally:
        _kill_group(process)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    return Ended(rc, bytes(out.data), bytes(err.data), out.overflowed)


def _until_end(
    process: subprocess.Popen[bytes], out: _Output, err: _Output, seconds: float, cancel: CancelToken
) -> int | None:
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for stream, output in ((process.stdout, out), (process.stderr, err)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, output)
        ended_at: float | None = None
        while selector.get_map() or process.poll() is None:
            cancel.check()
            if time.monotonic() >= end or out.overflowed:
                return None
            if process.poll() is not None:
                ended_at = ended_at or time.monotonic()
                if time.monotonic() - ended_at > _AFTER_SECONDS:
                    break
            _read_ready(selector)
    return process.returncode


def _read_ready(selector: selectors.BaseSelector) -> None:
    if not selector.get_map():
        time.sleep(_TICK / 10)
        return
    for key, _events in selector.select(_TICK):
        data = os.read(key.fd, _CHUNK)
        if data:
            key.data.add(data)
        else:
            selector.unregister(key.fileobj)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


__all__ = ("Ended", "run_bounded")
