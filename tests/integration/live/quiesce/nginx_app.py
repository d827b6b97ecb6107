# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nginx example of Velero's page on hooks, with a container that writes to the volume and says when."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult, exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_claim, read_pod

PATH = "/var/log/nginx"
FREEZE = ("/sbin/fsfreeze", "--freeze", PATH)
THAW = ("/sbin/fsfreeze", "--unfreeze", PATH)
#: A post hook that keeps the volume frozen for this long before it thaws.
HOLD_SECONDS = 2
HOLD = ["/bin/sh", "-c", f"sleep {HOLD_SECONDS}; /sbin/fsfreeze --unfreeze {PATH}"]
#: A write that takes longer was blocked.
BLOCKED_SECONDS = 0.5
#: By so much a machine that has much else to do may be late.
BUSY_SECONDS = 6.0
#: An account of how long a write was blocked is as true as that.
TRUE_SECONDS = 1.5

#: One write after the other; before and after each one the node's uptime goes to stdout.
_WRITER = (
    "while :; do read u x </proc/uptime; echo b $u; echo . >/var/log/nginx/beat; "
    "read u x </proc/uptime; echo e $u; sleep 0.1; done"
)


class Blocked(t.NamedTuple):
    """A write that did not go through at once: uptimes of the node. ``end`` is None while it is blocked."""

    begin: float
    end: float | None

    @property
    def seconds(self) -> float:
        assert self.end is not None, "the write is still blocked"
        return self.end - self.begin


def until(condition: t.Callable[[], t.Any], what: str, *, seconds: float = 20.0, pause: float = 0.1) -> t.Any:
    """Wait for ``condition`` to give something true, and return it. An API server that is away is waited for too."""
    end = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            last = condition()
        except (KubeError, OSError) as exc:
            last = exc
        else:
            if last:
                return last
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what} (last seen: {last})")
        time.sleep(pause)


def application(name: str = "nginx-deployment", storage_class: str | None = None) -> list[Object]:
    """A claim, and a Deployment with nginx, the page's ``fsfreeze`` sidecar and the writer."""
    claim: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    if storage_class:
        claim |= {"storageClassName": storage_class, "resources": {"requests": {"storage": "320Mi"}}}
    mounts = [{"mountPath": PATH, "name": "nginx-logs"}]
    containers: list[Object] = [
        {"name": "nginx", "image": "nginx:1.17.6", "ports": [{"containerPort": 80}]},
        {
            "name": "fsfreeze",
            "image": "ubuntu:bionic",
            "securityContext": {"privileged": True},
            "command": ["/bin/bash", "-c", "sleep infinity"],
        },
        {"name": "writer", "image": "busybox:1", "command": ["/bin/sh", "-c", _WRITER]},
    ]
    spec = {
        "terminationGracePeriodSeconds": 1,
        "volumes": [{"name": "nginx-logs", "persistentVolumeClaim": {"claimName": name}}],
        "containers": [container | {"volumeMounts": mounts} for container in containers],
    }
    return [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": claim},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": {"app": "nginx"}},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "nginx", "deployment": name}},
                "template": {"metadata": {"labels": {"app": "nginx", "deployment": name}}, "spec": spec},
            },
        },
    ]


