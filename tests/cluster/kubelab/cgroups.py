# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster's cgroup: made before the kubelet, removed after it.  Version 1 has one in every hierarchy."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from kubelab.commands import wait_until

_ROOT = Path("/sys/fs/cgroup")
_V2_CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")


def unified() -> bool:
    """Whether the machine has cgroup version 2 alone."""
    return (_ROOT / "cgroup.controllers").exists()


def make(name: str) -> None:
    """Make the cgroup ``/name`` with the controllers that the kubelet asks for."""
    relative = name.lstrip("/")
    if unified():
        (_ROOT / relative).mkdir(exist_ok=True)
        for group in (_ROOT, _ROOT / relative):
            available = (group / "cgroup.controllers").read_text(encoding="ascii").split()
            wanted = " ".join(f"+{c}" for c in _V2_CONTROLLERS if c in available)
            (group / "cgroup.subtree_control").write_text(wanted, encoding="ascii")
        return
    for hierarchy in _ROOT.iterdir():
        if hierarchy.is_dir() and not hierarchy.is_symlink():
            (hierarchy / relative).mkdir(exist_ok=True)
    for file in ("cpuset.cpus", "cpuset.mems"):  # empty in a new cgroup, and then nothing can run in it
        source = _ROOT / "cpuset" / file
        if source.exists():
            (_ROOT / "cpuset" / relative / file).write_text(source.read_text(encoding="ascii"), encoding="ascii")


def remove(name: str) -> bool:
    """Remove the cgroup and all below it; false when processes are still in it."""
    return wait_until(lambda: _remove_once(name), 10)


def _remove_once(name: str) -> bool:
    left = [directory for top in existing(name) for directory, *_rest in os.walk(top, topdown=False)]
    for directory in left:
        with contextlib.suppress(OSError):
            os.rmdir(directory)
    return not existing(name)


def existing(name: str) -> list[Path]:
    """The directories of the cgroup in all hierarchies."""
    relative = name.lstrip("/")
    return sorted(p for p in (_ROOT / relative, *_ROOT.glob(f"*/{relative}")) if p.is_dir())


__all__ = ["existing", "make", "remove", "unified"]
