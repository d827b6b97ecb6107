# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node's own disks: loop-mounted files, so that a freeze that hits one of them hits nothing of the machine."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kubelab.commands import run
from kubelab.configs import CONTAINERD_HOME, KUBELET_HOME
from kubelab.model import Lab


@dataclass(frozen=True, slots=True)
class Disk:
    """A sparse ext4 image; ``watched`` is a path in the node that lies on it."""

    name: str
    size: str
    watched: str


NODE_DISK = Disk("node", "20G", "/var/log")
"""Everything that no other disk holds: the writable layer of / and all that is usual as a hostPath."""
KUBELET_DISK = Disk("kubelet", "20G", KUBELET_HOME)
"""emptyDir volumes, /etc/hosts of the pods, termination logs."""
RUNTIME_DISK = Disk("runtime", "40G", CONTAINERD_HOME)
"""Images, the containers' writable layers, /etc/hostname and /etc/resolv.conf of the pods."""
DISKS = (NODE_DISK, KUBELET_DISK, RUNTIME_DISK)


def make_disks(lab: Lab) -> None:
    """Make the images, on the host; about 0.1 s."""
    lab.path("disks").mkdir()
    with ThreadPoolExecutor(len(DISKS)) as pool:
        list(pool.map(lambda d: _make(_image(lab, d), d.size), DISKS))


def _make(image: Path, size: str) -> None:
    run("truncate", "-s", size, image)
    run("mkfs.ext4", "-q", "-F", "-m", "0", image)


def _image(lab: Lab, disk: Disk) -> Path:
    return lab.path("disks", f"{disk.name}.img")


def mount_disk(lab: Lab, disk: Disk, at: Path) -> None:
    """Mount a disk, in the node's mount namespace only; the loop device goes with the mount."""
    os.makedirs(at, exist_ok=True)
    run("mount", "-o", "loop", _image(lab, disk), at)


__all__ = ["DISKS", "KUBELET_DISK", "NODE_DISK", "RUNTIME_DISK", "Disk", "make_disks", "mount_disk"]
