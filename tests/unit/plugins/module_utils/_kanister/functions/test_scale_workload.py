# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions import scale_workload
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.scale_workload import ScaleWorkload
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import (
    NamedObject,
    TemplateParameters,
    WorkloadParameters,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import NAMESPACE, FunctionLab

PLURALS = {"StatefulSet": "statefulsets", "Deployment": "deployments"}
REVISION = {"deployment.kubernetes.io/revision": "2"}
PARAMETERS = {"object": {}, "time": "2026-06-01T02:00:00Z"}


class Controller:
    """What the controllers of workloads do: pods come and go, and the status follows. ``stuck``: they do nothing."""

    def __init__(self, lab: FunctionLab) -> None:
        self.lab = lab
        self.stuck = False
        self.pod_phase = "Running"
        lab.node.status = None
        lab.api.kept.controllers.append(self._follow)

    def add(self, kind: str, replicas: int | None = 3) -> None:
        spec = {} if replicas is None else {"replicas": replicas}
        metadata = {"uid": "u-web", "generation": 1, "annotations": REVISION}
        if kind == "Deployment":
            owner = {"ownerReferences": [{"uid": "u-web"}]}
            self.lab.api.add(
                "replicasets", "web-2", NAMESPACE, metadata={"uid": "u-set", "annotations": REVISION, **owner}
            )
            old = {"uid": "u-old", "annotations": {"deployment.kubernetes.io/revision": "1"}, **owner}
            self.lab.api.add("replicasets", "web-1", NAMESPACE, metadata=old)
        self.lab.api.add(PLURALS[kind], "web", NAMESPACE, metadata=metadata, spec=spec)

    def _follow(self, change: str, key: tuple[str, str, str], obj: Object) -> None:
        if key[0] not in PLURALS.values() or change == "DELETED" or self.stuck:
            return
        wanted = obj["spec"].get("replicas", 1)
        generation = obj["metadata"].get("generation")
        counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
        status = {"observedGeneration": generation, **dict.fromkeys(counts, wanted)}
        if obj.get("status") == status:
            return
        for name in self.lab.api.names("pods", NAMESPACE):
            self.lab.api.kept.remove(("pods", NAMESPACE, name))
        owner = "u-set" if key[0] == "deployments" else "u-web"
        for number in range(wanted):
            metadata = {"ownerReferences": [{"uid": owner}]}
            self.lab.api.add("pods", f"web-{number}", NAMESPACE, metadata=metadata, status={"phase": self.pod_phase})
        self.lab.api.kept.put(key, {**obj, "status": status})


@pytest.fixture
def controller(lab: FunctionLab, monkeypatch: pytest.MonkeyPatch) -> Controller:
    monkeypatch.setattr(scale_workload, "_PAUSE_SECONDS", 0.01)
    return Controller(lab)


def run(lab: FunctionLab, replicas: t.Any, kind: str = "StatefulSet", **more: t.Any) -> t.Any:
    arguments = {"replicas": replicas, "kind": kind, "namespace": NAMESPACE, "name": "web", **more.pop("arguments", {})}
    return ScaleWorkload().run(lab.call("ScaleWorkload", arguments, **more))


def scale_of(lab: FunctionLab, kind: str = "StatefulSet") -> t.Any:
    return lab.api.objects[PLURALS[kind], NAMESPACE, "web"]["spec"]["replicas"]


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment"])
@pytest.mark.parametrize("replicas", [0, "0", 5, " 2 "])
def test_scales_and_says_what_it_was(lab: FunctionLab, controller: Controller, kind: str, replicas: t.Any) -> None:
    controller.add(kind)
    assert run(lab, replicas, kind.upper()) == {"originalReplicaCount": 3}
    assert scale_of(lab, kind) == int(replicas)
    assert len(lab.api.names("pods", NAMESPACE)) == int(replicas)


def test_replicas_that_are_not_set_are_one(lab: FunctionLab, controller: Controller) -> None:
    controller.add("StatefulSet", replicas=None)
    assert run(lab, 0) == {"originalReplicaCount": 1}


@pytest.mark.parametrize("replicas", [1.0, "1.0", "-1", -1, "", None, True, "x"])
def test_no_number_of_replicas(lab: FunctionLab, controller: Controller, replicas: t.Any) -> None:
    controller.add("StatefulSet")
    with pytest.raises(BlueprintError, match=r"Argument replicas of phase one .* and no number of replicas"):
        run(lab, replicas)
    assert scale_of(lab) == 3


def test_the_subject_is_what_is_scaled(lab: FunctionLab, controller: Controller) -> None:
    controller.add("Deployment")
    workload = WorkloadParameters(kind="Deployment", name="web", namespace=NAMESPACE)
    parameters = TemplateParameters(workload=workload, **PARAMETERS)  # type: ignore[arg-type]
    call = lab.call("ScaleWorkload", {"replicas": 0}, parameters=parameters)
    assert ScaleWorkload().run(call) == {"originalReplicaCount": 3}


def test_without_a_workload_all_has_to_be_said(lab: FunctionLab, controller: Controller) -> None:
    named = NamedObject(name=NAMESPACE, namespace=NAMESPACE)
    parameters = TemplateParameters(namespace=named, **PARAMETERS)  # type: ignore[arg-type]
    call = lab.call("ScaleWorkload", {"replicas": 0, "name": "web"}, parameters=parameters)
    with pytest.raises(BlueprintError, match="does not say kind and namespace of what it scales"):
        ScaleWorkload().run(call)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("StatefulSet", "gone", "StatefulSet shop/gone, which ScaleWorkload is to scale, is not there"),
        ("DaemonSet", "web", "is 'DaemonSet', and not one of statefulset, deployment, deploymentconfig"),
    ],
)
def test_nothing_to_scale(lab: FunctionLab, controller: Controller, kind: str, name: str, words: str) -> None:
    with pytest.raises(BlueprintError, match=words):
        run(lab, 0, kind, arguments={"name": name})


