# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the object of a write lock says."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import typing as t
import uuid
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import has_ended, identify_process

#: How long a lock lasts that is not renewed, in seconds; one that nobody can read counts from when it was written.
LONGEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class LockRecord:
    """Who holds a lock and until when. ``nonce`` is random, so that no two locks have the same bytes.

    ``commits``: what the holder is about to make visible, or has; empty before. Once that is visible the lock is
    over, whenever it expires. ``process``: what shows later runs on the same machine that the holder is gone.
    """

    run: str
    host: str
    pid: int
    started: dt.datetime
    expires: dt.datetime
    nonce: str
    commits: str = ""
    is_damaged: bool = False
    process: str = ""

    @classmethod
    def make(cls, run: str, host: str, pid: int, moment: dt.datetime, ttl_seconds: float) -> LockRecord:
        expires = moment + dt.timedelta(seconds=ttl_seconds)
        process = identify_process() if pid == os.getpid() else ""
        return cls(run, host, pid, moment, expires, uuid.uuid4().hex, process=process)

    @classmethod
    def damaged(cls, written: dt.datetime) -> LockRecord:
        """A lock that cannot be read: a live run would have written it again before it is over."""
        end = written + dt.timedelta(seconds=LONGEST_SECONDS)
        return cls("", "", 0, written, end, "", is_damaged=True)

    @classmethod
    def parse(cls, data: bytes) -> LockRecord | None:
        """None when ``data`` is no lock, or a part of one."""
        try:
            fields = json.loads(data)
            started, expires = parse_rfc3339(fields["started"]), parse_rfc3339(fields["expires"])
            return cls(
                fields["run"],
                fields["host"],
                int(fields["pid"]),
                started,
                expires,
                fields["nonce"],
                str(fields.get("commits", "")),
                process=str(fields.get("process", "")),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, ValidationError):
            return None

    def renewed(self, moment: dt.datetime, ttl_seconds: float) -> LockRecord:
        """The same lock, ending ``ttl_seconds`` after ``moment``."""
        return dataclasses.replace(self, expires=moment + dt.timedelta(seconds=ttl_seconds))

    @property
    def who(self) -> str:
        if self.is_damaged:
            return f"a run that nobody can name (its claim, written at {_stamp(self.started)}, is damaged)"
        return f"run {self.run} on {self.host} (pid {self.pid})"

    @property
    def is_gone(self) -> bool:
        """True when the holder was a process of this machine, and has ended without releasing the lock."""
        return has_ended(self.pid, self.process)

    @property
    def expires_text(self) -> str:
        return _stamp(self.expires)

    def to_dict(self) -> dict[str, t.Any]:
        return {
            "run": self.run,
            "host": self.host,
            "pid": self.pid,
            "started": _stamp(self.started),
            "expires": _stamp(self.expires),
            "nonce": self.nonce,
            **({"commits": self.commits} if self.commits else {}),
            **({"process": self.process} if self.process else {}),
            **({"damaged": True} if self.is_damaged else {}),
        }

    def encode(self) -> bytes:
        return json.dumps(self.to_dict(), indent=2).encode() + b"\n"


def _stamp(moment: dt.datetime) -> str:
    """RFC 3339 with milliseconds: a lock's end is not rounded to a second."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


__all__ = ("LONGEST_SECONDS", "LockRecord")
