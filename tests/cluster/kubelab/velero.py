# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stock Velero server, as a process of the host: it judges the backups that others put into a bucket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from kubelab.apiclient import ApiClient
from kubelab.commands import LabError, processes_started_as, say, wait_until
from kubelab.golang import VELERO, VELERO_PLUGIN, GoBuild
from kubelab.kubectl import Kubectl, Object
from kubelab.model import Lab
from kubelab.netns import listens
from kubelab.node_agent import remove_node_agent, wait_for_node_agent
from kubelab.program_images import VELERO_IMAGE
from kubelab.relayed import Relayed, log_tail, start_session
from kubelab.s3 import S3Files, S3Server
from kubelab.velero_installation import APPLY, Installation, listed

NAMESPACE = "velero"
LOCATION = "default"
_CREDENTIALS = "cloud-credentials"
_METRICS_PORT = 8085  # the last thing that a server begins to serve before its controllers run
_READY_WITHIN = 90.0  # seconds; 2 are usual
#: What its node-agent works on.
_WITH_FINALIZERS = ("restores.velero.io", "datauploads.velero.io", "datadownloads.velero.io")

# What takes an hour, a minute or ten seconds in production would only be waited for.  All else is as Velero has it.
_OFTEN = (
    "--garbage-collection-frequency=5s",
    "--item-operation-sync-frequency=1s",
    "--client-qps=1000",
    "--client-burst=1000",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VeleroServer:
    """What a caller needs: ``program`` is the command line client too, and reads KUBECONFIG."""

    program: str
    pid: int
    namespace: str
    location: str
    log: str
    s3_url: str  # in the location


def find_velero() -> Path | None:
    """The program, which is the server and its client; None when not all of Velero has been built."""
    program = VELERO.built()
    return program / "velero" if program and VELERO_PLUGIN.built() else None


def build_velero() -> None:
    """Build Velero, its plugin for S3 and the image of its node-agent, when they have not been built."""
    for program in (VELERO, VELERO_PLUGIN):
        program.directory()
    VELERO_IMAGE.build()


class VeleroFiles:
    """The server's part of a state directory: ``velero/``."""

    def __init__(self, state: Path) -> None:
        self._home = state / "velero"
        self._plugins = self._home / "plugins"
        self.log = state / "log" / "velero.log"
        self._relayed = Relayed(state, "velero", self.pids)

    def pids(self) -> list[int]:
        """The server's process."""
        return processes_started_as(f"--plugin-dir={self._plugins}")

    def kill(self) -> None:
        """End the server with its plugins, and the relay; nothing happens when there is none."""
        self._relayed.kill()

    def launch(self, program: Path, lab: Lab, s3: S3Server) -> subprocess.Popen[bytes]:
        """Start it without waiting; its process."""
        shutil.rmtree(self._home, ignore_errors=True)
        for folder in ("tmp", "home", "plugins"):
            (self._home / folder).mkdir(parents=True)
        plugin = _built(VELERO_PLUGIN) / "velero-plugin-for-aws"
        (self._plugins / plugin.name).symlink_to(plugin)
        servers = {lab.host_url: lab.host_url, s3.endpoint: s3.endpoint, lab.pod_s3_url: s3.endpoint}
        with self._relayed.network(servers, self.log):
            return self._start_server(program, lab.kubeconfig)

    def _start_server(self, program: Path, kubeconfig: Path) -> subprocess.Popen[bytes]:
        argv = [
            str(program),
            "server",  # its plugins are started as argv[0] with other arguments; this must be the first
            f"--namespace={NAMESPACE}",
            "--features=EnableCSI",  # its plugin for CSI is built in
            "--profiler-address=",
            *_OFTEN,
            f"--plugin-dir={self._plugins}",
        ]
        environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(kubeconfig),
            "HOME": str(self._home / "home"),
            "TMPDIR": str(self._home / "tmp"),  # where it writes credentials
            "CSI_SNAPSHOT_EARLY_FREQUENT_POLLING": "true",  # as its own Deployment has it
        }
        return start_session(argv, self.log, folder=self._home, environment=environment)


