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

HELPER = HelperPod(image="busybox:1")
CLAIM = "/api/v1/namespaces/shop/persistentvolumeclaims/data"
USER = {"metadata": {"name": "db-0"}}


class Api:
    """A cluster that makes one pod, whose container ends as a test has it."""

    def __init__(self, clock: t.Any) -> None:
        self.clock = clock
        self.claim: dict[str, t.Any] = {"spec": {"volumeName": "pv-data", "accessModes": ["ReadWriteOnce"]}}
        self.state: dict[str, t.Any] = {"terminated": {"exitCode": 0}}
        self.refusal: KubeError | None = None
        self.denied: set[str] = set()
        self.clock_ahead = dt.timedelta()
        self.made: list[tuple[str, dict[str, t.Any]]] = []
        self.deleted: list[str] = []
        self.pods: list[dict[str, t.Any]] = []
        self.events: list[str] = []

    def server_now(self) -> dt.datetime:
        return utc_now() + self.clock_ahead

    def can_i(self, verb: str, **_more: t.Any) -> bool:
        return verb not in self.denied

    def post(self, path: str, body: dict[str, t.Any]) -> dict[str, t.Any]:
        if self.refusal is not None:
            raise self.refusal
        self.made.append((path, body))
        return {"metadata": {"name": "arkive-thaw-x1", "uid": "u"}}

    def get(self, path: str, *, query: t.Any = None, **_more: t.Any) -> dict[str, t.Any]:
        if path == CLAIM:
            return self.claim
        if path.endswith("/events"):
            return {"items": [{"message": text} for text in self.events]}
        if path.endswith("/pods"):
            return {"items": self.pods}
        assert path.endswith("/pods/arkive-thaw-x1")
        return {"metadata": {"uid": "u"}, "status": {"phase": "Pending", "containerStatuses": [{"state": self.state}]}}

    def delete(self, path: str, **_more: t.Any) -> None:
        self.deleted.append(path)

    def thaw(self, helper: HelperPod = HELPER, *users: t.Any) -> ThawElsewhere:
        client: t.Any = self
        return HelperRun(client, helper).thaw(claim="shop/data", node="node-1", device="7:1", users=users)

    @property
    def spec(self) -> dict[str, t.Any]:
        ((_path, body),) = self.made
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
    assert api.deleted == ["/api/v1/namespaces/shop/pods/arkive-thaw-x1"]


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
        api.claim["spec"]["accessModes"] = [why]
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
        api.pods.append({"metadata": {"namespace": "shop", "name": name, "creationTimestamp": made}})
    client: t.Any = api
    assert HelperRun(client, HELPER).remove_leftovers(["shop"]) == []
    assert api.deleted == ["/api/v1/namespaces/shop/pods/old"]


def test_a_freeze_is_tried_twice_by_helpers(cluster: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.objects["/api/v1/nodes/node-1"] = {}
    calls: list[str] = []

    def thaw(_run: HelperRun, *, claim: str, **_more: t.Any) -> ThawElsewhere:
        calls.append(claim)
        return ThawElsewhere("failed", tries=("no",))

    monkeypatch.setattr(HelperRun, "thaw", thaw)
    thawer = Thawer(cluster, HELPER)
    for _each in range(5):
        thawer.thaw(claim="shop/data", node="node-1")
    assert calls == ["shop/data"] * 2
