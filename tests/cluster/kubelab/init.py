# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pid 1 of the node: makes its root directory and network, then starts its programs as soon as each can run."""

from __future__ import annotations

import os
import signal
import ssl
import time
from pathlib import Path

from kubelab import cgroups, components, noderoot
from kubelab.commands import LabError, run, write
from kubelab.configs import CONTAINERD_SOCKET
from kubelab.localhttp import fetch
from kubelab.model import CODE, GROUP_DEFINITIONS, NODE_ADDRESS, Lab
from kubelab.supervisor import Supervisor


class Init:
    """One node; ``main`` does not return.  When it ends, the kernel ends everything else in its namespaces."""

    def __init__(self, lab: Lab, listener: int) -> None:
        self._lab = lab
        self._listener = listener
        self._begin = time.monotonic()
        self._supervisor = Supervisor(lab, self._mark)

    def main(self) -> None:
        """Start the node and keep it running."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: os._exit(0))
        cgroups.make(self._lab.cgroup)
        noderoot.enter(self._lab)
        _start_network()
        self._mark("root directory and network ready")
        self._supervisor.start(components.first(self._lab, self._listener))
        while not self._api_ready():
            self._tick()
        self._mark("kube-apiserver ready")
        self._apply("definitions")
        while not Path(CONTAINERD_SOCKET).exists():
            self._tick()
        self._supervisor.start(components.with_api_server(self._lab))
        self._wait_applied("definitions")
        self._apply("classes")
        self._wait_applied("classes")
        self._supervisor.start(components.with_definitions(self._lab))
        while True:
            self._tick(0.2)

    def _tick(self, seconds: float = 0.05) -> None:
        self._supervisor.tick()
        time.sleep(seconds)

    def _mark(self, text: str) -> None:
        print(f"{time.monotonic() - self._begin:8.2f} {text}", flush=True)

    def _apply(self, what: str) -> None:
        kubectl = self._lab.program("kubectl")
        folders = [CODE / "manifests"]
        if what == "definitions":
            built_with_snapshots = Path(self._lab.program("snapshot-controller")).parent
            folders = [built_with_snapshots / "crds", Path(self._lab.program(GROUP_DEFINITIONS))]
        options = [
            f"--kubeconfig={self._lab.path('pki/node-admin.conf')}",
            f"--cache-dir={self._lab.path('kubectl-cache')}",
        ]
        self._supervisor.run_once(
            what, [kubectl, *options, "apply", "--server-side", *(f"--filename={folder}" for folder in folders)]
        )

    def _wait_applied(self, what: str) -> None:
        while (code := self._supervisor.ended(what)) != 0:
            if code is not None:  # the server may not serve a new kind at once
                self._mark(f"{what} could not be applied; once more")
                self._apply(what)
            self._tick()
        self._mark(f"{what} applied")

    def _api_ready(self) -> bool:
        context = ssl.create_default_context(cafile=str(self._lab.path("pki/ca.crt")))
        try:
            return fetch(f"{self._lab.node_url}/readyz", timeout=2, context=context) == b"ok"
        except OSError:
            return False


def _start_network() -> None:
    """An interface with the node's address and no way out: what is sent elsewhere fails at once."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire0")
    for name in ("eth0", "wire0"):
        run("ip", "link", "set", name, "up")
    run("ip", "addr", "add", str(NODE_ADDRESS), "dev", "eth0")
    write(Path("/proc/sys/net/ipv4/ip_forward"), "1")


def run_init(state: Path, listener: int) -> None:
    """The entry of pid 1."""
    lab = Lab.load(state)
    if lab is None:
        raise LabError(f"{state} has no cluster.json.")
    Init(lab, listener).main()


__all__ = ["run_init"]
