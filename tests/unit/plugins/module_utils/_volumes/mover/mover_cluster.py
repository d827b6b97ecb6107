# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster in memory whose Jobs have pods, which say what a test wants; what a Job owns goes when it goes."""

from __future__ import annotations

import itertools
import json
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import MoverTarget
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import (
    SNAPSHOT_TYPES,
    TYPES,
    Object,
)

NAMESPACE = "shop"
SNAPSHOT_ID = "33b39038263009ecb37e21626c10e2a4"
#: How a pod ends, by its Job: a status, or None for one that runs on.
Behaviour: t.TypeAlias = "t.Callable[[Object], Object | None]"


def manifest(**more: t.Any) -> str:
    summary = {"size": 10, "files": 2, "symlinks": 0, "dirs": 1, "numFailed": 0}
    return json.dumps({"id": SNAPSHOT_ID, "rootEntry": {"summ": summary}, **more}, separators=(",", ":"))


def ended(message: str, *, code: int = 0, reason: str = "", containers: t.Sequence[str] = ("mover",)) -> Object:
    """The status of a pod whose containers have ended alike."""
    terminated = {
        "exitCode": code,
        "reason": reason or ("Completed" if code == 0 else "Error"),
        "message": message,
        "startedAt": "2026-11-29T12:00:00Z",
        "finishedAt": "2026-11-29T12:00:05Z",
    }
    statuses = [{"name": name, "state": {"terminated": terminated}} for name in containers]
    return {"phase": "Failed" if code else "Succeeded", "containerStatuses": statuses}


RUNNING: Object = {"phase": "Running", "containerStatuses": [{"name": "mover", "state": {"running": {}}}]}


def uploaded(_job: Object | None = None) -> Object:
    """A pod that has copied all."""
    return ended(f"arkive-mover done upload 0\nmanifest {manifest()}\nuploaded 5 B\n")


def failed(text: str, step: str = "upload") -> Object:
    return ended(f"arkive-mover failed {step} 1\n{text}\n", code=1)


class MoverCluster:
    """``behave`` says how the pod of a Job ends. ``peak``: the most Jobs that there were at once."""

    def __init__(self, folder: Path, behave: Behaviour = uploaded) -> None:
        self.api = MemoryApi([*TYPES, *SNAPSHOT_TYPES])
        self.api.add("namespaces", NAMESPACE)
        self.api.kept.controllers.append(self._follow)
        self.behave = behave
        self.makes_pods = True
        self.made: list[Object] = []
        self.peak = 0
        self.store = LocalStore(LocalLocation(path=str(folder)))
        self._numbers = itertools.count(1)

    def run(self, run_id: str = "run1", cancel: CancelToken | None = None) -> ClusterRun:
        token = cancel or CancelToken()
        client = self.api.client.with_cancel(token)
        return ClusterRun(client=client, run_id=run_id, cancel=token, issues=Issues())

    def mover(self, run: ClusterRun | None = None, *, password: str = "s3same-open", **settings: t.Any) -> Mover:
        location = S3Location(
            bucket="b",
            prefix="p",
            region="r",
            endpoint_url="http://s3:9000",
            access_key="KEYID",
            secret_key="SECRETKEY",
        )
        wanted = {"credentials": "static", "pod_start_timeout": 30.0, **settings}
        target = MoverTarget(location=location, store=self.store, password=password)
        return Mover(run or self.run(), target, MoverSettings(**wanted))

    def left(self) -> list[str]:
        """All of the mover's objects that are there, by plural and name."""
        kinds = ("jobs", "pods", "secrets", "persistentvolumeclaims")
        return [f"{key[0]}/{key[2]}" for key in self.api.objects if key[0] in kinds]

    def set_pod(self, job_name: str, status: Object, *, namespace: str = NAMESPACE) -> None:
        """The pod of a Job gets this status."""
        key = ("pods", namespace, f"{job_name}-pod")
        with self.api.kept.changed:
            if key in self.api.objects:
                self.api.kept.put(key, {**self.api.objects[key], "status": status})

    def _follow(self, change: str, key: Key, obj: Object) -> None:
        if key[0] == "pods" and change == "DELETED":
            self._fail_job(key, obj)
        if key[0] != "jobs":
            return
        if change == "ADDED":
            self.made.append(obj)
            there = [each for each in self.api.objects if each[0] == "jobs"]
            self.peak = max(self.peak, len(there))
            if self.makes_pods:
                self._make_pod(key, obj)
        elif change == "DELETED":
            self._collect(str(obj["metadata"]["uid"]))

    def _fail_job(self, key: Key, pod: Object) -> None:
        """A Job that may make one pod, and has none any more, has failed."""
        [owner] = pod["metadata"]["ownerReferences"]
        job = self.api.objects.get(("jobs", key[1], owner["name"]))
        if job is not None and job["metadata"]["uid"] == owner["uid"]:
            reason = {"reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}
            status = {"conditions": [{"type": "Failed", "status": "True", **reason}]}
            self.api.kept.put(("jobs", key[1], owner["name"]), {**job, "status": status})

    def _make_pod(self, key: Key, job: Object) -> None:
        template = job["spec"]["template"]
        owner = {"kind": "Job", "name": key[2], "uid": job["metadata"]["uid"]}
        metadata = {"labels": template["metadata"]["labels"], "ownerReferences": [owner]}
        spec = {**template["spec"], "nodeName": "n1"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": RUNNING}
        self.api.kept.put(("pods", key[1], f"{key[2]}-pod"), pod)
        status = self.behave(job)
        if status is not None:
            self.set_pod(key[2], status, namespace=key[1])

    def _collect(self, uid: str) -> None:
        """What the garbage collector does."""
        for key, obj in list(self.api.objects.items()):
            owners = obj["metadata"].get("ownerReferences") or []
            kept = [each for each in owners if each.get("uid") != uid]
            if len(kept) == len(owners):
                continue
            if kept:
                self.api.kept.put(key, {**obj, "metadata": {**obj["metadata"], "ownerReferences": kept}})
            else:
                self.api.kept.remove(key)


__all__ = (
    "NAMESPACE",
    "RUNNING",
    "SNAPSHOT_ID",
    "MoverCluster",
    "ended",
    "failed",
    "manifest",
    "uploaded",
)
