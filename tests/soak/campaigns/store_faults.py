# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong in a store: in the answers of an S3 server, and in the calls of a process that writes files."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import random
import signal
import threading
import typing as t

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_fates import Fate, meet
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import Answerer, Reply, Request

_FATES: tuple[Fate, ...] = (
    "refuse", "drop", "truncate", "lose", "away", "hang", "400", "412", "500", "500-after", "501", "503",
)  # fmt: skip
_KILLS = ("killed before", "killed after")
_OPERATIONS = ("PutObject", "GetObject", "HeadObject", "ListObjects", "DeleteObjects", "*")
#: Of uploads in parts, with what only their answers can lack.
_OF_PARTS: dict[str, tuple[Fate, ...]] = {
    "CreateMultipartUpload": (*_FATES, "error-in-200"),
    "UploadPart": (*_FATES, "no-etag"),
    "CompleteMultipartUpload": (*_FATES, "error-in-200"),
    "AbortMultipartUpload": ("refuse", "lose", "away", "500", "501"),
}
_FILE_CALLS = {"open": ("EACCES", "ENOSPC", "EROFS"), "fsync": ("EIO", "ENOSPC"), "replace": ("EIO", "EROFS"),
               "link": ("EPERM", "ENOSPC"), "unlink": ("EROFS", "EIO"), "rmdir": ("EROFS",)}  # fmt: skip
#: So often a fault comes back: once is healed by a second try, the last one stays for the whole run.
_TIMES = (1, 1, 2, 1000)


@dataclasses.dataclass(frozen=True)
class Fault:
    """The ``nth`` call of ``call`` fails, and those after it, ``times`` in all; ``name`` is a part of the key.

    Each call of ``fails`` is refused beside it.
    """

    call: str
    kind: str
    nth: int
    times: int
    name: str = ""
    fails: str = ""

    @classmethod
    def of_s3(cls, chance: random.Random) -> Fault:
        kind = chance.choice([*_FATES, *_KILLS])
        call = "PutObject" if kind == "truncate" else chance.choice(_OPERATIONS)
        name = chance.choice(["", "", "velero-backup.json", "claim", ".tar.gz"])
        last = 3 if name else 12 if call in ("PutObject", "*") else 4
        return cls(call, kind, chance.randint(1, last), chance.choice(_TIMES), name)

    @classmethod
    def of_parts(cls, chance: random.Random) -> Fault:
        """Of an upload in parts. An upload is only aborted when it fails, so that is another fault's second half."""
        call = chance.choice(sorted(_OF_PARTS))
        kind = chance.choice([*_OF_PARTS[call], *_KILLS])
        fails = "UploadPart" if call == "AbortMultipartUpload" else ""
        return cls(call, kind, chance.randint(1, 1 if fails else 4), chance.choice(_TIMES), fails=fails)

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
        where = f" of {self.name}" if self.name else f" while {self.fails} fails" if self.fails else ""
        return f"{self.call}{where} number {self.nth} {self.kind}, {self.times} times"


class FaultyS3:
    """Answers as ``server`` does, but for the one fault that is in force."""

    def __init__(self, server: Answerer) -> None:
        self.server = server
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
        fault = self._fault
        if fault is not None and request.operation == fault.fails:
            return meet("refuse", request, self.server)
        if fault is None or not self._is_due(fault, request):
            return self.server(request)
        if not fault.kind.startswith("killed"):
            return meet(t.cast("Fate", fault.kind), request, self.server)
        if fault.kind == "killed after":
            self.server(request)
        self.kill()
        return Reply(200, cut=True)

    def _is_due(self, fault: Fault, request: Request) -> bool:
        if fault.name not in request.key:
            return False
        if fault.call not in ("*", request.operation, request.operation.removesuffix("V2")):
            return False
        with self._lock:
            self._seen += 1
            return fault.nth <= self._seen < fault.nth + fault.times


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


__all__ = ("Fault", "FaultyS3", "break_files")
