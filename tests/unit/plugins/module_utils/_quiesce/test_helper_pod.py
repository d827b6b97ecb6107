# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import helper_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.helper_pod import HelperRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import ThawElsewhere, Thawer
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named

HELPER = HelperPod(image="busybox:1")
USER = {"metadata": {"name": "db-0"}}


class Api(MemoryApi):
    """A cluster that makes one pod, whose container ends as a test has it. ``denied``: verbs."""

    def __init__(self, clock: t.Any) -> None:
        super().__init__(types_named("namespaces", "persistentvolumeclaims", "pods", "events", "nodes"))
        self.clock = clock
        self.state: dict[str, t.Any] = {"terminated": {"exitCode": 0}}
        self.refusal: KubeError | None = None
        self.events: list[str] = []
        self.refuse = lambda verb, path, _dry: self.refusal if verb == "POST" and path.endswith("/pods") else None
        for name in ("shop", "kube-system"):
            self.add("namespaces", name, status={"phase": "Active"})
        spec = {"volumeName": "pv-data", "accessModes": ["ReadWriteOnce"]}
        self.add("persistentvolumeclaims", "data", "shop", spec=spec)
        self.kept.controllers.append(self._run_pod)

    def _run_pod(self, change: str, key: Key, pod: dict[str, t.Any]) -> None:
        if change != "ADDED" or key[0] != "pods" or not pod["metadata"].get("generateName"):
            return
        status = {"phase": "Pending", "containerStatuses": [{"state": self.state}]}
        self.kept.put(key, {**pod, "status": status})
        for number, text in enumerate(self.events):
            about = {"involvedObject": {"uid": pod["metadata"]["uid"]}, "type": "Warning"}
            self.add("events", f"e-{number}", key[1], message=text, **about)

    def allows(self, _user: str, verb: str, _resource: str, _namespace: str) -> bool:
        return verb not in self.denied

    @property
    def made(self) -> list[dict[str, t.Any]]:
        return [each.body for each in self.seen if each.verb == "POST" and each.path.endswith("/pods")]

    @property
    def deleted(self) -> list[str]:
        return [each.path for each in self.seen if each.verb == "DELETE"]

    def thaw(self, helper: HelperPod = HELPER, *users: t.Any) -> ThawElsewhere:
        return HelperRun(self.client, helper).thaw(claim="shop/data", node="node-1", device="7:1", users=users)

    @property
    def spec(self) -> dict[str, t.Any]:
        (body,) = self.made
        spec: dict[str, t.Any] = body["spec"]
        return spec


@pytest.fixture
def api(clock: t.Any, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(helper_pod, "time", clock)
    return Api(clock)


def test_it_mounts_the_claim_on_that_node_and_is_removed(api: Api) -> None:
    assert api.thaw().state == "thawed"
    (container,) = api.spec["containers"]
    assert (api.spec["nodeName"], api.spec["restartPolicy"], api.spec["activeDeadlineSeconds"]) == (
        "node-1",
        "Never",
        90,
    )
    assert api.spec["volumes"] == [{"name": "frozen", "persistentVolumeClaim": {"claimName": "data"}}]
    assert (container["image"], container["securityContext"]["privileged"]) == ("busybox:1", True)
    assert container["command"][-2:] == ["7:1", "/frozen"]
    (path,) = api.deleted
    assert path.startswith("/api/v1/namespaces/shop/pods/arkive-thaw-")
    assert api.names("pods", "shop") == []


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        ({"exitCode": 1, "message": "fsfreeze: /frozen: unfreeze failed: Invalid argument"}, "not frozen"),
        ({"exitCode": 3, "message": "device=7:9"}, "not frozen"),
        ({"exitCode": 127}, "failed"),
    ],
)
def test_how_it_ends(api: Api, ended: dict[str, t.Any], state: str) -> None:
    api.state = {"terminated": ended}
    assert (api.thaw().state, len(api.deleted)) == (state, 1)


@pytest.mark.parametrize("why", ["another-namespace", "ReadWriteOncePod"])
def test_else_it_looks_among_the_mounts_of_the_node(api: Api, why: str) -> None:
    helper = HELPER
    if why == "ReadWriteOncePod":
        api.objects["persistentvolumeclaims", "shop", "data"]["spec"]["accessModes"] = [why]
    else:
        helper = HelperPod(image="busybox:1", namespace="kube-system", service_account="thawer")
    assert api.thaw(helper, USER).state == "thawed"
    (container,) = api.spec["containers"]
    assert api.spec["volumes"] == [{"name": "frozen", "hostPath": {"path": "/", "type": "Directory"}}]
    assert container["command"][-2:] == ["7:1", "pv-data"]
    assert container["volumeMounts"][0]["mountPropagation"] == "HostToContainer"
    assert api.spec.get("serviceAccountName", "") == helper.service_account


def test_another_namespace_cannot_mount_what_nobody_mounts(api: Api) -> None:
    answer = api.thaw(HelperPod(image="busybox:1", namespace="kube-system"))
    assert (answer.state, api.made) == ("failed", [])
    assert "leave helper_pod.namespace unset" in answer.tries[0]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('violates PodSecurity "baseline:latest": privileged', "namespace shop admits no privileged pods"),
        ("exceeded quota: small", "quota of namespace shop"),
        ("pods is forbidden", "pods is forbidden"),
    ],
)
def test_a_refusal_is_told(api: Api, message: str, words: str) -> None:
    api.refusal = KubeError(message, status=403)
    (text,) = api.thaw().tries
    assert words in text
    assert text.startswith("a helper pod in namespace shop on node node-1: ")


def test_one_that_could_not_be_removed_is_not_made(api: Api) -> None:
    api.denied = {"delete"}
    (text,) = api.thaw().tries
    assert "may not delete pods in namespace shop" in text
    assert api.made == []


def test_an_image_that_is_not_there(api: Api) -> None:
    api.state = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    (text,) = api.thaw().tries
    assert text.endswith("ImagePullBackOff: no such image")
    assert len(api.deleted) == 1


def test_one_that_never_runs_is_given_up_and_removed(api: Api) -> None:
    api.state = {"waiting": {"reason": "ContainerCreating"}}
    api.events = ["Multi-Attach error for volume"]
    started = api.clock.monotonic()
    (text,) = api.thaw().tries
    assert text.endswith("it did not run within 90 s: Multi-Attach error for volume")
    assert 90 <= api.clock.monotonic() - started < 92
    assert len(api.deleted) == 1


def test_leftovers_are_those_that_are_older_than_any_helper(api: Api) -> None:
    for name, age in (("old", 600), ("young", 60)):
        made = rfc3339(utc_now() - dt.timedelta(seconds=age))
        api.add("pods", name, "shop", metadata={"creationTimestamp": made, "labels": helper_pod._LABELS})
    assert HelperRun(api.client, HELPER).remove_leftovers(["shop"]) == []
    assert api.deleted == ["/api/v1/namespaces/shop/pods/old"]


def test_a_freeze_is_tried_twice_by_helpers(cluster: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.add("nodes", "node-1")
    calls: list[str] = []

    def thaw(_run: HelperRun, *, claim: str, **_more: t.Any) -> ThawElsewhere:
        calls.append(claim)
        return ThawElsewhere("failed", tries=("no",))

    monkeypatch.setattr(HelperRun, "thaw", thaw)
    thawer = Thawer(cluster.client, HELPER)
    for _each in range(5):
        thawer.thaw(claim="shop/data", node="node-1")
    assert calls == ["shop/data"] * 2
