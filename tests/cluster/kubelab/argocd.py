# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argo CD's application-controller and repo-server, as processes of the host, with the Valkey that they share."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from kubelab.commands import LabError, processes_started_as, say, wait_until
from kubelab.golang import ARGOCD
from kubelab.kubectl import Kubectl
from kubelab.model import Lab
from kubelab.netns import listens
from kubelab.pypi import program_in, python_package
from kubelab.relayed import Relayed, log_tail, start_session
from kubelab.versions import VALKEY_FROM_PYPI

NAMESPACE = "argocd"
_CONTROLLER, _REPOSITORIES, _VALKEY = "argocd-application-controller", "argocd-repo-server", "valkey-server"
#: Where they listen, in the namespace that all are in; the controller, where it serves its metrics: it does that last.
_PORTS = {_VALKEY: 6379, _REPOSITORIES: 8081, _CONTROLLER: 8082}
_READY_WITHIN = 240.0  # seconds; 8 are usual, and 63 were measured with sixty processes in the way
_KINDS = ("applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io")
_NO_FINALIZERS = '{"metadata":{"finalizers":null}}'
_RECONCILE_SECONDS = 1  # between two comparisons of an Application; 120 by default


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoControllers:
    """What a caller needs: Applications may be in any namespace; ``git`` is a folder for repositories (``file://``)."""

    pids: dict[str, int]
    namespace: str
    git: str
    logs: dict[str, str]


def build_argocd() -> None:
    """Build the controllers, when they have not been built."""
    ARGOCD.directory()


class ArgoFiles:
    """The controllers' part of a state directory: ``argocd/``."""

    def __init__(self, state: Path) -> None:
        self._home = state / "argocd"
        self.git = self._home / "git"
        self.logs = {name: state / "log" / f"{name}.log" for name in _PORTS}
        self._relayed = Relayed(state, "argocd", lambda: list(self.pids_by_name().values()))

    def pids_by_name(self) -> dict[str, int]:
        """The process of each that runs."""
        return {
            name: pid
            for name in _PORTS
            for pid in processes_started_as(_arguments(name, self._home)[-1], having=str(self._home / name))
        }

    def kill(self) -> None:
        """End the controllers, Valkey and their relay; nothing happens when there are none."""
        self._relayed.kill()

    def launch(self, programs: Path, lab: Lab) -> dict[str, subprocess.Popen[bytes]]:
        """Start them without waiting; their processes by their names."""
        shutil.rmtree(self._home, ignore_errors=True)
        for folder in ("tmp", "git", "none"):
            (self._home / folder).mkdir(parents=True)
        valkey = program_in(python_package(*VALKEY_FROM_PYPI), _VALKEY)
        started = {}
        with self._relayed.network({lab.host_url: lab.host_url}, self.logs[_CONTROLLER]):
            for name in _PORTS:
                (self._home / name).symlink_to(valkey if name == _VALKEY else programs / name)
                argv = [str(self._home / name), *_arguments(name, self._home)]
                environment = self._environment(lab.kubeconfig)
                started[name] = start_session(argv, self.logs[name], folder=self._home, environment=environment)
        return started

    def _environment(self, kubeconfig: Path) -> dict[str, str]:
        nothing = str(self._home / "none")
        return {
            "PATH": os.environ["PATH"],  # git
            "KUBECONFIG": str(kubeconfig),
            "ARGOCD_FAKE_IN_CLUSTER": "true",  # https://kubernetes.default.svc is what the kubeconfig says
            "HOME": str(self._home),
            "TMPDIR": str(self._home / "tmp"),
            "ARGOCD_ASK_PASS_SOCK": str(self._home / "ask-pass"),
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_TLS_DATA_PATH": nothing,
            "ARGOCD_SSH_DATA_PATH": nothing,
            "ARGOCD_PLUGINSOCKFILEPATH": nothing,
        }


