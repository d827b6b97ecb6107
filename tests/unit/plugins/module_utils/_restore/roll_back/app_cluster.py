# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster in memory in which an application runs: controllers of volumes, claims, workloads and pods."""

from __future__ import annotations

import copy
import dataclasses
import gzip
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import (
    SNAPSHOT_TYPES,
    ApiType,
    types_named,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import RestoreApi, write_backup
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.snapshot_objects import (
    CLAIM,
    CONTENT,
    DRIVER,
    GROUP,
    SNAPSHOT,
    VOLUME,
    storage_class,
)

NAMESPACE = "shop"
CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
_PROTECTION = "kubernetes.io/pvc-protection"
_MADE_BY = {"deployments": "ReplicaSet", "statefulsets": "StatefulSet"}
_MORE = (
    ApiType(group="apps", plural="daemonsets", kind="DaemonSet", has_status=True),
    ApiType(plural="replicationcontrollers", kind="ReplicationController", has_status=True),
    ApiType(group="autoscaling", version="v2", plural="horizontalpodautoscalers", kind="HorizontalPodAutoscaler"),
)


class Killed(BaseException):
    """The run is not there any more."""


class AppCluster(RestoreApi):
    """``waits``: the class binds claims when a pod mounts them. ``provisions`` False: no new volume ever comes."""

    def __init__(self, *, waits: bool = False) -> None:
        super().__init__()
        self.types += [*types_named("storageclasses", "events", "deployments", "replicasets", "statefulsets", "jobs",
                                    "cronjobs"), *_MORE, *SNAPSHOT_TYPES]  # fmt: skip
        self.waits = waits
        self.provisions = True
        self.mounts = True
        #: Volumes that are gone, with what was in them.
        self.lost: list[str] = []
        self.add("namespaces", NAMESPACE, status={"phase": "Active"})
        mode = "WaitForFirstConsumer" if waits else "Immediate"
        self.add("storageclasses", "fast", provisioner=DRIVER, volumeBindingMode=mode)
        self.kept.controllers.append(self._follow)

    # -- what is there ------------------------------------------------------------------------------------------------

    def add_claim(self, name: str = "data", volume: str = "pv1", *, reclaim: str = "Delete", **metadata: t.Any) -> None:
        """A claim with its volume, bound."""
        claim = self.add(
            CLAIMS,
            name,
            NAMESPACE,
            metadata={"finalizers": [_PROTECTION], "uid": f"uid-{name}", **metadata},
            spec={**copy.deepcopy(CLAIM["spec"]), "volumeName": volume},
            status={"phase": "Bound"},
        )
        reference = {"namespace": NAMESPACE, "name": name, "uid": claim["metadata"]["uid"]}
        self.add(
            VOLUMES,
            volume,
            spec={"persistentVolumeReclaimPolicy": reclaim, "claimRef": reference},
            status={"phase": "Bound"},
        )

    def add_workload(self, plural: str = "deployments", name: str = "web", *, replicas: int = 2, **spec: t.Any) -> None:
        self.add(plural, name, NAMESPACE, spec={"replicas": replicas, **_template("data"), **spec})

    def add_pod(self, name: str, claim: str = "data", owner: Object | None = None) -> None:
        metadata = {"ownerReferences": [{**owner, "controller": True}]} if owner else {}
        self.add("pods", name, NAMESPACE, metadata=metadata, **_pod_body(claim), status={"phase": "Pending"})
        self._run_pods()

    def volume_of(self, claim: str = "data") -> str:
        found = self.objects[(CLAIMS, NAMESPACE, claim)]
        return str(found["spec"].get("volumeName", "")) if found["status"]["phase"] == "Bound" else ""

    def running(self, claim: str = "data") -> list[str]:
        """The pods that have mounted a claim."""
        return [
            pod["metadata"]["name"]
            for pod in self.kept.select("pods", NAMESPACE)
            if claim in mounted_claims(pod) and pod["status"].get("phase") == "Running"
        ]

    # -- controllers --------------------------------------------------------------------------------------------------

    def _follow(self, change: str, key: Key, obj: Object) -> None:
        plural = key[0]
        if plural in ("volumesnapshots", "volumesnapshotcontents") and obj["metadata"].get("deletionTimestamp"):
            if change == "MODIFIED":
                self.kept.remove(key)
        elif plural == CLAIMS:
            self._follow_claim(change, key, obj)
        elif plural == VOLUMES and change == "MODIFIED":
            self._bind_volume(obj)
        elif plural in _MADE_BY and change != "DELETED":
            self._scale(key, obj)
        elif plural == "pods":
            self._release_claims()
            self._run_pods()

    def _follow_claim(self, change: str, key: Key, obj: Object) -> None:
        if change == "DELETED":
            self._lose_claim(obj)
            return
        if change == "ADDED" and obj.get("status", {}).get("phase") == "Pending":
            metadata = {**obj["metadata"], "finalizers": [_PROTECTION]}
            obj = self.kept.put(key, {**obj, "metadata": metadata})
            volume = self.objects.get((VOLUMES, "", obj["spec"].get("volumeName", "")))
            reference = volume["spec"].get("claimRef") or {} if volume else {}
            if volume and reference.get("name") == key[2] and not reference.get("uid"):
                given = {**reference, "uid": obj["metadata"]["uid"]}
                volume = {**volume, "spec": {**volume["spec"], "claimRef": given}, "status": {"phase": "Bound"}}
                self.kept.put((VOLUMES, "", volume["metadata"]["name"]), volume)
            elif not obj["spec"].get("volumeName") and not self.waits:
                self._provision(key)
            self._run_pods()
        elif change == "MODIFIED" and obj["metadata"].get("deletionTimestamp"):
            self._release_claims()
        elif change == "MODIFIED" and obj["status"]["phase"] == "Bound":
            self._run_pods()

    def _release_claims(self) -> None:
        """pvc-protection: a claim that is being deleted goes once no pod has it."""
        used = {name for pod in self.kept.select("pods", NAMESPACE) for name in mounted_claims(pod)}
        for claim in self.kept.select(CLAIMS, NAMESPACE):
            if claim["metadata"].get("deletionTimestamp") and claim["metadata"]["name"] not in used:
                self.kept.remove((CLAIMS, NAMESPACE, claim["metadata"]["name"]))

    def _lose_claim(self, claim: Object) -> None:
        """The volume of a claim that was deleted goes by its policy."""
        for volume in self.kept.select(VOLUMES, ""):
            if volume["spec"].get("claimRef", {}).get("uid") != claim["metadata"]["uid"]:
                continue
            name = volume["metadata"]["name"]
            if volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
                self.kept.remove((VOLUMES, "", name))
                self.lost.append(name)
            else:
                self.kept.put((VOLUMES, "", name), {**volume, "status": {"phase": "Released"}})

    def _bind_volume(self, volume: Object) -> None:
        """A volume that was given to a claim; the one that had it before has lost it."""
        name, reference = volume["metadata"]["name"], volume["spec"].get("claimRef") or {}
        for claim in self.kept.select(CLAIMS, NAMESPACE):
            if claim["spec"].get("volumeName") != name:
                continue
            key = (CLAIMS, NAMESPACE, claim["metadata"]["name"])
            phase = "Bound" if claim["metadata"]["uid"] == reference.get("uid") else "Lost"
            was = claim["status"]["phase"]
            if phase != was and not (phase == "Lost" and was == "Pending"):
                self.kept.put(key, {**claim, "status": {"phase": phase}})

    def _provision(self, key: Key) -> None:
        if not self.provisions:
            return
        claim = self.objects[key]
        name = f"pvc-{claim['metadata']['uid'][:8]}"
        reference = {"namespace": NAMESPACE, "name": key[2], "uid": claim["metadata"]["uid"]}
        self.add(
            VOLUMES,
            name,
            spec={"persistentVolumeReclaimPolicy": "Delete", "claimRef": reference},
            status={"phase": "Bound"},
            metadata={"annotations": {"from": str((claim["spec"].get("dataSource") or {}).get("name", ""))}},
        )
        self.kept.put(key, {**claim, "spec": {**claim["spec"], "volumeName": name}, "status": {"phase": "Bound"}})

    def _scale(self, key: Key, obj: Object) -> None:
        plural, namespace, name = key
        wanted = obj["spec"].get("replicas", 1)
        pods = [pod for pod in self.names("pods", namespace) if pod.startswith(f"{name}-")]
        for pod in pods[wanted:]:
            self.kept.remove(("pods", namespace, pod))
        maker = name if plural == "statefulsets" else f"{name}-1"
        owner = {"apiVersion": "apps/v1", "kind": _MADE_BY[plural], "name": maker}
        if plural == "deployments" and ("replicasets", namespace, f"{name}-1") not in self.objects:
            above = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": True}
            self.add("replicasets", f"{name}-1", namespace, metadata={"ownerReferences": [above]},
                     spec={"replicas": wanted, "template": obj["spec"]["template"]})  # fmt: skip
        for number in range(len(pods), wanted):
            pod = f"{name}-{number}"
            template = obj["spec"].get("volumeClaimTemplates")
            claim = f"{template[0]['metadata']['name']}-{pod}" if template else "data"
            self.add_pod(pod, claim, owner)

    def _run_pods(self) -> None:
        for pod in self.kept.select("pods", NAMESPACE):
            key = ("pods", NAMESPACE, pod["metadata"]["name"])
            if pod["status"].get("phase") != "Pending" or not self.mounts:
                continue
            claims = [self.objects.get((CLAIMS, NAMESPACE, name)) for name in mounted_claims(pod)]
            for claim in claims:
                if claim and self.waits and not claim["spec"].get("volumeName"):
                    self._provision((CLAIMS, NAMESPACE, claim["metadata"]["name"]))
            claims = [self.objects.get((CLAIMS, NAMESPACE, name)) for name in mounted_claims(pod)]
            if all(claim and claim["status"]["phase"] == "Bound" for claim in claims):
                running = [{"name": "main", "ready": True, "state": {"running": {}}}]
                if key in self.objects:
                    self.kept.put(key, {**pod, "status": {"phase": "Running", "containerStatuses": running}})


@dataclasses.dataclass(slots=True)
class KillAfter:
    """Ends the run after its ``number``-th write, whose answer it never sees; ``written`` counts them."""

    number: int
    written: int = 0
    is_dead: bool = False

    def __call__(self, verb: str, path: str) -> None:
        if "leases" in path:
            return
        self.written += 1
        if self.written == self.number:
            self.is_dead = True
            raise Killed

    def refuse(self, _verb: str, _path: str, _dry_run: bool) -> None:
        """A run that is dead asks for nothing."""
        if self.is_dead:
            raise Killed


def _template(claim: str) -> Object:
    return {"template": _pod_body(claim)}


def _pod_body(claim: str) -> Object:
    return {
        "spec": {
            "containers": [{"name": "main", "image": "app"}],
            "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": claim}}],
        }
    }


