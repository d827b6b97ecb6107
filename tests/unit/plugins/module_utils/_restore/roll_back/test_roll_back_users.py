# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who mounts claims, what stops each kind and takes it back, what goes together: tables without a cluster."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import apply_merge_patch
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import OldVolume, kept_name
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.stop_mark import (
    ROLL_BACK_ANNOTATION,
    StopMark,
    as_before,
    inverse_patch,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.grouping import connect
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.scalers import find_scalers
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.stopping import NO_NODE, stop_patch
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.users import Users, find_users, has_mounted

_SPEC = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}
_TEMPLATE = {"template": {"spec": _SPEC}}
_CRON = {"jobTemplate": {"spec": _TEMPLATE}}


def _obj(kind: str, name: str, spec: Object, owner: tuple[str, str, str] | None = None, **more: t.Any) -> Object:
    reference = {"apiVersion": owner[0], "kind": owner[1], "name": owner[2], "controller": True} if owner else None
    metadata: Object = {"name": name, "namespace": "shop", **({"ownerReferences": [reference]} if reference else {})}
    metadata |= more.pop("metadata", {})
    return {"kind": kind, "metadata": metadata, "spec": spec, **more}


def _pod(name: str, owner: tuple[str, str, str] | None = None, phase: str = "Running", **more: t.Any) -> Object:
    return _obj("Pod", name, _SPEC, owner, status={"phase": phase}, **more)


_DEPLOYMENT = {DEPLOYMENTS: [_obj("Deployment", "web", _TEMPLATE)]}
_REPLICA_SET = {REPLICA_SETS: [_obj("ReplicaSet", "web-1", _TEMPLATE, ("apps/v1", "Deployment", "web"))]}
_OLM = ("operators.coreos.com/v1alpha1", "ClusterServiceVersion", "olm")