def start_velero(state: Path, *, bucket: str, prefix: str = "", node_agent: bool = False) -> VeleroServer:
    """Start a server that knows one bucket, and a node-agent for it when asked to; a server that runs is ended first.

    A server that starts looks into the bucket and asks the cluster for its types at once, which it does each minute and
    each five minutes otherwise.  With a node-agent the location has the URL of the S3 server that pods reach.
    """
    lab, s3 = Lab.load(state), S3Files(state).read()
    if lab is None or s3 is None:
        raise LabError(f"No cluster with an S3 server is at {state}: start one.")
    program = _built(VELERO) / "velero"
    if node_agent:
        VELERO_IMAGE.serve(lab)
    begin = time.monotonic()
    files, kubectl = VeleroFiles(state), Kubectl(lab, NAMESPACE)
    files.kill()
    url = lab.pod_s3_url if node_agent else s3.endpoint
    installation = Installation.of(program, lab.kubeconfig)
    _install(kubectl, installation, _location(s3, url, bucket, prefix), s3)
    if node_agent:
        kubectl.run(*APPLY, stdin=listed(installation.node_agent))
    else:
        remove_node_agent(kubectl)
    server = files.launch(program, lab, s3)
    _wait_ready(lab, files, server)
    if node_agent:
        wait_for_node_agent(kubectl)
    say(f"Velero ready after {time.monotonic() - begin:.1f} s; its log is {files.log}")
    return VeleroServer(
        program=str(program), pid=server.pid, namespace=NAMESPACE, location=LOCATION, log=str(files.log), s3_url=url
    )


def stop_velero(state: Path) -> None:
    """End the server and its node-agent, and remove what they and their clients put into the cluster."""
    VeleroFiles(state).kill()
    lab = Lab.load(state)
    if lab is None:
        return
    kubectl = Kubectl(lab, NAMESPACE)
    remove_node_agent(kubectl)
    for kind in _WITH_FINALIZERS:
        found = kubectl.try_run("get", kind, "-o", "name")
        for name in found.stdout.split():  # finalizers that nobody is left to act on
            kubectl.try_run("patch", name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    kubectl.run("delete", "crd", "-l", "component=velero", "--timeout=60s")
    kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s")


def _built(program: GoBuild) -> Path:
    found = program.built()
    if found is None:
        raise LabError(f"{program.name} has not been built: run build velero, which takes about {program.minutes} min.")
    return found


def _install(kubectl: Kubectl, installation: Installation, location: Object, s3: S3Server) -> None:
    """Velero's definitions, and the objects that its server looks for."""
    kubectl.run(*APPLY, stdin=listed(installation.definitions))
    kubectl.run("wait", "--for=condition=Established", "crd", "-l", "component=velero", "--timeout=60s")
    present = kubectl.try_run("get", "backupstoragelocations.velero.io", LOCATION, "-o", "json")
    if present.returncode == 0 and json.loads(present.stdout)["spec"]["objectStorage"] != _storage(location):
        kubectl.run("delete", "backupstoragelocations.velero.io", LOCATION)  # its status is of another bucket
        kubectl.run("delete", "backuprepositories.velero.io", "--all")
    keys = f"[default]\naws_access_key_id={s3.access_key}\naws_secret_access_key={s3.secret_key}\n"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": _CREDENTIALS}, "stringData": {"cloud": keys}}
    kubectl.run(*APPLY, stdin=listed([*installation.server, secret, location]))


def _location(s3: S3Server, url: str, bucket: str, prefix: str) -> Object:
    config = {
        "region": s3.region,
        "s3ForcePathStyle": "true",
        "s3Url": url,
        "publicUrl": s3.endpoint,  # where its client downloads from
        "checksumAlgorithm": "",  # the S3 server knows none
    }
    spec = {
        "provider": "velero.io/aws",
        "default": True,
        "objectStorage": {"bucket": bucket, "prefix": prefix} if prefix else {"bucket": bucket},
        "config": config,
        "credential": {"name": _CREDENTIALS, "key": "cloud"},
        "backupSyncPeriod": "1s",  # a server that starts does not wait for a period that began before
    }
    return {
        "apiVersion": "velero.io/v1",
        "kind": "BackupStorageLocation",
        "metadata": {"name": LOCATION},
        "spec": spec,
    }


def _storage(location: Object) -> t.Any:
    return location["spec"]["objectStorage"]


def _wait_ready(lab: Lab, files: VeleroFiles, server: subprocess.Popen[bytes]) -> None:
    client, state = ApiClient(lab), ""

    def ready() -> bool:
        nonlocal state
        # Asked of the process itself: a look through /proc was seen to miss one that runs.
        if server.poll() is not None:
            raise LabError(f"The Velero server ended with exit code {server.returncode}:\n{log_tail(files.log)}")
        if not listens(server.pid, _METRICS_PORT):
            state = "its metrics are not served"
            return False
        path = f"/apis/velero.io/v1/namespaces/{NAMESPACE}/backupstoragelocations/{LOCATION}"
        status = (client.get(path) or {}).get("status") or {}
        state = f"its location is {status.get('phase') or 'not validated'} {status.get('message', '')}".rstrip()
        return status.get("phase") == "Available"

    if not wait_until(ready, _READY_WITHIN, interval=0.1):
        files.kill()
        raise LabError(f"Velero was not ready after {_READY_WITHIN:.0f} s, {state}:\n{log_tail(files.log)}")


__all__ = ["VeleroFiles", "VeleroServer", "build_velero", "find_velero", "start_velero", "stop_velero"]