def test_without_waiting(lab: FunctionLab, controller: Controller) -> None:
    controller.add("StatefulSet")
    controller.stuck = True
    assert run(lab, 0, arguments={"waitForReady": "false"}) == {"originalReplicaCount": 3}
    assert scale_of(lab) == 0


@pytest.mark.parametrize(
    ("kind", "words"),
    [("StatefulSet", "3 replicas are ready, of 0"), ("Deployment", "3 replicas are there, of 0")],
)
def test_never_ready(lab: FunctionLab, controller: Controller, kind: str, words: str) -> None:
    controller.add(kind)
    controller.stuck = True
    with pytest.raises(BlueprintError, match=f"was scaled to 0, and was not ready within .* last seen: {words}"):
        run(lab, 0, kind, seconds=0.1)


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment"])
def test_pods_that_do_not_run(lab: FunctionLab, controller: Controller, kind: str) -> None:
    controller.add(kind, replicas=0)
    controller.pod_phase = "Pending"
    with pytest.raises(BlueprintError, match="last seen: pod web-0 is Pending"):
        run(lab, 1, kind, seconds=0.1)


def test_somebody_else_scales(lab: FunctionLab, controller: Controller) -> None:
    controller.add("StatefulSet")
    controller.stuck = True

    def other() -> None:
        while scale_of(lab) != 0:
            pass
        found = lab.api.objects["statefulsets", NAMESPACE, "web"]
        lab.api.kept.put(("statefulsets", NAMESPACE, "web"), {**found, "spec": {"replicas": 7}})

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(BlueprintError, match="was scaled to 0, and to 7 by somebody else since"):
        run(lab, 0)
    thread.join()


def test_cancelled(lab: FunctionLab, controller: Controller) -> None:
    controller.add("StatefulSet")
    controller.stuck = True
    timer = threading.Timer(0.1, lambda: lab.run.cancel.cancel("SIGTERM"))
    timer.start()
    with pytest.raises(Cancelled):
        run(lab, 0)


def test_plan(lab: FunctionLab, controller: Controller) -> None:
    controller.add("StatefulSet")
    arguments = {"replicas": "0", "kind": "statefulset", "namespace": NAMESPACE, "name": "web"}
    assert ScaleWorkload().plan(lab.call("ScaleWorkload", arguments)).does == "scale StatefulSet shop/web to 0"
    assert scale_of(lab) == 3
