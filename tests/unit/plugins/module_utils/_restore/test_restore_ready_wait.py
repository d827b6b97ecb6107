# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wait for restored workloads: what it waits for, when it ends, and what it says of those that are late."""

from __future__ import annotations

import dataclasses
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import Facts
from ansible_collections.arkive.k8s.plugins.module_utils._restore.workloads import ready_wait
from ansible_collections.arkive.k8s.plugins.module_utils._restore.workloads.ready_wait import WorkloadWait
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import run_of

TYPES = {
    "Deployment": ApiResource("apps", "v1", "deployments", "deployment", "Deployment", True, frozenset()),
    "ReplicaSet": ApiResource("apps", "v1", "replicasets", "replicaset", "ReplicaSet", True, frozenset()),
    "Pod": ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset()),
    "Job": ApiResource("batch", "v1", "jobs", "job", "Job", True, frozenset()),
}
CONTROLLER = [{"kind": "ReplicaSet", "name": "r", "controller": True}]


def item(kind: str, name: str, namespace: str = "a") -> PlanItem:
    resource = TYPES[kind]
    key = GroupResource(resource.plural, resource.group)
    return PlanItem(number=0, group_resource=key, name=name, namespace=namespace, kind=kind, resource=resource)


def deployment(name: str, available: int = 1) -> Object:
    return {
        "metadata": {"name": name, "namespace": "a", "uid": f"d-{name}", "generation": 1},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}},
        "status": {"observedGeneration": 1, "updatedReplicas": 1, "replicas": 1, "availableReplicas": available},
    }


def pod(name: str, ready: str = "True", owners: t.Any = None, **status: t.Any) -> Object:
    metadata = {"name": name, "namespace": "a", "uid": f"p-{name}", "ownerReferences": owners or []}
    return {"metadata": metadata, "spec": {}, "status": {"conditions": [{"type": "Ready", "status": ready}], **status}}


NO_IMAGE = pod(
    "web-1",
    "False",
    containerStatuses=[{"name": "c", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}],
)
CREATING = pod(
    "web-1", "False", containerStatuses=[{"name": "c", "state": {"waiting": {"reason": "ContainerCreating"}}}]
)
MOUNT_EVENTS = [
    {"reason": "FailedMount", "message": "no volume", "lastTimestamp": "2026-01-01T00:00:09Z"},
    {"reason": "Old", "message": "old", "lastTimestamp": "2026-01-01T00:00:01Z"},
]


class FakeWatch:
    """``served``: lists of objects by kind; ``later``: what is there as soon as somebody has looked once."""

    served: t.ClassVar[dict[str, list[Object]]] = {}
    later: t.ClassVar[dict[str, list[Object]]] = {}
    refusal: t.ClassVar[KubeError | None] = None
    all: t.ClassVar[list[FakeWatch]] = []

    def __init__(
        self, _client: t.Any, resource: ApiResource, _namespace: str, *, keep: t.Any, on_change: t.Any
    ) -> None:
        self._kind, self._keep, self._on_change = resource.kind, keep, on_change
        self._was_read = False
        self.objects: dict[str, Object] = {}
        self.refused, self._is_complete, self.is_closed, self.trouble = self.refusal, False, False, ""
        FakeWatch.all.append(self)

    def follow(self, _names: t.Iterable[str]) -> None:
        self._take(self.served)

    def _take(self, served: dict[str, list[Object]]) -> None:
        self.objects |= {obj["metadata"]["name"]: self._keep(obj) for obj in served.get(self._kind, [])}
        self._is_complete = True

    def current(self, name: str) -> Object | None:
        found = self.objects.get(name)
        if not self._was_read and self._kind in self.later:
            self._was_read = True
            self._take(self.later)
            self._on_change()
        return found

    def is_gone(self, name: str) -> bool:
        return self._is_complete and name not in self.objects

    def close(self) -> None:
        self.is_closed = True


class FakeClient:
    def __init__(self, pods: t.Sequence[Object], events: t.Sequence[Object]) -> None:
        self._pods, self._events = list(pods), list(events)
        self.asked: list[tuple[str, str]] = []

    def get(self, path: str, *, query: dict[str, str]) -> Object:
        plural = path.rpartition("/")[2]
        self.asked.append((plural, query.get("labelSelector") or query["fieldSelector"]))
        return {"items": self._pods if plural == "pods" else self._events}


class Told(t.NamedTuple):
    counts: dict[str, int]
    errors: list[str]
    lines: list[str]
    asked: list[tuple[str, str]]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., Told]:
    monkeypatch.setattr(ready_wait, "NamespaceWatch", FakeWatch)
    monkeypatch.setattr(FakeWatch, "all", [])

    def run(
        *items: PlanItem,
        served: t.Sequence[tuple[str, Object]] = (),
        later: t.Sequence[tuple[str, Object]] = (),
        refusal: KubeError | None = None,
        pods: t.Sequence[Object] = (),
        events: t.Sequence[Object] = (),
        timeout: float = 0.0,
        stored_controllers: t.Container[str] = (),
        cancel: CancelToken | None = None,
    ) -> Told:
        for name, objects in (("served", served), ("later", later)):
            by_kind: dict[str, list[Object]] = {}
            for kind, obj in objects:
                by_kind.setdefault(kind, []).append(obj)
            monkeypatch.setattr(FakeWatch, name, by_kind)
        monkeypatch.setattr(FakeWatch, "refusal", refusal)
        client, lines = FakeClient(pods, events), t.cast("list[str]", [])
        issues = Issues()
        this = run_of(client, issues=issues, progress=lines.append, cancel=cancel, wait_timeout=timeout)
        owned = Facts(owner={"controller": True})
        counts = WorkloadWait(this).run(
            dataclasses.replace(each, facts=owned) if each.name in stored_controllers else each for each in items
        )
        assert all(watch.is_closed for watch in FakeWatch.all)
        return Told(counts, [error.message for error in issues.errors], lines, client.asked)

    return run