#: Objects of a namespace, those who are to be stopped, pods that are made again, pods that have ended, refusals.
USERS: dict[str, tuple[dict[GroupResource, list[Object]], list[str], list[str], list[str], str]] = {
    "nobody": ({PODS: [_obj("Pod", "p", {})]}, [], [], [], ""),
    "a deployment by its pod": (
        {**_DEPLOYMENT, **_REPLICA_SET, PODS: [_pod("web-1-a", ("apps/v1", "ReplicaSet", "web-1"))]},
        ["deployments.apps web"], [], [], "",
    ),
    "a deployment without pods": ({**_DEPLOYMENT, **_REPLICA_SET}, ["deployments.apps web"], [], [], ""),
    "a replica set of its own": (
        {REPLICA_SETS: [_obj("ReplicaSet", "rs", _TEMPLATE)]}, ["replicasets.apps rs"], [], [], "",
    ),
    "a replication controller": (
        {
            REPLICATION_CONTROLLERS: [_obj("ReplicationController", "rc", _TEMPLATE)],
            PODS: [_pod("rc-a", ("v1", "ReplicationController", "rc"))],
        },
        ["replicationcontrollers rc"], [], [], "",
    ),
    "a stateful set": (
        {STATEFUL_SETS: [_obj("StatefulSet", "db", {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]})]},
        [], [], [], "",
    ),
    "a daemon set": ({DAEMON_SETS: [_obj("DaemonSet", "ds", _TEMPLATE)]}, ["daemonsets.apps ds"], [], [], ""),
    "a job beside its cron job": (
        {
            CRON_JOBS: [_obj("CronJob", "cj", _CRON)],
            JOBS: [_obj("Job", "cj-1", _TEMPLATE, ("batch/v1", "CronJob", "cj"))],
            PODS: [_pod("cj-1-a", ("batch/v1", "Job", "cj-1"))],
        },
        ["cronjobs.batch cj", "jobs.batch cj-1"], [], [], "",
    ),
    "a job that has ended, of somebody unknown": (
        {
            JOBS: [
                _obj("Job", "j", _TEMPLATE, ("tekton.dev/v1", "TaskRun", "t"),
                     status={"conditions": [{"type": "Complete", "status": "True"}]})
            ],
            PODS: [_pod("j-a", ("batch/v1", "Job", "j"), "Succeeded")],
        },
        [], [], ["j-a"], "",
    ),
    "a pod of its own": ({PODS: [_pod("p")]}, [], ["p"], [], ""),
    "a pod that is being deleted": (
        {PODS: [_pod("p", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})]}, [], [], [], "",
    ),
    "a pod of an operator": (
        {PODS: [_pod("p", ("postgresql.cnpg.io/v1", "Cluster", "pg"))]},
        [], [], [], "pod 'p' mounts it, whose owner Cluster 'pg' (postgresql.cnpg.io) is not known here",
    ),
    "a deployment of an operator": (
        {DEPLOYMENTS: [_obj("Deployment", "web", _TEMPLATE, _OLM)]},
        [], [], [],
        "Deployment 'web' mounts it, and ClusterServiceVersion 'olm' (operators.coreos.com), which owns that, is not "
        "known here: it would start it again",
    ),
    "a replica set of a rollout": (
        {REPLICA_SETS: [_obj("ReplicaSet", "r-1", _TEMPLATE, ("argoproj.io/v1alpha1", "Rollout", "r"))]},
        [], [], [],
        "ReplicaSet 'r-1' mounts it, and Rollout 'r' (argoproj.io), which owns that, is not known here: it would start "
        "it again",
    ),
    "a pod of a file": (
        {PODS: [_pod("p", metadata={"annotations": {"kubernetes.io/config.mirror": "x"}})]},
        [], [], [], "pod 'p' mounts it, which a kubelet makes of a file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USERS)
def test_who_mounts_a_claim(case: str) -> None:
    objects, workloads, pods, finished, refusal = USERS[case]
    named = {kind: {each["metadata"]["name"]: each for each in some} for kind, some in objects.items()}
    found = find_users(["data"], named)
    assert [f"{kind} {name}" for kind, name in found.workloads] == workloads
    assert (sorted(found.pods), sorted(found.finished)) == (pods, finished)
    assert found.refusals == ({"data": refusal} if refusal else {})


def test_claims_of_a_stateful_set_are_known_by_its_name() -> None:
    templates = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    objects = {STATEFUL_SETS: {"db": _obj("StatefulSet", "db", templates)}}
    found = find_users(["data-db-0", "data-db-7", "data-other-0", "log-db-0"], objects)
    assert found.workloads == {(STATEFUL_SETS, "db"): {"data-db-0", "data-db-7"}}


#: The kind, its spec, what is written to stop it.
STOPS: dict[str, tuple[GroupResource, Object, Object]] = {
    "replicas": (DEPLOYMENTS, {"replicas": 3}, {"replicas": 0}),
    "the default of replicas": (REPLICA_SETS, {}, {"replicas": 0}),
    "at rest": (DEPLOYMENTS, {"replicas": 0}, {}),
    "claims would go with the pods": (
        STATEFUL_SETS,
        {"replicas": 2, "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete", "whenDeleted": "Delete"}},
        {"replicas": 0, "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain"}},
    ),
    "claims stay": (
        STATEFUL_SETS,
        {"replicas": 2, "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain"}},
        {"replicas": 0},
    ),
    "nodes": (
        DAEMON_SETS,
        {"template": {"spec": {"containers": []}}},
        {"template": {"spec": {"nodeSelector": {NO_NODE: "r"}}}},
    ),
    "nodes of some kind": (
        DAEMON_SETS,
        {"template": {"spec": {"nodeSelector": {"disk": "fast"}}}},
        {"template": {"spec": {"nodeSelector": {NO_NODE: "r"}}}},
    ),
    "a job": (JOBS, {"template": {}}, {"suspend": True}),
    "a suspended job": (JOBS, {"suspend": True}, {}),
    "a cron job": (CRON_JOBS, {"suspend": False}, {"suspend": True}),
}


@pytest.mark.parametrize("case", STOPS)
def test_what_stops_a_workload_is_taken_back(case: str) -> None:
    kind, spec, wanted = STOPS[case]
    obj = _obj("X", "x", spec)
    patch = stop_patch(kind, obj, "r")
    assert patch == ({"spec": wanted} if wanted else {})
    mark = StopMark(restore="r", stopped=patch, back=inverse_patch(obj, patch))
    annotations = {"metadata": {"annotations": {ROLL_BACK_ANNOTATION: mark.to_annotation()}}}
    stopped = apply_merge_patch(apply_merge_patch(obj, patch), annotations)
    assert stop_patch(kind, stopped, "r") == ({} if kind != DAEMON_SETS else patch)
    found = StopMark.of(stopped)
    assert found == mark
    assert mark.holds(stopped)
    back = as_before(stopped)
    assert back == {**obj, "metadata": {**obj["metadata"], "annotations": {}}}
    changed = apply_merge_patch(stopped, {"spec": {"replicas": 7, "suspend": False, "template": None}})
    assert not mark.holds(changed) or not patch
    assert as_before(changed)["spec"] == changed["spec"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"stopped": 1, "back": {}}'])
