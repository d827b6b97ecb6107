# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which process something was written by, so that another one on the same machine knows for certain that it is gone.

A host's name and a number are no proof: containers and clones of a machine share both. So a process is named by the
boot of its kernel, the namespace in which its number counts, and its start time. Where the system knows none of that
(no ``/proc``), nobody is ever known to be gone.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import os

_START_TIME = 19  # field 22 of /proc/PID/stat, counted behind the program's name


def identify_process() -> str:
    """``BOOT/NAMESPACE/START`` of this process; empty where the system does not say."""
    place, start = _place(), _start_time(os.getpid())[0]
    return f"{place}/{start}" if place and start else ""


def has_ended(pid: int, identity: str) -> bool:
    """True when process ``pid`` was one of this machine and is gone. False where that cannot be known."""
    place, _slash, start = identity.rpartition("/")
    if pid <= 0 or not start or not place or place != _place():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    # Whoever has the number now may be another one. What cannot be read may belong to another user.
    found, state = _start_time(pid)
    return bool(found) and (found != start or state in ("Z", "X"))


def _place() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}" if boot else ""
    except (OSError, ValueError):
        return ""


def _start_time(pid: int) -> tuple[str, str]:
    """The start time of a process and its state; both empty where they cannot be read."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return fields[_START_TIME], fields[0]
    except (OSError, IndexError):
        return "", ""


__all__ = ("has_ended", "identify_process")
