# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application of the freeze campaign, and a look at its volumes from outside of the cluster."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
import typing as t
from pathlib import Path

from kubelab.freezing import thaw
from kubelab.processes import node_pid
from kubelab.status import frozen_lines

from campaigns.freeze_case import ARM_SECONDS, FreezeCase

Object = dict[str, t.Any]

#: Where the kernel keeps a process that writes to a frozen file system.
_BLOCKED = "percpu_rwsem_wait"
FREEZER = "freezer"


class Kubectl:
    """Runs kubectl; an API server that is away is no error of the case."""

    def __init__(self, program: str, kubeconfig: str) -> None:
        self._argv = [program, "--kubeconfig", kubeconfig, "--request-timeout=20s"]

    def __call__(self, *words: str, stdin: str | None = None, seconds: float = 60.0) -> str:
        """Its output; empty when it did not end well."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            done = subprocess.run(
                [*self._argv, *words], input=stdin, capture_output=True, text=True, timeout=seconds, check=False
            )
            return done.stdout if done.returncode == 0 else ""
        return ""

    def items(self, *words: str) -> list[Object]:
        text = self("get", *words, "-o", "json")
        return list(json.loads(text)["items"]) if text else []


class FreezeApp:
    """Pods that write to their claims all the time, and a container that can freeze them; it reaps nobody."""

    def __init__(self, kubectl: Kubectl, namespace: str, case: FreezeCase) -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.case = case
        self.paths = tuple(f"/data{number}" for number in range(1, case.claims + 1))

    def create(self) -> None:
        """Make it, and wait until it runs."""
        self.kubectl("create", "namespace", self.namespace)
        end = time.monotonic() + 60
        while not self.kubectl("-n", self.namespace, "get", "serviceaccount", "default") and time.monotonic() < end:
            time.sleep(0.1)
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(self._manifest()))
        if not self.await_ready(120):
            raise RuntimeError(f"the pods of {self.namespace} do not start")

    def await_ready(self, seconds: float) -> bool:
        wait = ("rollout", "status", "deployment/app", f"--timeout={seconds:.0f}s")
        return bool(self.kubectl("-n", self.namespace, *wait, seconds=seconds + 10))

    def pods(self) -> list[Object]:
        return self.kubectl.items("pods", "-n", self.namespace)

    def remove(self) -> None:
        self.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def _manifest(self) -> Object:
        size = "320Mi" if self.case.storage_class == "loopfile-xfs" else "32Mi"
        names = [path.removeprefix("/") for path in self.paths]
        mounts = [{"name": name, "mountPath": path} for name, path in zip(names, self.paths, strict=True)]
        write = "; ".join(f"echo . >{path}/$HOSTNAME" for path in self.paths)
        containers: list[Object] = [
            {
                "name": "main",
                "image": "busybox:1",
                "command": ["/bin/sh", "-c", f"while :; do {write}; sleep 0.2; done"],
            },
            {
                "name": FREEZER,
                "image": "ubuntu:bionic",
                "command": ["sleep", "infinity"],
                "securityContext": {"privileged": True},
            },
        ]
        spec = {
            "terminationGracePeriodSeconds": 1,
            "containers": [container | {"volumeMounts": mounts} for container in containers],
            "volumes": [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names],
        }
        labels = {"app": "soak"}
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "app"},
            "spec": {
                "replicas": self.case.pods,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels, "annotations": self._hooks()}, "spec": spec},
            },
        }
        claims = [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name, "labels": labels},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": self.case.storage_class,
                    "resources": {"requests": {"storage": size}},
                },
            }
            for name in names
        ]
        return {"apiVersion": "v1", "kind": "List", "items": [*claims, deployment]}

    def _hooks(self) -> dict[str, str]:
        freeze = " && ".join(f"fsfreeze --freeze {path}" for path in self.paths)
        thaws = "; ".join(f"fsfreeze --unfreeze {path}" for path in self.paths)
        pre = ["fsfreeze", "--freeze", self.paths[0]] if len(self.paths) == 1 else ["/bin/sh", "-c", freeze]
        return {
            "pre.hook.backup.velero.io/command": json.dumps(pre),
            "pre.hook.backup.velero.io/container": FREEZER,
            "pre.hook.backup.velero.io/timeout": f"{ARM_SECONDS}s",
            "post.hook.backup.velero.io/command": json.dumps(["/bin/sh", "-c", f"sleep {self.case.hold}; {thaws}"]),
            "post.hook.backup.velero.io/container": FREEZER,
            "post.hook.backup.velero.io/timeout": "15s",
        }


class Outside:
    """The cluster's processes and mounts, as the machine below it has them: no API server is asked."""

    def __init__(self, state: Path, app: FreezeApp) -> None:
        self._state = state
        claims = app.kubectl.items("pvc", "-n", app.namespace)
        self._volumes = [f"/{claim['spec']['volumeName']}/mount" for claim in claims]
        self._claims = [claim["metadata"]["name"] for claim in claims]
        self._lines = len(frozen_lines(state))

    def pids(self, pods: t.Iterable[Object]) -> list[int]:
        """The processes in the pods' containers."""
        uids = [pod["metadata"]["uid"] for pod in pods]
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                with contextlib.suppress(OSError):
                    group = (process / "cgroup").read_text()
                    if any(uid in group or uid.replace("-", "_") in group for uid in uids):
                        found.append(int(process.name))
        return found

    def words(self, pid: int) -> list[str]:
        """The command line of a process."""
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
        return []

    def writes_block(self, pods: t.Iterable[Object]) -> bool:
        """A process in one of the pods waits for a thaw."""
        for pid in self.pids(pods):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/wchan").read_text() == _BLOCKED:
                    return True
        return False

    def thaw(self) -> list[str]:
        """Thaw every volume of the application that is mounted in the node. The claims that were frozen."""
        node = node_pid(self._state)
        table = Path(f"/proc/{node}/mountinfo").read_text().splitlines()
        frozen = []
        for claim, ending in zip(self._claims, self._volumes, strict=True):
            for line in table:
                path = line.split(" ")[4]
                if path.endswith(ending):
                    with contextlib.suppress(OSError):
                        if thaw(f"/proc/{node}/root{path}"):
                            frozen.append(claim)
                            break
        return frozen

    def left_frozen(self) -> list[str]:
        """What driver and watchdog have written since this case began."""
        return frozen_lines(self._state)[self._lines :]


def kill(pids: t.Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


__all__ = ("FREEZER", "FreezeApp", "Kubectl", "Object", "Outside", "kill")
