# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frozen file systems and loop devices.

A file system that stays frozen keeps its writers, and so the cluster, from ending.
"""

from __future__ import annotations

import fcntl
import os
import re
import typing as t
from pathlib import Path

from kubelab.commands import run

_FITHAW = 0xC0045878
LEFT_FROZEN = "was left frozen"
"""What the driver and the watchdog write when a tool forgot to thaw; a run with such a line has failed."""


def thaw(directory: str | Path | int) -> bool:
    """Thaw the file system that a directory is on; true when it was frozen."""
    fd = directory if isinstance(directory, int) else os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, _FITHAW, 0)
    except OSError:  # EINVAL: it was not frozen
        return False
    finally:
        if fd is not directory:
            os.close(fd)
    return True


def loop_devices(state: Path) -> list[str]:
    """The loop devices, as /dev/loopN, whose files lie in the state directory."""
    found = []
    for device in Path("/sys/block").glob("loop*"):
        if _backing_file(device).startswith(f"{state}/"):
            found.append(f"/dev/{device.name}")
    return sorted(found)


def _backing_file(device: Path) -> str:
    try:
        return (device / "loop/backing_file").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def is_own(path: Path, state: Path) -> bool:
    """Whether a path is on a loop device whose file is in the state directory: nothing else is ever touched."""
    device = path.stat().st_dev
    return _backing_file(Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")).startswith(f"{state}/")


def thaw_all(state: Path) -> None:
    """Thaw every file system of the cluster that some process still has mounted.

    Init's own mounts can be gone already (killed, it waits for the writers); those of a blocked writer are not, so
    every process's mounts are looked at.  Only loop devices whose file lies in the state directory are touched.
    """
    seen: set[str] = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        for device, mounted in _loop_mounts(process):
            if device in seen or not _backing_file(Path("/sys/dev/block") / device).startswith(f"{state}/"):
                continue
            try:
                thaw(f"{process}/root{mounted}")
            except OSError:  # the process or the mount went
                continue
            seen.add(device)


def _loop_mounts(process: Path) -> t.Iterator[tuple[str, str]]:
    """Device number and path of the mounts of loop devices in a process's view."""
    try:
        lines = (process / "mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if fields[2].startswith("7:"):
            yield fields[2], re.sub(r"\\(\d{3})", lambda m: chr(int(m.group(1), 8)), fields[4])


def release(device: str, state: Path) -> None:
    """Let a loop device go that no process holds any more.

    A frozen file system outlives its mounts.  Mounted once more, in a mount namespace that ends with the command, it
    can be thawed.
    """
    at = state / "thaw"
    at.mkdir(exist_ok=True)
    script = 'mount "$1" "$2" && fsfreeze -u "$2"'
    run("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", device, at, check=False)
    run("losetup", "-d", device, check=False)


__all__ = ["LEFT_FROZEN", "is_own", "loop_devices", "release", "thaw", "thaw_all"]
