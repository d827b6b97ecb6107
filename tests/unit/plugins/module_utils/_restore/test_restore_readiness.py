# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a workload is ready.

Sources: kubectl 1.34, ``polymorphichelpers/rollout_status.go``; "pod": the pod lifecycle of Kubernetes; "ours": what
kubectl does not judge.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_trouble import pod_trouble, stated_reason
from ansible_collections.arkive.k8s.plugins.module_utils._restore.workloads.readiness import (
    Readiness,
    has_controller,
    is_ready,
)

READY = Readiness(True)
REFUSED = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: q"}


def workload(kind: str, spec: Object, status: Object, *, generation: int = 2, **metadata: t.Any) -> Object:
    status = {"observedGeneration": 2, **status}
    return {
        "kind": kind,
        "metadata": {"name": "w", "generation": generation, **metadata},
        "spec": spec,
        "status": status,
    }


def not_yet(why: str) -> Readiness:
    return Readiness(False, why)


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        pytest.param({}, {"observedGeneration": 1}, not_yet("its controller has not looked at it yet"), id="old look"),
        pytest.param({}, {"observedGeneration": 0}, not_yet("its controller has not looked at it yet"), id="new"),
        pytest.param(
            {},
            {"observedGeneration": 7, "updatedReplicas": 1, "availableReplicas": 1},
            not_yet("its controller has not looked at it yet"),
            id="ours: a status that was restored",
        ),
        pytest.param({"replicas": 3}, {"updatedReplicas": 2}, not_yet("2 of 3 replicas are updated"), id="updated"),
        pytest.param({}, {}, not_yet("0 of 1 replicas are updated"), id="one replica unless said otherwise"),
        pytest.param(
            {"replicas": 1},
            {"conditions": [REFUSED]},
            not_yet("0 of 1 replicas are updated (FailedCreate: exceeded quota: q)"),
            id="ours: why no pod is made",
        ),
        pytest.param(
            {"replicas": 2},
            {"updatedReplicas": 2, "replicas": 3, "availableReplicas": 3},
            not_yet("1 old replicas are still to go"),
            id="old replicas",
        ),
        pytest.param(
            {"replicas": 2},
            {"updatedReplicas": 2, "replicas": 2, "availableReplicas": 1},
            not_yet("1 of 2 replicas are available"),
            id="available",
        ),
        pytest.param({"replicas": 2}, {"updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}, READY, id="done"),
        pytest.param({"replicas": 0}, {}, READY, id="none wanted"),
        pytest.param({"replicas": 2, "paused": True}, {}, READY, id="ours: paused"),
    ],
)
def test_deployment(spec: Object, status: Object, expected: Readiness) -> None:
    assert is_ready(workload("Deployment", spec, status)) == expected


_SAME = {"updateRevision": "a", "currentRevision": "a"}
_NEW = {"updateRevision": "b", "currentRevision": "a"}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        pytest.param({}, {"observedGeneration": 0}, not_yet("its controller has not looked at it yet"), id="new"),
        pytest.param({"replicas": 2}, {"readyReplicas": 1, **_SAME}, not_yet("1 of 2 replicas are ready"), id="ready"),
        pytest.param({"replicas": 2}, {"readyReplicas": 2, **_SAME}, READY, id="done"),
        pytest.param({"replicas": 0}, _SAME, READY, id="none wanted"),
        pytest.param(
            {"replicas": 2},
            {"readyReplicas": 2, "updatedReplicas": 1, **_NEW},
            not_yet("1 of 2 replicas are updated"),
            id="rolling",
        ),
        pytest.param(
            {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
            {"readyReplicas": 3, "updatedReplicas": 1, **_NEW},
            not_yet("1 of 2 replicas are updated"),
            id="partition",
        ),
        pytest.param(
            {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
            {"readyReplicas": 3, "updatedReplicas": 2, **_NEW},
            READY,
            id="partition done",
        ),
        pytest.param(
            {"replicas": 1, "updateStrategy": {"type": "OnDelete"}},
            {"readyReplicas": 1, "updatedReplicas": 0, **_NEW},
            READY,
            id="ours: updated by hand",
        ),
    ],
)
def test_stateful_set(spec: Object, status: Object, expected: Readiness) -> None:
    assert is_ready(workload("StatefulSet", spec, status)) == expected


@pytest.mark.parametrize(
    ("strategy", "status", "expected"),
    [
        ("RollingUpdate", (3, 2, 2), not_yet("2 of 3 pods are updated")),
        ("RollingUpdate", (3, 3, 2), not_yet("2 of 3 pods are available")),
        ("RollingUpdate", (3, 3, 3), READY),
        ("RollingUpdate", (0, 0, 0), READY),
        ("OnDelete", (3, 0, 3), READY),  # ours
        ("OnDelete", (3, 0, 1), not_yet("1 of 3 pods are available")),  # ours
    ],
)
def test_daemon_set(strategy: str, status: tuple[int, int, int], expected: Readiness) -> None:
    names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    spec = {"updateStrategy": {"type": strategy}}
    assert is_ready(workload("DaemonSet", spec, dict(zip(names, status, strict=True)))) == expected