def put_backup(store: t.Any, *names: str, more: t.Sequence[tuple[str, Object]] = ()) -> None:
    """A backup ``b`` with a snapshot of each claim; of ``data`` alone where none is named."""
    objects: list[tuple[str, Object]] = []
    infos = []
    for name in names or ("data",):
        snapshot, content, volume = f"velero-{name}", f"content-{name}", f"pv-of-{name}"
        claim = copy.deepcopy(CLAIM)
        claim["metadata"] |= {
            "name": name,
            "labels": {"velero.io/volume-snapshot-name": snapshot},
            "annotations": {"velero.io/volume-snapshot-name": snapshot},
        }
        claim["spec"]["volumeName"] = volume
        shot, body, stored = copy.deepcopy(SNAPSHOT), copy.deepcopy(CONTENT), copy.deepcopy(VOLUME)
        shot["metadata"]["name"], body["metadata"]["name"], stored["metadata"]["name"] = snapshot, content, volume
        shot["spec"]["source"]["persistentVolumeClaimName"] = name
        shot["status"]["boundVolumeSnapshotContentName"] = content
        body["spec"]["volumeSnapshotRef"]["name"] = snapshot
        body["status"]["snapshotHandle"] = f"snap-{name}"
        stored["spec"]["claimRef"]["name"] = name
        objects += [
            (CLAIMS, claim),
            (f"volumesnapshots.{GROUP}", shot),
            (f"volumesnapshotcontents.{GROUP}", body),
            (VOLUMES, stored),
        ]
        infos.append(
            {
                "pvName": volume,
                "pvcName": name,
                "pvcNamespace": NAMESPACE,
                "backupMethod": "CSISnapshot",
                "result": "succeeded",
                "pvInfo": {"reclaimPolicy": "Delete", "labels": {}},
            }
        )
    write_backup(store, "b", *objects, *more)
    store.put("backups/b/b-volumeinfo.json.gz", gzip.compress(json.dumps(infos).encode()))


__all__ = ("CLAIMS", "NAMESPACE", "VOLUMES", "AppCluster", "KillAfter", "Killed", "put_backup", "storage_class")