Wait = t.Callable[..., Told]


def test_what_is_listed_while_somebody_looks_was_not_deleted(wait: Wait) -> None:
    told = wait(item("Deployment", "web"), later=[("Deployment", deployment("web"))], timeout=30)
    assert (told.counts, told.errors) == ({"ready": 1, "not_ready": 0}, [])


def test_nothing_to_wait_for(wait: Wait) -> None:
    told = wait(item("Job", "j"))
    assert told == ({"ready": 0, "not_ready": 0}, [], [], [])
    assert FakeWatch.all == []


def test_waits_until_all_are_ready(wait: Wait) -> None:
    told = wait(
        item("Deployment", "web"),
        item("Deployment", "api"),
        item("Pod", "p"),
        served=[("Deployment", deployment("web", 0)), ("Deployment", deployment("api")), ("Pod", pod("p"))],
        later=[("Deployment", deployment("web"))],
        timeout=30,
    )
    assert told.counts == {"ready": 3, "not_ready": 0}
    assert told.errors == []
    assert told.lines[0] == "waiting for 3 workloads to be ready"
    assert len(FakeWatch.all) == 2, "one for each type in each namespace"


@pytest.mark.parametrize(
    ("pods", "events", "why", "asked"),
    [
        pytest.param([NO_IMAGE], MOUNT_EVENTS, "; pod web-1: container c: ErrImagePull: no such image", 1, id="stated"),
        pytest.param(
            [pod("web-0"), CREATING],
            MOUNT_EVENTS,
            "; pod web-1: container c: ContainerCreating (FailedMount: no volume)",
            2,
            id="told by an event only",
        ),
        pytest.param([pod("web-0"), CREATING], [], "; pod web-1: container c: ContainerCreating", 2, id="silent"),
        pytest.param([CREATING, NO_IMAGE], [], "; pod web-1: container c: ErrImagePull: no such image", 1, id="worst"),
        pytest.param([], MOUNT_EVENTS, " (FailedMount: no volume)", 2, id="no pod"),
        pytest.param([pod("web-0")], MOUNT_EVENTS, "", 1, id="pods that are ready for too short a time"),
    ],
)
def test_late_deployment(wait: Wait, pods: list[Object], events: list[Object], why: str, asked: int) -> None:
    told = wait(item("Deployment", "web"), served=[("Deployment", deployment("web", 0))], pods=pods, events=events)
    assert told.counts == {"ready": 0, "not_ready": 1}
    assert told.errors == [f"deployments.apps a/web was not ready within 0 s: 0 of 1 replicas are available{why}"]
    assert told.asked[0] == ("pods", "app=web")
    assert len(told.asked) == asked


def test_hopeless_pod_is_not_waited_for(wait: Wait) -> None:
    failed = pod("p", "False", phase="Failed", reason="Evicted")
    told = wait(item("Pod", "p"), served=[("Pod", failed)], timeout=600)
    assert told.errors == ["pods a/p is not ready, and will not be: it has failed: Evicted"]


@pytest.mark.parametrize(
    ("live", "stored_controllers", "errors"),
    [
        pytest.param([("Pod", pod("p", "False", owners=CONTROLLER))], (), [], id="its controller answers for it"),
        pytest.param([], ("p",), [], id="its controller made another one"),
        pytest.param([], (), ["pods a/p is not ready, and will not be: somebody has deleted it"], id="deleted"),
    ],
)
def test_pods_that_are_not_ours(wait: Wait, live: t.Any, stored_controllers: t.Any, errors: list[str]) -> None:
    told = wait(item("Pod", "p"), served=live, stored_controllers=stored_controllers, timeout=600)
    assert told.errors == errors


def test_the_last_line_accounts_for_all_that_were_waited_for(wait: Wait) -> None:
    told = wait(
        item("Deployment", "web"),
        item("Pod", "p"),
        served=[("Deployment", deployment("web")), ("Pod", pod("p", "False", owners=CONTROLLER))],
    )
    assert told.lines[0] == "waiting for 2 workloads to be ready"
    assert told.lines[-1] == "workloads: 1 ready after 0 s, 0 not, 1 left to the workloads that made them"


def test_without_the_right_to_look(wait: Wait) -> None:
    refusal = KubeError("pods is forbidden.", status=403, reason="Forbidden")
    told = wait(item("Pod", "p"), refusal=refusal, timeout=600)
    assert told.errors == [f"pods a/p is not ready, and will not be: {refusal.sentence}"]


def test_cancel_ends_it_without_blame(wait: Wait) -> None:
    cancel = CancelToken()
    threading.Timer(0.05, cancel.cancel, ["enough"]).start()
    told = wait(item("Deployment", "web"), served=[("Deployment", deployment("web", 0))], timeout=600, cancel=cancel)
    assert told.counts == {"ready": 0, "not_ready": 1}
    assert told.errors == []
    assert told.asked == []


def test_says_now_and_then_what_is_missing(wait: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_wait, "_REMINDER_SECONDS", -1.0)
    served = [("Deployment", deployment("web", 0))]
    told = wait(item("Deployment", "web"), served=served, later=[("Deployment", deployment("web"))], timeout=30)
    assert told.lines[1] == (
        "still waiting for 1 workload, such as deployments.apps a/web: 0 of 1 replicas are available"
    )
