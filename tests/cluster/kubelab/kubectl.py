# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kubectl that was built, in one namespace of one cluster."""

from __future__ import annotations

import json
import subprocess
import typing as t

from kubelab.commands import wait_until
from kubelab.model import Lab

Object: t.TypeAlias = dict[str, t.Any]


class CheckFailed(Exception):
    """What was expected of the cluster did not come true."""


def expect(condition: object, what: object) -> None:
    """CheckFailed, showing ``what``, when the condition is false."""
    if not condition:
        raise CheckFailed(str(what))


class Kubectl:
    """Calls of kubectl as the administrator."""

    def __init__(self, lab: Lab, namespace: str) -> None:
        self._argv = [lab.program("kubectl"), f"--kubeconfig={lab.kubeconfig}", "--namespace", namespace]
        self.namespace = namespace

    def try_run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """A call that may fail."""
        command = [*self._argv, *arguments]
        return subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=120, check=False)

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """A call that must not fail; what it printed."""
        done = self.try_run(*arguments, stdin=stdin)
        expect(done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def apply(self, *objects: Object) -> None:
        """Make or change objects; JSON is YAML."""
        self.run("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def get(self, kind: str, name: str) -> Object:
        """An object that exists."""
        found: Object = json.loads(self.run("get", kind, name, "-o", "json"))
        return found

    def wait(self, what: str, condition: str, seconds: int = 60) -> None:
        """``kubectl wait``."""
        self.run("wait", f"--for={condition}", what, f"--timeout={seconds}s")

    def sh(self, pod: str, script: str, container: str = "c") -> str:
        """Run a script in a container with a shell; what it printed."""
        return self.run("exec", pod, "-c", container, "--", "sh", "-c", script)

    def eventually(self, what: str, condition: t.Callable[[], bool], seconds: float = 30) -> None:
        """Wait until the condition holds."""
        expect(wait_until(condition, seconds, interval=0.1), f"{what}: not within {seconds:.0f} s")


def container(image: str = "busybox:latest", *, name: str = "c", **more: t.Any) -> Object:
    """A container that does nothing and ends at once when asked to."""
    idle = ["sh", "-c", "trap exit TERM; while :; do sleep 1 & wait; done"]
    return {"name": name, "image": image, "command": idle, **more}


def pod(name: str, *containers: Object, volumes: t.Mapping[str, Object] | None = None, **more: t.Any) -> Object:
    """A pod; every volume is mounted at /<its name> in every container."""
    mounts = [{"name": v, "mountPath": f"/{v}"} for v in volumes or {}]
    spec = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": [{**c, "volumeMounts": mounts} for c in containers or (container(),)],
        "volumes": [{"name": v, **source} for v, source in (volumes or {}).items()],
        **more,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def claim(name: str, *, size: str = "64Mi", storage_class: str = "loopfile", snapshot: str = "") -> Object:
    """A persistent volume claim, restored from a snapshot when one is named."""
    spec: Object = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }
    if snapshot:
        spec["dataSource"] = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": snapshot}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def volume_of(claim_name: str) -> Object:
    """The volume of a pod that is a claim."""
    return {"persistentVolumeClaim": {"claimName": claim_name}}


def snapshot(name: str, of: str, snapshot_class: str = "loopfile") -> Object:
    """A volume snapshot of a claim."""
    spec = {"volumeSnapshotClassName": snapshot_class, "source": {"persistentVolumeClaimName": of}}
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {"name": name},
        "spec": spec,
    }


__all__ = ["CheckFailed", "Kubectl", "Object", "claim", "container", "expect", "pod", "snapshot", "volume_of"]
