# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong in a store: in the answers of an S3 server, and in the calls of a process that writes files."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import http.client
import os
import random
import signal
import threading
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import (
    Answerer,
    Reply,
    Request,
    failure,
)

#: By how a request fails: the status and the code of the answer.
_REFUSALS = {
    "400": (400, "InvalidRequest"),
    "403": (403, "AccessDenied"),
    "412": (412, "PreconditionFailed"),
    "501": (501, "NotImplemented"),
    "503": (503, "SlowDown"),
    "before": (500, "InternalError"),
    "after": (500, "InternalError"),
}
_S3_KINDS = (*_REFUSALS, "lost", "reset", "hang", "truncated", "dropped", "killed before", "killed after")
_OPERATIONS = ("PutObject", "GetObject", "HeadObject", "ListObjects", "DeleteObjects", "*")
_FILE_CALLS = {"open": ("EACCES", "ENOSPC", "EROFS"), "fsync": ("EIO", "ENOSPC"), "replace": ("EIO", "EROFS"),
               "link": ("EPERM", "ENOSPC"), "unlink": ("EROFS", "EIO"), "rmdir": ("EROFS",)}  # fmt: skip
#: So often a fault comes back: once is healed by a second try, the last one stays for the whole run.
_TIMES = (1, 1, 2, 1000)
#: Longer than a client of the campaign waits.
_HANG_SECONDS = 4.0


@dataclasses.dataclass(frozen=True)
class Fault:
    """The ``nth`` call of ``call`` fails, and those after it, ``times`` in all; ``name`` is a part of the key."""

    call: str
    kind: str
    nth: int
    times: int
    name: str = ""

    @classmethod
    def of_s3(cls, chance: random.Random) -> Fault:
        kind = chance.choice(_S3_KINDS)
        call = "PutObject" if kind == "truncated" else chance.choice(_OPERATIONS)
        name = chance.choice(["", "", "velero-backup.json", "claim", ".tar.gz"])
        last = 3 if name else 12 if call in ("PutObject", "*") else 4
        return cls(call, kind, chance.randint(1, last), chance.choice(_TIMES), name)

    @classmethod
    def of_files(cls, chance: random.Random) -> Fault:
        if chance.random() < 0.2:
            return cls("full", f"{chance.choice([4, 8, 12, 20, 28, 36, 44])}", 1, 1)
        call = chance.choice(sorted(_FILE_CALLS))
        kind = "killed" if chance.random() < 0.4 else chance.choice(_FILE_CALLS[call])
        return cls(call, kind, chance.randint(1, 16 if call in ("open", "fsync", "replace") else 3),
                   chance.choice(_TIMES))  # fmt: skip

    def __str__(self) -> str:
        if self.call == "full":
            return f"disk full but for {self.kind} KiB"
        where = f" of {self.name}" if self.name else ""
        return f"{self.call}{where} number {self.nth} {self.kind}, {self.times} times"


class FaultyS3:
    """Answers as ``backend`` does, but for the one fault that is in force."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.kill: t.Callable[[], None] = lambda: None
        self._fault: Fault | None = None
        self._seen = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def failing(self, fault: Fault | None) -> t.Iterator[None]:
        self._fault, self._seen = fault, 0
        try:
            yield
        finally:
            self._fault = None

    def __call__(self, request: Request) -> Reply:
        fault = self._due(request)
        return self.backend(request) if fault is None else self._fail(fault.kind, request)

    def _due(self, request: Request) -> Fault | None:
        fault = self._fault
        if fault is None or fault.name not in request.key:
            return None
        if fault.call not in ("*", request.operation, request.operation.removesuffix("V2")):
            return None
        with self._lock:
            self._seen += 1
            return fault if fault.nth <= self._seen < fault.nth + fault.times else None

    def _fail(self, kind: str, request: Request) -> Reply:
        if kind in ("after", "lost", "killed after"):
            self.backend(request)
        if kind.startswith("killed"):
            self.kill()
        if kind in _REFUSALS:
            return failure(*_REFUSALS[kind], "made to fail")
        if kind == "hang":
            return Reply(200, cut=True, wait=_HANG_SECONDS)
        if kind in ("truncated", "dropped") and request.operation in ("PutObject", "DeleteObjects"):
            if kind == "truncated" and request.operation == "PutObject":
                self.backend.store(request.bucket, request.key, request.body[: len(request.body) // 2])
            return Reply(200, b"<DeleteResult/>" if request.method == "POST" else b"", {"ETag": '"0"'})
        return Reply(200, cut=True)


class Backend(t.Protocol):
    """An honest server."""

    def __call__(self, request: Request, /) -> Reply:
        """The answer to a request."""

    def store(self, bucket: str, key: str, data: bytes, /) -> None:
        """Put an object past the wire."""


class RealS3:
    """A server that requests are handed on to."""

    def __init__(self, endpoint: str, client: t.Any) -> None:
        self._address = urllib.parse.urlsplit(endpoint).netloc
        self._client = client

    def __call__(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        headers = {name: value for name, value in request.headers.items() if name not in ("connection", "expect")}
        try:
            connection.request(request.method, request.target, request.body, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION}
            body = answer.read()
            if request.method == "HEAD" and (length := answer.getheader("Content-Length")):
                kept["Content-Length"] = length
            return Reply(answer.status, body, kept)
        finally:
            connection.close()

    def store(self, bucket: str, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=bucket, Key=key, Body=data)


_OF_THE_CONNECTION = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})


def break_files(fault: Fault, below: str) -> None:
    """From now on calls of this process for what is ``below`` a directory fail as ``fault`` says."""
    if fault.call == "full":
        return
    real, seen = getattr(os, fault.call), 0

    def call(target: t.Any, *arguments: t.Any, **options: t.Any) -> t.Any:
        nonlocal seen
        path = os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else os.fspath(target)
        if str(path).startswith(below):
            seen += 1
            if fault.nth <= seen < fault.nth + fault.times:
                if fault.kind == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                number = getattr(errno, fault.kind)
                raise OSError(number, os.strerror(number), str(path))
        return real(target, *arguments, **options)

    setattr(os, fault.call, call)


__all__ = ("Answerer", "Backend", "Fault", "FaultyS3", "RealS3", "break_files")