class NginxApp:
    """The running application in one namespace."""

    def __init__(self, client: KubeClient, kubectl: t.Callable[..., str], namespace: str) -> None:
        self.client = client
        self.namespace = namespace
        self._kubectl = kubectl

    def deploy(self, storage_class: str | None = None) -> None:
        objects = {"apiVersion": "v1", "kind": "List", "items": application(storage_class=storage_class)}
        self._kubectl("-n", self.namespace, "apply", "-f", "-", stdin=json.dumps(objects))
        self.await_pod()

    def await_pod(self, *, besides: str = "") -> str:
        """The name of the one pod that is ready and not on its way out."""

        def ready() -> str:
            names = []
            for pod in self.pods():
                conditions = (pod.get("status") or {}).get("conditions") or []
                good = any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
                if good and not pod["metadata"].get("deletionTimestamp") and pod["metadata"]["name"] != besides:
                    names.append(pod["metadata"]["name"])
            return names[0] if len(names) == 1 else ""

        return str(until(ready, "one pod is ready", seconds=90))

    def pods(self) -> list[Object]:
        found = self.client.get(f"/api/v1/namespaces/{self.namespace}/pods", query={"labelSelector": "app=nginx"})
        return list(found["items"])

    @property
    def pod(self) -> Object:
        alive = [pod for pod in self.pods() if not pod["metadata"].get("deletionTimestamp")]
        assert len(alive) == 1, [pod["metadata"]["name"] for pod in alive]
        return alive[0]

    @property
    def name(self) -> str:
        return str(self.pod["metadata"]["name"])

    def annotate(
        self,
        *,
        pre: t.Sequence[str] = FREEZE,
        post: t.Sequence[str] = THAW,
        pre_timeout: str = "",
        post_timeout: str = "",
        post_container: str = "fsfreeze",
    ) -> None:
        """Set the page's annotations, as the page does it."""
        hooks = {
            "pre.hook.backup.velero.io/command": json.dumps(list(pre)),
            "pre.hook.backup.velero.io/container": "fsfreeze",
            "pre.hook.backup.velero.io/timeout": pre_timeout,
            "post.hook.backup.velero.io/command": json.dumps(list(post)),
            "post.hook.backup.velero.io/container": post_container,
            "post.hook.backup.velero.io/timeout": post_timeout,
        }
        words = [f"{name}={value}" if value else f"{name}-" for name, value in hooks.items()]
        self._kubectl("-n", self.namespace, "annotate", "pod", "-l", "app=nginx", "--overwrite", *words)

    def run(self, *argv: str, container: str = "fsfreeze", timeout: float = 20.0) -> ExecResult:
        return exec_command(
            self.client, namespace=self.namespace, pod=self.name, container=container, argv=argv, timeout=timeout
        )

    def sh(self, script: str, container: str = "fsfreeze") -> str:
        result = self.run("/bin/sh", "-c", script, container=container)
        assert result.rc == 0, (script, result)
        return result.stdout.decode()

    def kill_all_like(self, text: str) -> None:
        """SIGKILL for every process of the sidecar whose command line, blanks and all, has ``text``."""
        self.sh(
            "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q \"$0\" && "
            "kill -9 ${p#/proc/}; done; :".replace("$0", text.replace(" ", "[ ]"))
        )

    @property
    def uptime(self) -> float:
        """Of the node; the local cluster's node has this machine's."""
        if os.environ.get("ARKIVE_TEST_STATE"):
            return float(Path("/proc/uptime").read_text().split()[0])
        return float(self.sh("cat /proc/uptime", container="writer").split()[0])

    def freeze_by_hand(self) -> None:
        result = self.run(*FREEZE)
        assert result.rc == 0, result
        self.await_frozen()

    def thaw_by_hand(self) -> bool:
        """False when nothing was frozen."""
        return self.run(*THAW).rc == 0

    def sweep(self, engine: t.Any, state: str) -> Object:
        """Let the time of the one mark pass at once, and sweep: the mark of a dead run is found and taken away."""
        (mark,) = self.marks
        old = dataclasses.replace(mark, until=mark.until - dt.timedelta(days=1))
        self.set_mark_text(json.dumps([old.to_json()]))
        self.set_mark_text(json.dumps([old.to_json()]), on=self.claim_path)
        result: Object = engine.call("sweep", namespace=self.namespace)
        assert result["errors"] == []
        swept: Object
        (swept,) = result["swept"]
        assert (swept["state"], swept["path"], swept["lease_id"]) == (state, PATH, mark.lease_id)
        assert self.marks == self.claim_marks == []
        return swept

    def clean(self) -> None:
        """Take away what a failed test has left."""
        self.thaw_by_hand()
        self.set_mark_text(None)
        self.set_mark_text(None, on=self.claim_path)
        self.sh(
            "for f in /dev/shm/arkive-*/freezer; do read -r p <$f && kill -9 -$p; done; rm -rf /dev/shm/arkive-*; :"
        )

    @property
    def marks(self) -> list[Mark]:
        return list(read_pod(self.pod).marks)

    @property
    def claim_path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims/nginx-deployment"

    @property
    def claim_marks(self) -> list[Mark]:
        return list(read_claim(self.client.get(self.claim_path)).marks)

    def set_mark_text(self, text: str | None, *, on: str = "") -> None:
        path = on or f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        self.client.patch(path, {"metadata": {"annotations": {FROZEN_ANNOTATION: text}}})

    @property
    def armed_leases(self) -> str:
        """Leases that are not over; the containers of a pod share ``/dev/shm``.

        A release leaves its directory behind where no timer lives any more that could take it away: a freezer that
        comes late must find it.
        """
        script = "for d in /dev/shm/arkive-*; do [ -d $d ] && [ ! -e $d/released ] && echo $d; done; :"
        return self.sh(script, container="writer").strip()

    def writes(self, *, previous: bool = False) -> list[Blocked]:
        """Every write of the writer, the last one perhaps still under way."""
        logs = ["-n", self.namespace, "logs", self.name, "-c", "writer", *(["--previous"] if previous else [])]
        found: list[Blocked] = []
        for line in self._kubectl(*logs, check=False).splitlines():
            kind, _blank, number = line.partition(" ")
            if kind == "b" and number:
                found.append(Blocked(float(number), None))
            elif kind == "e" and number and found:
                found[-1] = Blocked(found[-1].begin, float(number))
        return found

    def blocked_since(self, start: float) -> list[Blocked]:
        """Writes that were blocked and ended, or still are blocked, after the uptime ``start``."""
        now = self.uptime
        writes = [write for write in self.writes() if write.end is None or write.end > start]
        return [write for write in writes if (write.end or now) - write.begin > BLOCKED_SECONDS]

    @property
    def is_frozen(self) -> bool:
        """The writer has stood at one write for longer than any write takes."""
        writes = self.writes()
        return bool(writes) and writes[-1].end is None and self.uptime - writes[-1].begin > BLOCKED_SECONDS

    def await_frozen(self, seconds: float = 20.0) -> None:
        until(lambda: self.is_frozen, "a write blocks", seconds=seconds)

    def await_thawed(self, seconds: float) -> None:
        """A write that began a moment ago goes through again, on a quiet machine within ``seconds``."""
        start = self.uptime
        until(
            lambda: any(w.end is not None and w.end > start for w in self.writes()[-3:]),
            "a write goes through again",
            seconds=seconds + BUSY_SECONDS,
        )