@pytest.mark.parametrize("kind", ["ReplicaSet", "ReplicationController"])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"availableReplicas": 1}, not_yet("1 of 2 replicas are available")),
        ({"conditions": [REFUSED]}, not_yet("0 of 2 replicas are available (FailedCreate: exceeded quota: q)")),
        ({"availableReplicas": 2}, READY),
    ],
)
def test_replica_set(kind: str, status: Object, expected: Readiness) -> None:
    """Ours."""
    assert is_ready(workload(kind, {"replicas": 2}, status)) == expected


def test_what_is_being_deleted_is_not_ready() -> None:
    dying = workload("ReplicaSet", {"replicas": 0}, {}, deletionTimestamp="2026-01-01T00:00:00Z")
    assert is_ready(dying) == not_yet("it is being deleted")


def container(name: str, *, ready: bool = False, last: Object | None = None, **state: Object) -> Object:
    return {"name": name, "ready": ready, "state": state, "lastState": last or {}}


def pod(phase: str, *containers: Object, init: t.Sequence[Object] = (), **more: t.Any) -> Object:
    conditions = [
        {"type": kind, **({"status": told} if isinstance(told, str) else told)}
        for kind, told in more.pop("conditions", {}).items()
    ]
    status = {
        "phase": phase,
        "conditions": conditions,
        "containerStatuses": list(containers),
        "initContainerStatuses": list(init),
        **more,
    }
    return {"kind": "Pod", "metadata": {"name": "p"}, "status": status}


_UNSCHEDULABLE = {"status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"}
_NO_IMAGE = container("c", waiting={"reason": "ImagePullBackOff", "message": "Back-off pulling image"})
_CRASHING = container("c", waiting={"reason": "CrashLoopBackOff"}, last={"terminated": {"exitCode": 3}})
_COMING = container("c", waiting={"reason": "ContainerCreating"})
_ENDED = {"exitCode": 2, "reason": "Error"}


@pytest.mark.parametrize(
    ("body", "expected", "is_stated"),
    [
        pytest.param(pod("Running", conditions={"Ready": "True"}), READY, False, id="pod: ready"),
        pytest.param(pod("Succeeded", conditions={"Ready": "False"}), READY, False, id="pod: succeeded"),
        pytest.param(
            pod("Failed", reason="Evicted", message="low on memory"),
            Readiness(False, "it has failed: Evicted: low on memory", is_final=True),
            True,
            id="pod: evicted",
        ),
        pytest.param(
            pod("Failed", container("c", terminated=_ENDED)),
            Readiness(False, "it has failed: container c: Error (exit code 2)", is_final=True),
            True,
            id="pod: failed",
        ),
        pytest.param(
            pod("Pending", conditions={"PodScheduled": _UNSCHEDULABLE, "Ready": "False"}),
            not_yet("Unschedulable: 0/1 nodes are available"),
            True,
            id="pod: no node",
        ),
        pytest.param(pod("Pending"), not_yet("it has not been started yet"), False, id="pod: fresh"),
        pytest.param(
            pod("Pending", _COMING, _NO_IMAGE),
            not_yet("container c: ImagePullBackOff: Back-off pulling image"),
            True,
            id="pod: no image",
        ),
        pytest.param(
            pod("Running", _CRASHING), not_yet("container c: CrashLoopBackOff (exit code 3)"), True, id="pod: crashes"
        ),
        pytest.param(pod("Pending", _COMING), not_yet("container c: ContainerCreating"), False, id="pod: on its way"),
        pytest.param(
            pod(
                "Pending",
                container("c", waiting={"reason": "PodInitializing"}),
                init=[container("i", terminated=_ENDED)],
            ),
            not_yet("container i: Error (exit code 2)"),
            True,
            id="pod: init container",
        ),
        pytest.param(
            pod("Running", container("a", ready=True, running={}), container("b", running={})),
            not_yet("container b: it runs, and is not ready"),
            False,
            id="pod: readiness probe",
        ),
        pytest.param(
            pod(
                "Running",
                container("a", ready=True, running={}),
                conditions={"Ready": {"status": "False", "reason": "ReadinessGatesNotReady"}},
            ),
            not_yet("ReadinessGatesNotReady"),
            False,
            id="pod: readiness gate",
        ),
    ],
)
def test_pod(body: Object, expected: Readiness, is_stated: bool) -> None:
    assert is_ready(body) == expected
    assert bool(stated_reason(body)) is is_stated


def test_ready_pod_has_no_trouble() -> None:
    assert pod_trouble(pod("Running", container("c", ready=True, running={}), conditions={"Ready": "True"})) == ""


@pytest.mark.parametrize(
    ("references", "expected"),
    [(None, False), ([{"kind": "Node"}], False), ([{"kind": "Node"}, {"kind": "Job", "controller": True}], True)],
)
def test_has_controller(references: list[Object] | None, expected: bool) -> None:
    assert has_controller({"metadata": {"ownerReferences": references}}) is expected
