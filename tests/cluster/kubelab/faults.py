# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on demand: stopping and ending single components of a running cluster."""

from __future__ import annotations

import os
import signal
import typing as t
from pathlib import Path

from kubelab.commands import LabError, wait_until
from kubelab.components import NAMES
from kubelab.model import Lab
from kubelab.processes import component_pids

ACTIONS: t.Final = ("stop", "cont", "kill", "down", "up")


def component(state: Path, action: str, name: str) -> None:
    """Do something to a component.

    ``stop`` and ``cont`` send SIGSTOP and SIGCONT (connections hang meanwhile), ``kill`` ends it (it is started again
    after a second), ``down`` ends it and keeps it ended until ``up`` (connections are closed at once).
    """
    lab = Lab.load(state)
    if lab is None:
        raise LabError(f"No cluster runs at {state}: start one.")
    if name not in NAMES:
        raise LabError(f"{name} is no component; there are {', '.join(NAMES)}.")
    hold = lab.path("hold", name)
    if action == "up":
        hold.unlink(missing_ok=True)
        if not wait_until(lambda: name in component_pids(lab), 10):
            raise LabError(f"{name} was not started again.")
        return
    pid = component_pids(lab).get(name)
    if pid is None:
        raise LabError(f"{name} does not run.")
    if action == "down":
        hold.touch()
    os.kill(pid, {"stop": signal.SIGSTOP, "cont": signal.SIGCONT}.get(action, signal.SIGKILL))
    if action in ("kill", "down") and not wait_until(lambda: component_pids(lab).get(name) != pid, 10):
        raise LabError(f"{name} does not end.")


__all__ = ["ACTIONS", "component"]
