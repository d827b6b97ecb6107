# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proofs that start and stop clean up in every state, and that a freeze of the node's own disks is undone.

They run on clusters of their own, beside any other, and end with a look at what is left on the machine.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from kubelab import cgroups, faults
from kubelab.cleanup import stop
from kubelab.commands import run, wait_until
from kubelab.conformance import Tally
from kubelab.kubectl import Kubectl, Object, claim, container, expect, pod, volume_of
from kubelab.launcher import build, start
from kubelab.loops import LoopDevice, loop_devices, own_devices
from kubelab.model import CODE, Lab
from kubelab.processes import component_pids, find_node, node_pid
from kubelab.status import frozen_lines

_INDEXES = (901, 902)
_SYSCTLS = ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward")
_PRIVILEGED: Object = {"securityContext": {"privileged": True}}


def robust() -> int:
    """Run all of them; prints ``N passed, N failed``, returns the exit code."""
    build()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="arkive-robust-", dir="/var/tmp") as work:
        proofs = _Proofs(Path(work))
        try:
            for proof in proofs.all():
                tally.run(proof.__name__.strip("_").replace("_", " "), functools.partial(proofs.run, proof))
        finally:
            proofs.stop_all()
    return tally.summary()


class _Proofs:
    def __init__(self, work: Path) -> None:
        self._states = [work / "one", work / "two"]
        self._devices: set[LoopDevice] = set()
        self._before = self._machine()

    def all(self) -> tuple[t.Callable[[], str], ...]:
        return (
            self.two_clusters_at_once,
            self.start_over_a_running_cluster,
            self.freeze_of_the_node_is_undone,
            self.components_stopped_and_ended,
            self.stop_with_a_frozen_volume,
            self.init_killed_with_a_frozen_volume,
            self.volume_unmounted_while_frozen,
            self.launcher_killed_in_mid_start,
            self.stop_of_nothing,
        )

    def run(self, proof: t.Callable[[], str]) -> str:
        """One proof, then stop, then compare the machine with what it was before."""
        try:
            note = proof()
        finally:
            self.stop_all()
        now = self._machine()
        expect(now == self._before, f"left behind: { {k: v for k, v in now.items() if v != self._before[k]} }")
        return note

    def stop_all(self) -> None:
        for number in range(len(self._states)):
            self._stop(number)

    def _stop(self, number: int = 0) -> None:
        """Stop, having noted which loop devices are there: afterwards their files are gone, and the devices must be."""
        self._devices.update(own_devices(self._states[number]))
        stop(self._states[number])

    def _machine(self) -> dict[str, object]:
        work = self._states[0].parent
        return {
            "processes": sorted(p for s in self._states for p in _processes_with(str(s))),
            "mounts": [
                line for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines() if str(work) in line
            ],
            "loop devices": [d.path for d in loop_devices() if d in self._devices],
            "cgroups": [p for i in _INDEXES for p in cgroups.existing(f"/arkive-lab-{i}")],
            "links": sorted(p.name for p in Path("/sys/class/net").iterdir()),
            "routes": run("ip", "route").stdout,
            "firewall": run("nft", "list", "tables").stdout,
            "kernel settings": [Path("/proc/sys", name).read_text(encoding="ascii") for name in _SYSCTLS],
            "state": [str(s) for s in self._states if s.exists()],
        }

    def _start(self, number: int = 0) -> Lab:
        state = self._states[number]
        self._devices.update(own_devices(state))  # of what is started over
        start(state, index=_INDEXES[number], with_s3=number == 0)
        lab = Lab.load(state)
        expect(lab, "no cluster.json")
        return t.cast(Lab, lab)

    def two_clusters_at_once(self) -> str:
        labs = [self._start(n) for n in (0, 1)]
        uids = {Kubectl(lab, "default").get("namespace", "kube-system")["metadata"]["uid"] for lab in labs}
        expect(len(uids) == 2, "both answer for one cluster")
        self._stop(1)
        Kubectl(labs[0], "default").run("get", "nodes")
        return ""

    def start_over_a_running_cluster(self) -> str:
        self._start()
        begin = time.monotonic()
        lab = self._start()
        Kubectl(lab, "default").run("get", "nodes")
        return f"again after {time.monotonic() - begin:.1f} s"

    def freeze_of_the_node_is_undone(self) -> str:
        """Every directory of the node: refused by the kernel, or thawed by the watchdog, which says so."""
        lab = self._start()
        kubectl = Kubectl(lab, "default")
        paths = {
            "host-tmp": "/tmp",
            "host-log": "/var/log",
            "host-etc": "/etc",
            "host-pods": "/var/lib/kubelet",
            "host-images": "/var/lib/containerd",
        }
        volumes = {name: {"hostPath": {"path": path}} for name, path in paths.items()}
        kubectl.apply(
            pod("p", container("ubuntu:bionic", **_PRIVILEGED), volumes={**volumes, "empty": {"emptyDir": {}}})
        )
        kubectl.wait("pod/p", "condition=Ready")
        refused = kubectl.try_run("exec", "p", "--", "/sbin/fsfreeze", "-f", "/host-etc")
        expect(refused.returncode != 0 and "not supported" in refused.stderr.lower(), refused)
        expect(not frozen_lines(lab.state), "a line without a freeze")
        for name in (*volumes, "empty"):
            if name != "host-etc":
                self._freeze_node_disk(lab, kubectl, f"/{name}")
        return f"{len(frozen_lines(lab.state))} thaws"

    def _freeze_node_disk(self, lab: Lab, kubectl: Kubectl, path: str) -> None:
        lines = len(frozen_lines(lab.state))
        kubectl.run("exec", "p", "--", "/sbin/fsfreeze", "-f", path)
        kubectl.eventually(f"the thaw of {path}", lambda: len(frozen_lines(lab.state)) > lines, 5)
        kubectl.sh("p", f"echo x > {path}/file && rm {path}/file")

    def components_stopped_and_ended(self) -> str:
        lab = self._start()
        kubectl = Kubectl(lab, "default")
        short = ("get", "nodes", "--request-timeout=2s")
        faults.component(lab.state, "stop", "kube-apiserver")
        expect(kubectl.try_run(*short).returncode != 0, "a stopped API server answered")
        faults.component(lab.state, "cont", "kube-apiserver")
        kubectl.eventually("the API server", lambda: kubectl.try_run(*short).returncode == 0)
        faults.component(lab.state, "down", "kube-apiserver")
        expect(kubectl.try_run(*short).returncode != 0, "an ended API server answered")
        faults.component(lab.state, "up", "kube-apiserver")
        kubectl.eventually("the API server again", lambda: kubectl.try_run(*short).returncode == 0)
        old = component_pids(lab)
        for name in ("loopfile", "containerd", "kubelet"):
            faults.component(lab.state, "kill", name)
        kubectl.eventually("all components", lambda: component_pids(lab).keys() == old.keys())
        self._frozen_volume(lab, freeze=False)
        return ""

    def stop_with_a_frozen_volume(self) -> str:
        self._frozen_volume(self._start())
        begin = time.monotonic()
        self._stop()
        return f"stopped in {time.monotonic() - begin:.1f} s"

    def init_killed_with_a_frozen_volume(self) -> str:
        """A blocked writer keeps the namespaces from ending; start cleans up all the same."""
        lab = self._start()
        self._frozen_volume(lab)
        os.kill(node_pid(lab.state), signal.SIGKILL)
        time.sleep(float(os.environ.get("AFTER_KILL", "1")))
        Kubectl(self._start(), "default").run("get", "nodes")
        return ""

    def volume_unmounted_while_frozen(self) -> str:
        """With no mount left there is no path to thaw it by: stop mounts its disk once more."""
        lab = self._start()
        self._frozen_volume(lab, write=False)
        kubectl = Kubectl(lab, "default")
        kubectl.run("delete", "pod", "p", "--timeout=60s")
        kubectl.eventually("the driver's word for it", lambda: bool(frozen_lines(lab.state)))
        expect(any("loopfile.log" in line for line in frozen_lines(lab.state)), frozen_lines(lab.state))
        return ""

    def launcher_killed_in_mid_start(self) -> str:
        for after in (0.3, 0.8, 2.0):
            command = [
                sys.executable,
                str(CODE / "lab.py"),
                "start",
                "--state",
                str(self._states[0]),
                "--index",
                str(_INDEXES[0]),
            ]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as launcher:
                time.sleep(after)
                launcher.kill()
            self._stop()
            expect(not wait_until(lambda: find_node(self._states[0]) is not None, 0.5), "a node came after the stop")
        return ""

    def stop_of_nothing(self) -> str:
        self.stop_all()
        return ""

    def _frozen_volume(self, lab: Lab, *, freeze: bool = True, write: bool = True) -> None:
        """A pod ``p`` with a volume; frozen, and with a writer that is blocked on it."""
        kubectl = Kubectl(lab, "default")
        kubectl.apply(
            claim("data"), pod("p", container("ubuntu:bionic", **_PRIVILEGED), volumes={"data": volume_of("data")})
        )
        kubectl.wait("pod/p", "condition=Ready")
        if freeze:
            kubectl.sh("p", "[ $(stat -c %d /data) != $(stat -c %d /etc/hosts) ] && /sbin/fsfreeze -f /data")
        if write:
            kubectl.sh("p", "(echo x > /data/x) > /dev/null 2>&1 & sleep 0.3")


def _processes_with(text: str) -> t.Iterator[str]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            with contextlib.suppress(OSError):
                if text in (process / "cmdline").read_text(encoding="utf-8", errors="replace"):
                    yield process.name


__all__ = ["robust"]
