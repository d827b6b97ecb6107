# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The watchdog: a process on the host that thaws the node's own disks, should a guard that failed have frozen one.

The volumes of the CSI driver are not its business: tests freeze those on purpose.
"""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

from kubelab.disks import DISKS
from kubelab.freezing import LEFT_FROZEN, thaw
from kubelab.loops import own_devices
from kubelab.model import Lab

_EVERY_MS = 250


def watch(lab: Lab, init: int) -> None:
    """Look at the disks until the node's pid 1 has ended.

    Directories are opened anew each time: an open one would keep the disk mounted after the node is gone.
    """
    root = Path(f"/proc/{init}/root")
    watched = {d.name: root / d.watched.lstrip("/") for d in DISKS}
    watched["volume pool"] = root / str(lab.path("volumes/pool")).lstrip("/")
    own: set[int] = set()
    ended = select.poll()
    ended.register(os.pidfd_open(init), select.POLLIN)
    while not ended.poll(_EVERY_MS):
        for name, path in watched.items():
            _look(lab, name, path, own)


def _look(lab: Lab, name: str, path: Path, own: set[int]) -> None:
    """Thaw one disk; ``own`` remembers the devices that are known to be the cluster's.

    Until the disk is mounted the path is on the machine's file system, which is none of our business.
    """
    try:
        device = path.stat().st_dev
        if device not in own:
            own.update(d.number for d in own_devices(lab.state))
        frozen = device in own and thaw(path)
    except OSError:  # not there yet, or not any more
        return
    if frozen:
        with lab.path("log/watchdog.log").open("a", encoding="utf-8") as log:
            print(
                f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} the node's disk {name} {LEFT_FROZEN}: thawed",
                file=log,
            )


__all__ = ["watch"]