def one_freeze(result: Object) -> Object:
    """The only freeze of a result, which went as all of these tests have it: on the page's path, under a lease."""
    assert len(result["freezes"]) == 1, result["freezes"]
    freeze: Object = result["freezes"][0]
    assert (freeze["path"], freeze["container"], freeze["lease"]) == (PATH, "fsfreeze", "armed")
    return freeze


def assert_seconds_are_true(app: NginxApp, start: float, freeze: Object) -> None:
    """The writer stood for as long as the account says, but for the 0.1 s that it rests between two writes."""
    blocked = app.blocked_since(start)
    assert len(blocked) == 1, blocked
    assert blocked[0].seconds == pytest.approx(freeze["seconds"], abs=TRUE_SECONDS)


def host_pids(pod: Object, container: str) -> dict[int, int]:
    """The processes of a container of the local cluster: pid on this machine to pid in the container."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    ids = [status["containerID"].rpartition("/")[2] for status in statuses if status["name"] == container]
    assert len(ids) == 1, (container, statuses)
    found = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if ids[0] not in (process / "cgroup").read_text():
                continue
            line = next(x for x in (process / "status").read_text().splitlines() if x.startswith("NSpid:"))
        except (OSError, StopIteration):
            continue
        found[int(process.name)] = int(line.split()[-1])
    return found


def process_state(pid: int) -> str:
    """One letter of the machine's process table; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
