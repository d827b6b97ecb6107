# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of a container, line by line while it is written, each line once.

A kubelet ends such a stream after four hours, and an API server that restarts cuts it: it is opened again from the last
line's time. Times are asked for with each line, because the server knows whole seconds only where it is asked to begin.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline

#: One stream, in seconds: a connection that broke without a sign is noticed after that.
_STREAM_SECONDS = 60.0
#: Between two streams, in seconds: at first, and at most.
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
#: How long the rest of the log of a container that has ended is tried for, in seconds.
_REST_SECONDS = 30.0
#: Bytes of one line; what comes after them is dropped, up to its end.
_LONGEST_LINE = 8 << 20

#: Whether the container has ended, or does within the seconds given.
HasEnded: t.TypeAlias = t.Callable[[float], bool]

_TIMED = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """Whose log."""

    namespace: str
    pod: str
    container: str

    @property
    def path(self) -> str:
        return namespaced_path("v1", self.namespace, "pods", self.pod, "log")

    @property
    def where(self) -> str:
        return f"container {self.container} of pod {self.namespace}/{self.pod}"


def follow_log(
    client: KubeClient, source: LogSource, *, has_ended: HasEnded, timeout: float
) -> t.Generator[bytes, None, None]:
    """The lines without their ends, until the container has ended and all that it wrote has been read.

    ``has_ended`` is asked before each stream whether the container has, and may wait so many seconds for that; what it
    raises ends the reading. Raises
    ``KubeTimeout`` after ``timeout`` seconds, ``KubeError`` where the log may not be read, or where its rest cannot be
    read although the container has ended, and ``Cancelled``.
    """
    return _Follower(client, source, Deadline(timeout), timeout).lines(has_ended)


class _Follower:
    def __init__(self, client: KubeClient, source: LogSource, deadline: Deadline, timeout: float) -> None:
        self._client = client
        self._source = source
        self._deadline = deadline
        self._timeout = timeout
        self._seen = _Seen()
        self._pause = _FIRST_PAUSE

    def lines(self, has_ended: HasEnded) -> t.Generator[bytes, None, None]:
        rest: Deadline | None = None
        wait = 0.0
        while True:
            ended = has_ended(wait)
            rest = (rest or self._deadline.sooner(_REST_SECONDS)) if ended else None
            trouble = yield from self._stream(ended=ended)
            if ended and trouble is None:
                return
            self._require_time(rest, trouble)
            wait = min(self._pause, self._deadline.remaining)
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
            if trouble is not None:
                # Asked at once, a server that has just gone would be asked again and again.
                self._sleep(wait)
                wait = 0.0

    def _stream(self, *, ended: bool) -> t.Generator[bytes, None, KubeError | None]:
        """The new lines of one stream; returns why it ended too early, None where the server has ended it."""
        query = {"container": self._source.container, "follow": "true", "timestamps": "true", **self._seen.query}
        limit = min(self._deadline.remaining, _STREAM_SECONDS)
        splitter = _Splitter()
        self._seen.begin()
        try:
            pieces = self._client.stream_bytes(self._source.path, query=query, accept="*/*", timeout=max(1.0, limit))
            with contextlib.closing(pieces):
                for piece in pieces:
                    yield from self._new(splitter.feed(piece))
        except KubeError as exc:
            if isinstance(exc, KubeTimeout) and not ended:
                return None
            if not (exc.may_pass or exc.status == 400):
                raise
            return exc
        if ended:
            # A container may end without a line's end; a stream that was cut has the line once more.
            yield from self._new(splitter.end())
        return None

    def _sleep(self, seconds: float) -> None:
        if self._client.cancel.wait(seconds):
            self._client.cancel.check()

    def _new(self, lines: t.Iterable[bytes]) -> t.Iterator[bytes]:
        for line in lines:
            text = self._seen.take(line)
            if text is not None:
                self._pause = _FIRST_PAUSE
                yield text

    def _require_time(self, rest: Deadline | None, trouble: KubeError | None) -> None:
        if rest is not None and rest.has_passed and trouble is not None:
            raise KubeError(
                f"The rest of the log of {self._source.where} could not be read: {trouble.message}",
                status=trouble.status,
                reason=trouble.reason,
                hint=trouble.hint,
            )
        if self._deadline.has_passed:
            last = f" The last that was seen: {trouble.message}" if trouble is not None else ""
            raise KubeTimeout(f"The log of {self._source.where} did not end within {self._timeout:g} s.{last}")


class _Splitter:
    """Lines out of pieces; no line is longer than a bound."""

    def __init__(self) -> None:
        self._line = bytearray()

    def feed(self, piece: bytes) -> t.Iterator[bytes]:
        first, *others = piece.split(b"\n")
        self._add(first)
        for each in others:
            yield bytes(self._line)
            self._line.clear()
            self._add(each)

    def end(self) -> t.Iterator[bytes]:
        if self._line:
            yield bytes(self._line)

    def _add(self, part: bytes) -> None:
        self._line += part[: _LONGEST_LINE - len(self._line)]


class _Seen:
    """Which lines were given out: all before the newest time, and so many of that time."""

    def __init__(self) -> None:
        self._newest = -1
        self._of_newest = 0
        self._to_skip = 0

    @property
    def query(self) -> dict[str, str]:
        if self._newest < 0:
            return {}
        return {"sinceTime": rfc3339(dt.datetime.fromtimestamp(self._newest // 1_000_000_000, tz=dt.UTC))}

    def begin(self) -> None:
        """A stream begins anew: those of the newest time come once more."""
        self._to_skip = self._of_newest

    def take(self, line: bytes) -> bytes | None:
        """The text of a line; None where it was given out, and where it is no line of the container's."""
        timed = _TIMED.match(line)
        if timed is None:
            return None
        moment = _nanoseconds(timed)
        if moment <= self._newest and self._to_skip:
            self._to_skip -= moment == self._newest
            return None
        if moment == self._newest:
            self._of_newest += 1
        elif moment > self._newest:
            self._newest, self._of_newest, self._to_skip = moment, 1, 0
        return line[timed.end() :]


def _nanoseconds(timed: re.Match[bytes]) -> int:
    seconds, fraction, zone = (part or b"" for part in timed.groups())
    moment = dt.datetime.fromisoformat((seconds + (b"+00:00" if zone == b"Z" else zone)).decode())
    return int(moment.timestamp()) * 1_000_000_000 + int(fraction.ljust(9, b"0") or 0)


__all__ = ("HasEnded", "LogSource", "follow_log")
