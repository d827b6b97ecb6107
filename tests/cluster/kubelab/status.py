# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster's state is, and commands in its node."""

from __future__ import annotations

import os
import typing as t
from dataclasses import asdict
from pathlib import Path

from kubelab.argocd import ArgoFiles
from kubelab.flux import FluxFiles
from kubelab.freezing import LEFT_FROZEN
from kubelab.model import Lab
from kubelab.processes import component_pids, find_node, node_pid
from kubelab.program_images import KOPIA_IMAGE
from kubelab.s3 import S3Files
from kubelab.velero import VeleroFiles

_ENTER = ("nsenter", "-m", "-p", "-n", "-u", "-i", "-t")


def status(state: Path) -> dict[str, t.Any]:
    """Paths, addresses, keys and pids (of the host) of a cluster and its S3 server."""
    lab, s3 = Lab.load(state), S3Files(state)
    server = s3.read()
    found: dict[str, t.Any] = {
        "running": find_node(state) is not None,
        "state": str(state),
        "s3": asdict(server) if server else None,
        "pids": {},
    }
    if lab is not None and found["running"]:
        found.update(
            kubeconfig=str(lab.kubeconfig), server=lab.host_url, kubectl=lab.program("kubectl"), index=lab.index
        )
        found["pids"] = component_pids(lab)
        found["images"] = {"kopia": KOPIA_IMAGE.name if KOPIA_IMAGE.is_served(lab) else None}
        if server:
            found["s3"]["pod_endpoint"] = lab.pod_s3_url
    if server:
        found["pids"]["s3"] = s3.pids()[0]
    for pid in VeleroFiles(state).pids():
        found["pids"]["velero"] = pid
    found["pids"].update(FluxFiles(state).pids_by_name())
    found["pids"].update(ArgoFiles(state).pids_by_name())
    found["frozen"] = frozen_lines(state)
    return found


def frozen_lines(state: Path) -> list[str]:
    """What the driver and the watchdog wrote of file systems that somebody forgot to thaw.

    A test that takes a pod away while its file system is frozen writes the volume's handle to ``may-go-frozen`` of the
    state directory, a line each, and looks for itself whether it is thawed afterwards.
    """
    lines = []
    expected = state / "may-go-frozen"
    handles = set(expected.read_text(encoding="utf-8").split()) if expected.exists() else set()
    for name in ("loopfile.log", "watchdog.log"):
        log = state / "log" / name
        if log.exists():
            lines += [
                f"{name}: {line}"
                for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
                if LEFT_FROZEN in line and not handles.intersection(line.split())
            ]
    return lines


def in_node(state: Path, command: t.Sequence[str]) -> list[str]:
    """The command line that runs a command in the node; LabError when no cluster runs."""
    return [*_ENTER, str(node_pid(state)), "--", *command]


def shell(state: Path, command: t.Sequence[str]) -> t.NoReturn:
    """Replace this process by a command in the node."""
    argv = in_node(state, command or ["/bin/sh"])
    os.execvp(argv[0], argv)


__all__ = ["frozen_lines", "in_node", "shell", "status"]
