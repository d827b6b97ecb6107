# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of a cluster, seen from the host."""

from __future__ import annotations

import os
from pathlib import Path

from kubelab.commands import LabError, processes_started_as
from kubelab.components import NAMES
from kubelab.model import Lab


def init_pids(state: Path) -> list[int]:
    """Pid 1 of the cluster's namespaces and the program that made them; empty when no cluster runs."""
    return processes_started_as("--state", str(state), having="_init")


def watchdog_pids(state: Path) -> list[int]:
    """The watchdog; with those of an earlier node that end just now."""
    return processes_started_as("--state", str(state), having="_watchdog")


def find_node(state: Path) -> int | None:
    """Pid 1 of the node, as the host numbers it: the one of the two that is in a pid namespace of its own."""
    own = len(_numbers(os.getpid()))
    return next((pid for pid in init_pids(state) if len(_numbers(pid)) > own), None)


def node_pid(state: Path) -> int:
    """Pid 1 of the node; LabError when no cluster runs."""
    pid = find_node(state)
    if pid is None:
        raise LabError(f"No cluster runs at {state}: start one.")
    return pid


def component_pids(lab: Lab) -> dict[str, int]:
    """The host's pids of init, the watchdog and the components that run."""
    init = node_pid(lab.state)
    children = Path(f"/proc/{init}/task/{init}/children").read_text(encoding="ascii").split()
    host = {numbers[-1]: int(child) for child in children if (numbers := _numbers(int(child)))}
    found = {"init": init}
    for pid in watchdog_pids(lab.state):
        found["watchdog"] = pid
    for name in NAMES:
        try:
            inner = int(lab.path("run", f"{name}.pid").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):  # it does not run, or is being started
            continue
        if inner in host:
            found[name] = host[inner]
    return found


def _numbers(pid: int) -> list[int]:
    """A process's number in each pid namespace that it is in, from ours inwards; empty when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return next(([int(n) for n in line.split()[1:]] for line in lines if line.startswith("NSpid:")), [])


__all__ = ["component_pids", "find_node", "init_pids", "node_pid", "watchdog_pids"]