def test_a_spoilt_mark_is_none(text: str) -> None:
    obj = _obj("Deployment", "web", {}, metadata={"annotations": {ROLL_BACK_ANNOTATION: text}})
    assert StopMark.of(obj) is None
    assert as_before(obj) is obj


#: Claims, who has which, what goes together.
GROUPS: dict[str, tuple[list[str], list[set[str]], list[tuple[str, ...]]]] = {
    "alone": (["a", "b"], [{"a"}, {"b"}], [("a",), ("b",)]),
    "nobody": (["a"], [], [("a",)]),
    "two of one": (["a", "b"], [{"b", "a"}], [("a", "b")]),
    "a chain": (["a", "b", "c", "d"], [{"a", "c"}, {"c", "d"}], [("a", "c", "d"), ("b",)]),
    "others": (["a"], [{"a", "not one of them"}, {"nor this"}], [("a",)]),
}


@pytest.mark.parametrize("case", GROUPS)
def test_what_goes_together(case: str) -> None:
    names, links, wanted = GROUPS[case]
    assert connect(names, links) == wanted


def test_autoscalers_rest_unless_somebody_drives_them() -> None:
    """horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation; KEDA scales from 0."""
    users = Users(workloads={(DEPLOYMENTS, "web"): {"data"}, (DEPLOYMENTS, "two"): {"more"}})
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    other = {"scaleTargetRef": {"kind": "Deployment", "name": "two"}}
    keda = _obj("HorizontalPodAutoscaler", "keda", other, ("keda.sh/v1alpha1", "ScaledObject", "so"))
    found = find_scalers([_obj("HorizontalPodAutoscaler", "h", target), keda], users)
    assert found.notes == {(DEPLOYMENTS, "web"): "by which HorizontalPodAutoscaler 'h' rests"}
    assert list(found.refusals) == ["more"]
    assert "which ScaledObject 'so' (keda.sh) scales, from 0 as well" in found.refusals["more"]


#: The status of a pod, and whether its volumes have been mounted (kubelet: volumes before the sandbox and images).
MOUNTED: dict[str, tuple[Object, bool]] = {
    "nothing yet": ({}, False),
    "creating": ({"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}, False),
    "running": ({"containerStatuses": [{"state": {"running": {}}}]}, True),
    "no image": ({"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}, True),
    "crashing": ({"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}, True),
    "an init container": (
        {
            "initContainerStatuses": [{"state": {"running": {}}}],
            "containerStatuses": [{"state": {"waiting": {"reason": "PodInitializing"}}}],
        },
        True,
    ),
    "a sandbox": ({"conditions": [{"type": "PodReadyToStartContainers", "status": "True"}]}, True),
    "no sandbox": ({"conditions": [{"type": "PodReadyToStartContainers", "status": "False"}]}, False),
}


@pytest.mark.parametrize("case", MOUNTED)
def test_mounted(case: str) -> None:
    status, wanted = MOUNTED[case]
    assert has_mounted({"status": status}) is wanted


def test_what_a_claim_keeps_is_read_again() -> None:
    claim = _obj("PersistentVolumeClaim", "data", {"volumeName": "pv", "accessModes": ["ReadWriteOnce"]})
    claim["metadata"] |= {
        "uid": "u",
        "labels": {"a": "b"},
        "annotations": {"mine": "x", "pv.kubernetes.io/bind-completed": "yes"},
        "finalizers": ["kubernetes.io/pvc-protection"],
    }
    volume = {"metadata": {"name": "pv"}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    old = OldVolume.of_live(claim, volume, restore="r", mounted=True)
    kept = old.kept_claim()
    assert kept["metadata"]["name"] == "data-before-r"
    assert kept["spec"] == {"volumeName": "pv", "accessModes": ["ReadWriteOnce"]}
    assert OldVolume.of_kept(kept) == old
    assert old.claim["metadata"] == {
        "name": "data", "namespace": "shop", "labels": {"a": "b"}, "annotations": {"mine": "x"},
    }  # fmt: skip
    kept["metadata"]["annotations"] = {ROLL_BACK_ANNOTATION: "spoilt"}
    with pytest.raises(RestoreError, match="cannot be read"):
        OldVolume.of_kept(kept)
    kept["metadata"]["annotations"] = {}
    assert OldVolume.of_kept(kept) is None


def test_kept_names_are_names() -> None:
    """DNS-1123 subdomains have at most 253 letters; two long ones stay two."""
    assert kept_name("data", "r") == "data-before-r"
    long, other = kept_name("d" * 240, "night-1"), kept_name("d" * 240, "night-2")
    assert (len(long), len(other)) == (253, 253)
    assert long != other
