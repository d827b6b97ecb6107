# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ending a cluster, whatever state it is in, so that nothing is left of it on the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

from kubelab import cgroups
from kubelab.argocd import ArgoFiles
from kubelab.commands import LabError, wait_until
from kubelab.flux import FluxFiles
from kubelab.freezing import release, thaw_all
from kubelab.loops import own_devices
from kubelab.model import Lab
from kubelab.processes import init_pids, watchdog_pids
from kubelab.s3 import S3Files
from kubelab.velero import VeleroFiles


def stop(state: Path, *, keep_logs: bool = False) -> None:
    """End every process, then remove cgroups, loop devices and the state directory.

    ``keep_logs`` leaves ``log/``, for the failure of a start to be looked into.  LabError when something does not go.
    """
    VeleroFiles(state).kill()
    FluxFiles(state).kill()
    ArgoFiles(state).kill()
    _end_node(state)
    S3Files(state).stop()
    lab = Lab.load(state)
    if lab is not None and not cgroups.remove(lab.cgroup):
        raise LabError(f"Processes are still in the cgroup {lab.cgroup}.")
    _release_devices(state)
    if not wait_until(lambda: not watchdog_pids(state), 5):
        raise LabError("The watchdog does not end.")
    if not state.exists():
        return
    if not keep_logs:
        shutil.rmtree(state)
        return
    for entry in state.iterdir():
        if entry.name == "log":
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _end_node(state: Path) -> None:
    """Kill pid 1; the kernel ends the rest of its namespaces.

    A process that is blocked on a frozen volume ends only after a thaw, and one more can come to be blocked until the
    last is gone: so thaw until all are.
    """
    end = time.monotonic() + 20
    while pids := init_pids(state):
        thaw_all(state)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not init_pids(state), 0.5, interval=0.02)
        if time.monotonic() > end:
            raise LabError(f"Processes of the cluster do not end: {pids}.")


def _release_devices(state: Path) -> None:
    """Loop devices go with the mounts, a moment after the processes; not those of frozen file systems."""
    for _attempt in range(10):
        if wait_until(lambda: not own_devices(state), 1.5):
            return
        for device in reversed(own_devices(state)):
            release(device, state)
    raise LabError(f"Loop devices are still in use: {' '.join(d.path for d in own_devices(state))}.")


__all__ = ["stop"]
