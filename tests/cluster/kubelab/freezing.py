# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frozen file systems: one that stays frozen keeps its writers, and so the cluster, from ending."""

from __future__ import annotations

import fcntl
import os
import re
import typing as t
from pathlib import Path

from kubelab.commands import run
from kubelab.loops import LoopDevice, own_devices

_FITHAW = 0xC0045878
LEFT_FROZEN = "was left frozen"
"""What the driver and the watchdog write when a tool forgot to thaw; a run with such a line has failed."""


def thaw(directory: str | Path) -> bool:
    """Thaw the file system that a directory is on; true when it was frozen."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, _FITHAW, 0)
    except OSError:  # EINVAL: it was not frozen
        return False
    finally:
        os.close(fd)
    return True


def thaw_all(state: Path) -> None:
    """Thaw every file system of the cluster that some process still has mounted, and nothing else.

    Init's own mounts can be gone already (killed, it waits for the writers); those of a blocked writer are not, so
    every process's mounts are looked at.
    """
    left = {d.number for d in own_devices(state)}
    for process in Path("/proc").iterdir():
        if not left:
            return
        if not process.name.isdigit():
            continue
        for number, mounted in _loop_mounts(process):
            if number not in left:
                continue
            try:
                thaw(f"{process}/root{mounted}")
            except OSError:  # the process or the mount went
                continue
            left.discard(number)


def _loop_mounts(process: Path) -> t.Iterator[tuple[int, str]]:
    """Device number and path of the mounts of loop devices in a process's view."""
    try:
        lines = (process / "mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if fields[2].startswith("7:"):
            path = re.sub(r"\\(\d{3})", lambda m: chr(int(m.group(1), 8)), fields[4])
            yield os.makedev(7, int(fields[2][2:])), path


def release(device: LoopDevice, state: Path) -> None:
    """Let a loop device go that no process holds any more.

    A frozen file system outlives its mounts.  Mounted once more, in a mount namespace that ends with the command, it
    can be thawed.
    """
    at = state / "thaw"
    at.mkdir(exist_ok=True)
    script = 'mount "$1" "$2" && fsfreeze -u "$2"'
    run("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", device.path, at, check=False)
    run("losetup", "-d", device.path, check=False)


__all__ = ["LEFT_FROZEN", "release", "thaw", "thaw_all"]
