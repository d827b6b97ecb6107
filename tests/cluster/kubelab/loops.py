# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop devices of a cluster: those of its disks, and those of the volumes that lie on its disks.

They are known by the device and inode of their files.  Their paths would not do: once a mount namespace is gone, the
kernel shows the path from where the mount was.
"""

from __future__ import annotations

import fcntl
import os
import struct
import typing as t
from dataclasses import dataclass
from pathlib import Path

_LOOP_GET_STATUS64 = 0x4C05
_STATUS64_SIZE = 232


@dataclass(frozen=True, slots=True)
class LoopDevice:
    """A loop device that is in use; ``file`` is device and inode of its file."""

    path: str
    number: int
    file: tuple[int, int]


def loop_devices() -> list[LoopDevice]:
    """All that are in use on the machine."""
    found = (_look(f"/dev/{entry.name}") for entry in sorted(Path("/sys/block").glob("loop*")))
    return [device for device in found if device]


def own_devices(state: Path) -> list[LoopDevice]:
    """Those of the cluster with this state directory, disks before the volumes on them."""
    files = [os.stat(f) for f in (*state.glob("disks/*.img"), *state.glob("volumes/pool.img"))]
    return select_own(loop_devices(), {(f.st_dev, f.st_ino) for f in files})


def select_own(devices: t.Sequence[LoopDevice], files: t.Container[tuple[int, int]]) -> list[LoopDevice]:
    """Those with one of the files, and those whose file is on a file system of one of these, and so on."""
    own = [d for d in devices if d.file in files]
    for disk in own:  # grows while it is gone through
        own += [d for d in devices if d.file[0] == disk.number and d not in own]
    return own


def _look(path: str) -> LoopDevice | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = fcntl.ioctl(fd, _LOOP_GET_STATUS64, bytes(_STATUS64_SIZE))
        number = os.fstat(fd).st_rdev
    except OSError:  # not in use
        return None
    finally:
        os.close(fd)
    device, inode = struct.unpack_from("=QQ", status)
    return LoopDevice(path, number, (device, inode))


__all__ = ["LoopDevice", "loop_devices", "own_devices", "select_own"]
