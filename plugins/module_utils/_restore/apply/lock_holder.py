# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who restores into a namespace, by the Lease in it, and whether that process is surely gone."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import os
import pathlib
import socket
import typing as t
import uuid

RESTORE_ANNOTATION = "arkive.k8s/restore"
PROCESS_ANNOTATION = "arkive.k8s/process"
_START_TIME_FIELD = 19


@dataclasses.dataclass(frozen=True, slots=True)
class RestoreProcess:
    """``identity`` is no other's; ``process`` names the process for others on this machine, empty where it cannot."""

    restore: str
    identity: str
    process: str

    @classmethod
    def current(cls, restore: str) -> RestoreProcess:
        identity = f"{restore}/{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        return cls(restore, identity, _process_mark(os.getpid()))

    @property
    def annotations(self) -> dict[str, str]:
        return {RESTORE_ANNOTATION: self.restore, PROCESS_ANNOTATION: self.process}


def is_surely_gone(mark: str) -> bool:
    """True for a process of this machine (this boot, these process numbers) that has ended."""
    own = _process_mark(os.getpid()).split()
    named = mark.split()
    if len(named) != len(own) or not own or named[:2] != own[:2] or not named[2].isdigit():
        return False
    return _process_mark(int(named[2])) != mark


def _process_mark(number: int) -> str:
    """Boot, process namespace, process number, and when it was started, in ticks: numbers are used again."""
    try:
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
        started = pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[_START_TIME_FIELD]
    except (OSError, IndexError):
        return ""
    return f"{boot} {space} {number} {started}"


def holder_of(lease: t.Mapping[str, t.Any]) -> RestoreProcess:
    """Who holds a Lease, as far as it says so."""
    annotations = lease["metadata"].get("annotations") or {}
    identity = str((lease.get("spec") or {}).get("holderIdentity") or "")
    return RestoreProcess(
        str(annotations.get(RESTORE_ANNOTATION, "")), identity, str(annotations.get(PROCESS_ANNOTATION, ""))
    )


__all__ = ("RestoreProcess", "holder_of", "is_surely_gone")
