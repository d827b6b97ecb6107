# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node's root directory: the machine's, read through an overlay whose writable layer is a disk of the cluster.

So nothing that runs in the node writes to the machine's file systems, and no path that a pod can name as a hostPath
lies on one that could be frozen: an overlay refuses a freeze, the directories below lie on the cluster's disks.  (The
cluster's own state directory is the exception: its programs' files are the machine's.)
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kubelab.commands import run, write
from kubelab.disks import KUBELET_DISK, NODE_DISK, RUNTIME_DISK, mount_disk
from kubelab.model import CODE, NODE_NAME, Lab

_HOST_PATHS = ("var/log", "tmp", "var/tmp", "mnt", "srv", "opt")

# What the kubelet insists on. The files are covered in the node's mount namespace: the machine keeps its own values.
_TUNABLES = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}


def enter(lab: Lab) -> None:
    """Make the root directory and change into it.  Runs as pid 1 of the new namespaces, whose mounts are private."""
    node, new = lab.path("mnt/node"), lab.path("mnt/root")
    mount_disk(lab, NODE_DISK, node)
    for name in ("upper", "work"):
        (node / name).mkdir()
    new.mkdir()
    layers = f"lowerdir=/,upperdir={node}/upper,workdir={node}/work"
    run("mount", "-t", "overlay", "-o", layers, "overlay", new)
    _mount_kernel_views(new)
    mount_disk(lab, KUBELET_DISK, new / KUBELET_DISK.watched.lstrip("/"))
    mount_disk(lab, RUNTIME_DISK, new / RUNTIME_DISK.watched.lstrip("/"))
    for path in _HOST_PATHS:
        own = node / "host" / path.replace("/", "-")
        own.mkdir(parents=True)
        own.chmod(0o1777 if path.endswith("tmp") else 0o755)
        _bind(own, new / path)
    for directory in _directories(lab):
        _bind(directory, new / str(directory).lstrip("/"))
    _pivot(new)
    run("mount", "--make-rshared", "/")
    _write_node_files(lab)


def _mount_kernel_views(new: Path) -> None:
    run("mount", "--rbind", "/proc", new / "proc")
    run("mount", "--rbind", "/dev", new / "dev")
    run("mount", "-t", "sysfs", "sysfs", new / "sys")  # of the new network namespace
    run("mount", "--rbind", "/sys/fs/cgroup", new / "sys/fs/cgroup")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", new / "run")
    for name in ("lock", "netns", "containerd"):
        (new / "run" / name).mkdir()


def _directories(lab: Lab) -> list[Path]:
    """What the node needs of the machine where it is: on a file system of its own the overlay does not show it."""
    separate = [Path(p) for p in ("/usr", sys.base_prefix, sys.prefix) if p == "/usr" or not p.startswith("/usr")]
    wanted = [p for p in separate if p.exists() and os.stat(p).st_dev != os.stat("/").st_dev]
    return list(dict.fromkeys([*wanted, CODE, *lab.programs, lab.state]))


def _bind(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    run("mount", "--bind", source, target)


def _pivot(new: Path) -> None:
    old = new / ".old"
    old.mkdir()
    run("pivot_root", new, old)
    os.chdir("/")
    run("umount", "-l", "/.old")
    os.rmdir("/.old")


def _write_node_files(lab: Lab) -> None:
    for name, value in _TUNABLES.items():
        file = lab.path("tunables", name.replace("/", "_"))
        write(file, f"{value}\n")
        if Path("/proc/sys", name).exists():
            run("mount", "--bind", file, f"/proc/sys/{name}")
    for name, text in (
        ("resolv.conf", lab.path("resolv.conf").read_text(encoding="utf-8")),
        ("hostname", f"{NODE_NAME}\n"),
    ):
        Path("/etc", name).unlink(missing_ok=True)  # often a link
        write(Path("/etc", name), text)
    run("hostname", NODE_NAME)


__all__ = ["enter"]