def _arguments(name: str, home: Path) -> tuple[str, ...]:
    """A process is found by the last of them, whatever another version of this file had before it."""
    redis = f"--redis=127.0.0.1:{_PORTS[_VALKEY]}"
    arguments: t.Mapping[str, tuple[str, ...]] = {
        _VALKEY: (
            *("--bind", "127.0.0.1", "--port", str(_PORTS[_VALKEY])),
            *("--save", "", "--dir", str(home / "tmp")),
            *("--set-proc-title", "no"),
        ),
        _REPOSITORIES: (
            "--disable-tls",
            "--address=127.0.0.1",
            f"--port={_PORTS[_REPOSITORIES]}",
            "--metrics-address=127.0.0.1",
            f"--revision-cache-expiration={_RECONCILE_SECONDS}s",
            redis,
        ),
        _CONTROLLER: (
            f"--namespace={NAMESPACE}",
            f"--repo-server=127.0.0.1:{_PORTS[_REPOSITORIES]}",
            "--repo-server-plaintext",
            f"--metrics-port={_PORTS[_CONTROLLER]}",
            "--application-namespaces=*",
            f"--app-resync={_RECONCILE_SECONDS}",
            "--app-resync-jitter=0",
            "--self-heal-backoff-timeout-seconds=0",  # it corrects at once, however often
            redis,
        ),
    }
    return arguments[name]


def start_argocd(state: Path) -> ArgoControllers:
    """Start the controllers, with their definitions and settings in the cluster; those that run are ended first."""
    lab = Lab.load(state)
    if lab is None:
        raise LabError(f"No cluster is at {state}: start one.")
    programs = _built()
    begin = time.monotonic()
    files = ArgoFiles(state)
    files.kill()
    kubectl = Kubectl(lab, NAMESPACE)
    kubectl.run("apply", "--server-side", "--force-conflicts", "-f", str(programs / "crds"))
    kubectl.run("wait", "--for=condition=Established", "-f", str(programs / "crds"), "--timeout=60s")
    kubectl.run("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=_settings())
    started = files.launch(programs, lab)
    _wait_ready(files, started)
    say(f"Argo CD ready after {time.monotonic() - begin:.1f} s; its logs are {' '.join(map(str, files.logs.values()))}")
    return ArgoControllers(
        pids={name: process.pid for name, process in started.items()},
        namespace=NAMESPACE,
        git=str(files.git),
        logs={name: str(log) for name, log in files.logs.items()},
    )


def _settings() -> str:
    """What its own installation puts there, and the project that its API server makes."""
    anywhere = [{"group": "*", "kind": "*"}]
    keys = {"server.secretkey": secrets.token_hex(16)}  # which its API server makes
    spec = {
        "sourceRepos": ["*"],
        "sourceNamespaces": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": anywhere,
    }
    objects: list[dict[str, t.Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argocd-secret"}, "stringData": keys},
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "default"}, "spec": spec},
    ]
    for obj in objects[1:]:
        obj["metadata"] |= {"namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "argocd"}}
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def stop_argocd(state: Path) -> None:
    """End the controllers, and remove their definitions with all objects of these, and their namespace."""
    ArgoFiles(state).kill()
    lab = Lab.load(state)
    if lab is None:
        return
    kubectl = Kubectl(lab, NAMESPACE)
    for kind in _KINDS:
        found = kubectl.try_run("get", kind, "--all-namespaces", "-o", "json")
        for each in json.loads(found.stdout or "{}").get("items", []):  # finalizers that nobody is left to act on
            where = ("--namespace", each["metadata"]["namespace"])
            kubectl.try_run("patch", kind, each["metadata"]["name"], *where, "--type=merge", "-p", _NO_FINALIZERS)
    kubectl.run("delete", "-f", str(_built() / "crds"), "--ignore-not-found", "--timeout=60s")
    kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s")


def _built() -> Path:
    found = ARGOCD.built()
    if found is None:
        raise LabError(f"Argo CD has not been built: run build argocd, which takes about {ARGOCD.minutes} min.")
    return found


def _wait_ready(files: ArgoFiles, started: dict[str, subprocess.Popen[bytes]]) -> None:
    def ready() -> bool:
        for name, process in started.items():
            if process.poll() is not None:
                raise LabError(f"{name} ended with exit code {process.returncode}:\n{log_tail(files.logs[name])}")
        return all(listens(process.pid, _PORTS[name]) for name, process in started.items())

    if not wait_until(ready, _READY_WITHIN, interval=0.1):
        files.kill()
        logs = "\n".join(map(log_tail, files.logs.values()))
        raise LabError(f"Argo CD was not ready after {_READY_WITHIN:.0f} s:\n{logs}")


__all__ = ["ArgoControllers", "ArgoFiles", "build_argocd", "start_argocd", "stop_argocd"]
