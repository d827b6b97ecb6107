# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stock Velero: its command line, and waits for what its server does."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tarfile
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

LAB = Path(__file__).parents[3] / "cluster" / "lab.py"
NAMESPACE = "velero"
_PATH = f"/apis/velero.io/v1/namespaces/{NAMESPACE}"
#: The server looks into the bucket when it starts, and once a minute.
SYNC_SECONDS = 100.0


class Judge:
    """The server of the local cluster, which knows one bucket, and the client."""

    def __init__(
        self, program: str, *, state: Path, bucket: str, kubeconfig: str, client: KubeClient, home: Path
    ) -> None:
        self.bucket = bucket
        self._program = program
        self._state = state
        self._client = client
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": kubeconfig}
        self._home = home
        self._pid = 0
        self._node_agent = False
        self._downloaded: dict[str, dict[str, Object]] = {}

    def start(self, *, node_agent: bool | None = None) -> None:
        """Start the server, again when it runs: it then looks into the bucket at once, and sees new types.

        ``node_agent``: whether the pod runs that copies volumes; as it is when nothing is said.
        """
        if node_agent is not None:
            self._node_agent = node_agent
        with_agent = ("--node-agent",) if self._node_agent else ()
        self._pid = json.loads(self._lab("start", "--bucket", self.bucket, *with_agent))["pid"]

    def kill(self) -> None:
        """End the server, and leave everything that it has in the cluster."""
        os.killpg(self._pid, signal.SIGKILL)
        self._pid = 0

    def stop(self) -> None:
        """End the server, and take its objects out of the cluster."""
        self._lab("stop")

    def _lab(self, *arguments: str) -> str:
        argv = [sys.executable, str(LAB), "velero", *arguments, "--state", str(self._state)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            pytest.fail(f"lab.py velero {arguments[0]}: {done.stderr}", pytrace=False)
        return done.stdout

    def __call__(self, *arguments: str) -> str:
        """Run the client; its standard output."""
        done = subprocess.run(
            [self._program, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=self._environment,
            cwd=self._home,
        )
        assert done.returncode == 0, f"velero {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def get(self, kind: str, name: str) -> Object | None:
        """One of its objects."""
        try:
            return self._client.get(f"{_PATH}/{kind}/{name}")
        except KubeError as exc:
            if exc.not_found:
                return None
            raise

    def all_of(self, kind: str) -> list[Object]:
        """All its objects of one kind."""
        return list(self._client.get(f"{_PATH}/{kind}")["items"])

    def await_synced(self, names: t.Iterable[str]) -> None:
        """Wait until the server has taken these backups over from the bucket."""
        wanted = set(names)

        def synced() -> bool:
            return wanted <= {obj["metadata"]["name"] for obj in self.all_of("backups")}

        until(synced, f"Velero takes over {sorted(wanted)}", seconds=SYNC_SECONDS)

    def await_end(self, kind: str, name: str, *, seconds: float = 180.0) -> Object:
        """Wait until a backup or a restore is in a phase that it stays in; the object."""

        def ended() -> Object | None:
            found = self.get(kind, name)
            phase = ((found or {}).get("status") or {}).get("phase", "")
            return found if phase in ("Completed", "PartiallyFailed", "Failed", "FailedValidation") else None

        try:
            return t.cast(Object, until(ended, f"{kind} {name} ends", seconds=seconds))
        except AssertionError as exc:
            status = (self.get(kind, name) or {}).get("status")
            raise AssertionError(f"{exc}; its status is {status}\n{self._log_of(name)}") from None

    def back_up(self, name: str, *namespaces: str, options: t.Sequence[str] = ()) -> Object:
        """Have it back up these namespaces, and wait until it has; the Backup. ``options`` are those of its client."""
        self("backup", "create", name, "--include-namespaces", ",".join(namespaces), *options)
        return self.await_end("backups", name)

    def restore(self, backup: str, mapping: t.Mapping[str, str], *, options: t.Sequence[str] = ()) -> Object:
        """Have it restore a backup, and wait until it has; the Restore.

        ``mapping``: the new names of namespaces; whichever is not in it comes back under its own.
        """
        name = f"{backup}-{secrets.token_hex(2)}"
        mapped = ["--namespace-mappings", ",".join(f"{old}:{new}" for old, new in mapping.items())] if mapping else []
        self("restore", "create", name, "--from-backup", backup, *mapped, *options)
        return self.await_end("restores", name)

    def repository(self, namespace: str) -> Object:
        """Its BackupRepository for the volumes of a namespace, which is made for the first backup or restore of one."""
        label = "velero.io/volume-namespace"
        found = [obj for obj in self.all_of("backuprepositories") if obj["metadata"]["labels"][label] == namespace]
        assert len(found) == 1, f"the BackupRepositories of {namespace} are {found}"
        return found[0]

    def maintain(self, namespace: str) -> Object:
        """Have it maintain the repository of a namespace's volumes, which it does in a Job; what it says of that."""
        repository = self.repository(namespace)
        path = f"{_PATH}/backuprepositories/{repository['metadata']['name']}"
        before = repository["status"].get("recentMaintenance", [])  # the latest three

        def maintained() -> Object | None:
            runs = self.repository(namespace)["status"].get("recentMaintenance", [])
            return t.cast(Object, runs[-1]) if runs and runs[-1] not in before else None

        usual = repository["spec"]["maintenanceFrequency"]
        self._client.patch(path, {"spec": {"maintenanceFrequency": "1s"}})
        try:
            return t.cast(Object, until(maintained, f"Velero maintains {path}", seconds=120.0))
        finally:
            self._client.patch(path, {"spec": {"maintenanceFrequency": usual}})

    def _log_of(self, name: str) -> str:
        """The last lines of the server's log that name a backup or a restore."""
        lines = (self._state / "log" / "velero.log").read_text(errors="replace").splitlines()
        return "\n".join([line for line in lines if name in line][-10:])

    def describe(self, kind: str, name: str) -> str:
        """The text that a person reads."""
        return self(kind, "describe", name, "--details", "--colorized=false")

    def describe_backup(self, name: str) -> Object:
        """The same of a backup, as JSON."""
        found: Object = json.loads(self("backup", "describe", name, "--details", "-o", "json"))
        return found

    def download(self, name: str) -> dict[str, Object]:
        """The objects in a backup's tarball, by their paths in it; the same when asked for again."""
        if name in self._downloaded:
            return self._downloaded[name]
        path = self._home / f"{name}.tar.gz"
        self("backup", "download", name, "--output", str(path), "--force")
        with tarfile.open(path, "r:gz") as archive:
            found = {}
            for member in archive:
                if member.name.startswith("resources/"):
                    found[member.name] = json.load(t.cast(t.IO[bytes], archive.extractfile(member)))
        self._downloaded[name] = found
        return found


def until(condition: t.Callable[[], t.Any], what: str, *, seconds: float, pause: float = 0.2) -> t.Any:
    """Wait for ``condition`` to give something true, and return it."""
    end = time.monotonic() + seconds
    while not (last := condition()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(pause)
    return last


__all__ = ("Judge", "until")
