# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flux's source-controller and kustomize-controller, as processes of the host: they undo what others change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from kubelab.commands import LabError, processes_started_as, say, wait_until
from kubelab.golang import FLUX
from kubelab.kubectl import Kubectl
from kubelab.model import Lab
from kubelab.netns import listens
from kubelab.relayed import Relayed, log_tail, start_session
from kubelab.s3 import S3Files, S3Server

NAMESPACE = "flux-system"
_SOURCE, _KUSTOMIZE = "source-controller", "kustomize-controller"
_ARTIFACTS = "127.0.0.1:9090"  # where the one serves what the other reads, in the namespace that both are in
_HEALTH_PORTS = {_SOURCE: 9440, _KUSTOMIZE: 9441}  # each waits for its caches before it serves this
_READY_WITHIN = 60.0  # seconds; 2 are usual
_NO_FINALIZERS = '{"metadata":{"finalizers":null}}'
_LAST = "--log-level=info"


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxControllers:
    """What a caller needs: the controllers watch all namespaces."""

    pids: dict[str, int]
    namespace: str
    logs: dict[str, str]


def build_flux() -> None:
    """Build the controllers, when they have not been built."""
    FLUX.directory()


class FluxFiles:
    """The controllers' part of a state directory: ``flux/``."""

    def __init__(self, state: Path) -> None:
        self._home = state / "flux"
        self.logs = {name: state / "log" / f"{name}.log" for name in _HEALTH_PORTS}
        self._relayed = Relayed(state, "flux", lambda: list(self.pids_by_name().values()))

    def pids_by_name(self) -> dict[str, int]:
        """The process of each controller that runs."""
        return {
            name: pid for name in _HEALTH_PORTS for pid in processes_started_as(_LAST, having=str(self._home / name))
        }

    def kill(self) -> None:
        """End the controllers and their relay; nothing happens when there are none."""
        self._relayed.kill()

    def launch(self, programs: Path, lab: Lab, s3: S3Server) -> dict[str, subprocess.Popen[bytes]]:
        """Start them without waiting; their processes by their names."""
        shutil.rmtree(self._home, ignore_errors=True)
        for folder in ("tmp", "artifacts"):
            (self._home / folder).mkdir(parents=True)
        started = {}
        with self._relayed.network({url: url for url in (lab.host_url, s3.endpoint)}, self.logs[_SOURCE]):
            for name in _HEALTH_PORTS:
                (self._home / name).symlink_to(programs / name)
                started[name] = self._start(name, lab.kubeconfig)
        return started

    def _start(self, name: str, kubeconfig: Path) -> subprocess.Popen[bytes]:
        storage = (f"--storage-path={self._home}/artifacts", f"--storage-addr={_ARTIFACTS}")
        argv = [
            str(self._home / name),
            "--metrics-addr=0",
            f"--health-addr=127.0.0.1:{_HEALTH_PORTS[name]}",
            *((*storage, f"--storage-adv-addr={_ARTIFACTS}") if name == _SOURCE else ("--requeue-dependency=1s",)),
            _LAST,
        ]
        environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(kubeconfig),
            "HOME": str(self._home),
            "TMPDIR": str(self._home / "tmp"),
            "RUNTIME_NAMESPACE": NAMESPACE,
        }
        return start_session(argv, self.logs[name], folder=self._home, environment=environment)


def start_flux(state: Path) -> FluxControllers:
    """Start the controllers, with their definitions in the cluster; those that run are ended first."""
    lab, s3 = Lab.load(state), S3Files(state).read()
    if lab is None or s3 is None:
        raise LabError(f"No cluster with an S3 server is at {state}: start one.")
    programs = _built()
    begin = time.monotonic()
    files = FluxFiles(state)
    files.kill()
    kubectl = Kubectl(lab, NAMESPACE)
    kubectl.run("apply", "--server-side", "--force-conflicts", "-f", str(programs / "crds"))
    kubectl.run("wait", "--for=condition=Established", "-f", str(programs / "crds"), "--timeout=60s")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kubectl.run("apply", "--server-side", "-f", "-", stdin=json.dumps(namespace))
    started = files.launch(programs, lab, s3)
    _wait_ready(files, started)
    say(f"Flux ready after {time.monotonic() - begin:.1f} s; its logs are {' '.join(map(str, files.logs.values()))}")
    return FluxControllers(
        pids={name: process.pid for name, process in started.items()},
        namespace=NAMESPACE,
        logs={name: str(log) for name, log in files.logs.items()},
    )


def stop_flux(state: Path) -> None:
    """End the controllers, and remove their definitions with all objects of these, and their namespace."""
    FluxFiles(state).kill()
    lab = Lab.load(state)
    if lab is None:
        return
    kubectl, definitions = Kubectl(lab, NAMESPACE), str(_built() / "crds")
    for kind in ("kustomizations.kustomize.toolkit.fluxcd.io", "buckets.source.toolkit.fluxcd.io"):
        found = kubectl.try_run("get", kind, "--all-namespaces", "-o", "json")
        for each in json.loads(found.stdout or "{}").get("items", []):  # finalizers that nobody is left to act on
            where = ("--namespace", each["metadata"]["namespace"])
            kubectl.try_run(
                "patch",
                kind,
                each["metadata"]["name"],
                *where,
                "--type=merge",
                "-p",
                '{"metadata":{"finalizers":null}}',
            )
    kubectl.run("delete", "-f", definitions, "--ignore-not-found", "--timeout=60s")
    kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s")


def _built() -> Path:
    found = FLUX.built()
    if found is None:
        raise LabError(f"Flux has not been built: run build flux, which takes about {FLUX.minutes} min.")
    return found


def _wait_ready(files: FluxFiles, started: dict[str, subprocess.Popen[bytes]]) -> None:
    def ready() -> bool:
        for name, process in started.items():
            if process.poll() is not None:
                raise LabError(f"{name} ended with exit code {process.returncode}:\n{log_tail(files.logs[name])}")
        return all(listens(process.pid, _HEALTH_PORTS[name]) for name, process in started.items())

    if not wait_until(ready, _READY_WITHIN, interval=0.1):
        files.kill()
        logs = "\n".join(map(log_tail, files.logs.values()))
        raise LabError(f"Flux was not ready after {_READY_WITHIN:.0f} s:\n{logs}")


__all__ = ["FluxControllers", "FluxFiles", "build_flux", "start_flux", "stop_flux"]
