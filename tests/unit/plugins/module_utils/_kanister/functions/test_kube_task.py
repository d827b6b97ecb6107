# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeTask, and with it what all functions with a temporary pod have in common."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import PodDefaults
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_task import KubeTask
from ansible_collections.arkive.k8s.plugins.module_utils._kube import pod_logs
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import (
    NAMESPACE,
    FunctionLab,
    ended,
    waiting,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Request

TASK = {"image": "shop/tool:1", "command": ["sh", "-c", "echo hello"]}
SAYS = '###Phase-output###: {"key":"%s","value":"%s"}'


def run(lab: FunctionLab, arguments: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> t.Any:
    return KubeTask().run(lab.call("KubeTask", TASK if arguments is None else arguments, **more))


def failure(lab: FunctionLab, arguments: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> BlueprintError:
    with pytest.raises(BlueprintError) as caught:
        run(lab, arguments, **more)
    assert lab.node.removed == [pod["metadata"]["name"] for pod in lab.node.made]
    return caught.value


def test_outputs_log_and_removal(lab: FunctionLab) -> None:
    lab.node.prints = ["hello", SAYS % ("a", "1"), "x " + SAYS % ("b", "2"), SAYS % ("a", "3")]
    assert run(lab) == {"a": "3", "b": "2"}
    assert "hello" in lab.logged
    [pod] = lab.node.made
    assert lab.node.removed == [pod["metadata"]["name"]]
    assert not lab.warnings


def test_without_outputs_it_gives_an_empty_mapping(lab: FunctionLab) -> None:
    assert run(lab) == {}


def test_the_pod(lab: FunctionLab) -> None:
    """Kanister: kanister-job-, createdBy=kanister, one container named container, IfNotPresent, Never."""
    run(lab, {**TASK, "podLabels": {"team": "shop"}, "podAnnotations": {"note": "x"}}, seconds=100.0)
    [pod] = lab.node.made
    metadata, spec = pod["metadata"], pod["spec"]
    assert metadata["name"].startswith("kanister-job-")
    assert metadata["namespace"] == NAMESPACE
    assert metadata["labels"] == {
        "team": "shop",
        "createdBy": "kanister",
        "app.kubernetes.io/managed-by": "arkive.k8s",
        "velero.io/exclude-from-backup": "true",
        "arkive.k8s/temporary-pod": "kube-task",
        "arkive.k8s/run-id": "run-1",
    }
    assert set(metadata["annotations"]) == {"note", "arkive.k8s/expires", "arkive.k8s/process"}
    assert spec["containers"] == [
        {
            "name": "container",
            "image": "shop/tool:1",
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", "echo hello"],
        }
    ]
    assert spec["restartPolicy"] == "Never"
    assert 120 <= spec["activeDeadlineSeconds"] <= 131


SUBJECT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": NAMESPACE, "uid": "u-1"},
}


@pytest.mark.parametrize(
    ("subject", "owned"),
    [
        pytest.param(SUBJECT, True, id="a workload beside it"),
        pytest.param({**SUBJECT, "metadata": {**SUBJECT["metadata"], "namespace": "x"}}, False, id="elsewhere"),
        pytest.param({**SUBJECT, "kind": "StatefulSet"}, False, id="its pods are counted by their owner"),
        pytest.param(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "uid": "u"}},
            False,
            id="a namespace takes its pods along anyhow",
        ),
    ],
)
def test_owner(lab: FunctionLab, subject: Object, owned: bool) -> None:
    run(lab, subject=subject)
    wanted = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u-1"}] if owned else None
    assert lab.node.made[0]["metadata"].get("ownerReferences") == wanted


def test_service_account(lab: FunctionLab) -> None:
    lab.api.add("serviceaccounts", "own", namespace=NAMESPACE)
    call = lab.call("KubeTask", {**TASK, "podOverride": {"serviceAccountName": "own"}})
    KubeTask().run(call)
    assert lab.node.made[0]["spec"]["serviceAccountName"] == "own"


KASTEN = {**TASK, "namespace": "kasten-io", "podOverride": {"serviceAccountName": "k10-k10"}}


def test_what_is_named_of_a_kasten_that_is_not_there_has_a_stand_in(lab: FunctionLab) -> None:
    """Public blueprints name its namespace and its account, and run unchanged where neither is."""
    pods = PodDefaults(namespace=NAMESPACE, service_account="hooks", kasten_namespace="kasten-io")
    error = failure(lab, KASTEN, pods=pods)
    assert error.message.endswith("shop/k10-k10 is not there, and hook_service_account hooks neither.")
    lab.api.add("serviceaccounts", "hooks", namespace=NAMESPACE)
    run(lab, KASTEN, pods=pods)
    [made] = lab.node.made
    assert (made["metadata"]["namespace"], made["spec"]["serviceAccountName"]) == (NAMESPACE, "hooks")
    assert [warning.split(" of ")[-1] for warning in lab.warnings[-2:]] == [
        "blueprint shop-hooks is in namespace shop, as the cluster has no namespace kasten-io.",
        "blueprint shop-hooks runs as ServiceAccount hooks, as namespace shop has no k10-k10.",
    ]


def test_kasten_is_used_where_it_is_there(lab: FunctionLab) -> None:
    lab.api.add("namespaces", "kasten-io")
    lab.api.add("serviceaccounts", "k10-k10", namespace="kasten-io")
    pods = PodDefaults(namespace=NAMESPACE, service_account="hooks", kasten_namespace="kasten-io")
    run(lab, KASTEN, pods=pods)
    [made] = lab.node.made
    assert (made["metadata"]["namespace"], made["spec"]["serviceAccountName"]) == ("kasten-io", "k10-k10")
    assert lab.warnings == []


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        ({"namespace": "sohp"}, "namespace sohp is not there", "hook_default_namespace"),
        (
            {"podOverride": {"serviceAccountName": "own"}},
            "ServiceAccount shop/own is not there",
            "hook_service_account",
        ),
    ],
)
def test_what_is_not_there_is_told_by_a_plan_as_well(
    lab: FunctionLab, arguments: dict[str, t.Any], said: str, hint: str
) -> None:
    pods = PodDefaults(namespace=NAMESPACE, kasten_namespace="kasten-io")
    for do in (KubeTask().plan, KubeTask().run):
        with pytest.raises(BlueprintError, match=said) as caught:
            do(lab.call("KubeTask", {**TASK, **arguments}, pods=pods))
        assert hint in str(caught.value.hint)
    assert lab.node.made == []


STATUSES = [
    pytest.param(
        ended(3),
        [f"line {number}" for number in range(12)] + ["", " "],
        "failed: container container ended with exit code 3. The last that it printed: line 2 | line 3 | line 4 | "
        "line 5 | line 6 | line 7 | line 8 | line 9 | line 10 | line 11",
        id="exit code and ten lines",
    ),
    pytest.param(
        ended(137, reason="OOMKilled"),
        [],
        "failed: container container ended with exit code 137 (OOMKilled). It has printed nothing.",
        id="out of memory",
    ),
    pytest.param(
        {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: ephemeral-storage. "},
        [],
        "failed: Evicted: The node was low on resource: ephemeral-storage.",
        id="evicted",
    ),
    pytest.param(
        {"phase": "Failed", "reason": "OutOfmemory", "message": "Node didn't have enough resource: memory"},
        [],
        "failed: OutOfmemory: Node didn't have enough resource: memory.",
        id="out of the node's memory",
    ),
    pytest.param(
        {"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active on the node longer than ..."},
        [],
        "failed: DeadlineExceeded",
        id="its own deadline",
    ),
    pytest.param(
        {
            **ended(143),
            "conditions": [
                {
                    "type": "DisruptionTarget",
                    "status": "True",
                    "reason": "EvictionByEvictionAPI",
                    "message": "Eviction API: evicting",
                }
            ],
        },
        [],
        "failed: EvictionByEvictionAPI: Eviction API: evicting; container container ended with exit code 143.",
        id="drained",
    ),
    pytest.param(
        waiting("ImagePullBackOff", "Back-off: not found"),
        [],
        "does not start: image shop/tool:1 of container container: ImagePullBackOff: Back-off: not found.",
        id="no such image",
    ),
    pytest.param(
        waiting("InvalidImageName", "couldn't parse"),
        [],
        "does not start: image shop/tool:1 of container container: InvalidImageName",
        id="no name of an image",
    ),
    pytest.param(
        waiting("CreateContainerConfigError", 'secret "x" not found'),
        [],
        'does not start: container container: CreateContainerConfigError: secret "x" not found.',
        id="no such secret",
    ),
    pytest.param(
        {
            "phase": "Pending",
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/1 nodes are available: 1 Insufficient cpu.",
                }
            ],
        },
        [],
        "does not start: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.",
        id="no node for it",
    ),
]


@pytest.mark.parametrize(("status", "prints", "words"), STATUSES)
def test_failures(lab: FunctionLab, status: Object, prints: list[str], words: str) -> None:
    lab.node.status, lab.node.prints = status, prints
    message = failure(lab).message
    assert message.startswith(f"The pod {NAMESPACE}/kanister-job-")
    assert words in message


def test_a_log_that_cannot_be_read(lab: FunctionLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a pod that has failed its reason counts; of one that has succeeded outputs may be missing."""
    monkeypatch.setattr(pod_logs, "_REST_SECONDS", 0.05)

    def away(_request: Request) -> t.Iterator[bytes]:
        raise KubeError("no such container", status=400)

    lab.api.logs = away
    assert "The rest of the log of container container" in failure(lab).message
    lab.node.status = ended(3)
    lab.node.made.clear()
    lab.node.removed.clear()
    assert "failed: container container ended with exit code 3" in failure(lab).message


def test_what_it_prints_is_masked(lab: FunctionLab) -> None:
    lab.node.status, lab.node.prints = ended(1), ["the password is hunter22"]

    def mask(text: str) -> str:
        return text.replace("hunter22", "***")

    assert "hunter22" not in failure(lab, mask=mask).message
    assert lab.logged == ["the password is ***"]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ('pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1', "Free some"),
        ('pods "x" is forbidden: failed quota: q: must specify limits.cpu for: container', "podOverride"),
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot', "securityContext"),
        ('pods "x" is forbidden: error looking up service account shop/x: serviceaccount "x" not found', "exists"),
    ],
)
def test_refused_pods(lab: FunctionLab, said: str, hint: str) -> None:
    lab.api.refuse = lambda verb, _path, _dry: KubeError(said, status=403) if verb == "POST" else None
    error = failure(lab)
    assert error.message == f"The pod of KubeTask in namespace {NAMESPACE} could not be made: {said}"
    assert hint in str(error.hint)


def test_no_such_namespace(lab: FunctionLab) -> None:
    error = failure(lab, {**TASK, "namespace": "nowhere"})
    assert "namespace nowhere is not there" in error.message
    assert "hook_default_namespace" in str(error.hint)


@pytest.mark.parametrize(
    ("denied", "words"),
    [
        (("delete", "pods"), "the caller may not delete pods in namespace shop."),
        (("get", "pods/log"), "the caller may not get pods/log in namespace shop."),
    ],
)
def test_a_pod_that_could_not_be_followed_or_removed_is_not_made(
    lab: FunctionLab, denied: tuple[str, str], words: str
) -> None:
    lab.api.denied = {denied}
    error = failure(lab)
    assert error.message == f"The pod of KubeTask in namespace shop was not made: {words}"
    assert str(error.hint).startswith("Add to a Role in namespace shop")
    assert not lab.node.made


def test_an_answer_that_was_lost(lab: FunctionLab) -> None:
    """Of a question about rights, and of the creation itself."""
    lost = [KubeError("the answer was lost"), KubeError("the answer was lost")]
    last = []

    def lose(verb: str, path: str) -> KubeError | None:
        fresh = verb == "POST" and path not in last
        last.append(path)
        return lost.pop() if fresh and lost else None

    lab.api.lose = lose
    assert run(lab) == {}
    assert not lost
    assert len(lab.node.made) == len(lab.node.removed) == 1


def test_time_is_over(lab: FunctionLab) -> None:
    running = {"phase": "Running", "containerStatuses": [{"name": "container", "state": {"running": {}}}]}
    lab.node.status, lab.node.prints = running, ["still at it"]
    message = failure(lab, seconds=0.3).message
    assert "did not end within the 1 s that its phase had left; " in message
    assert "; last seen: phase Running, container container runs." in message
    assert message.endswith("The last that it printed: still at it")


def test_never_started(lab: FunctionLab) -> None:
    lab.node.status = {"phase": "Pending"}
    assert "did not start within 0 s; last seen: phase Pending." in failure(lab, seconds=0.3).message


def test_deleted_by_somebody(lab: FunctionLab) -> None:
    lab.node.status = {"phase": "Pending"}

    def delete() -> None:
        while not lab.node.made:
            pass
        lab.api.kept.remove(("pods", NAMESPACE, lab.node.made[0]["metadata"]["name"]))

    thread = threading.Thread(target=delete)
    thread.start()
    with pytest.raises(BlueprintError, match="was deleted before it ran, by somebody; in the end: phase Pending"):
        run(lab)
    thread.join()


def test_cancelled_while_it_runs(lab: FunctionLab) -> None:
    lab.node.status = {"phase": "Pending"}

    def cancel() -> None:
        while not lab.node.made:
            pass
        lab.run.cancel.cancel("SIGTERM")

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        run(lab)
    thread.join()
    assert len(lab.node.removed) == 1


def test_cancelled_before(lab: FunctionLab) -> None:
    lab.run.cancel.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        run(lab)
    assert not lab.node.made


def test_a_pod_that_cannot_be_removed_is_a_warning(lab: FunctionLab) -> None:
    refusal = KubeError("deletions are refused by an admission webhook", status=403)
    lab.api.refuse = lambda verb, _path, _dry: refusal if verb == "DELETE" else None
    assert run(lab) == {}
    [warning] = lab.warnings
    assert "could not be removed" in warning
    assert "It ends by itself" in warning


def test_node_is_cordoned(lab: FunctionLab, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods import surroundings

    monkeypatch.setattr(surroundings, "_NODE_SECONDS", 0.1)
    lab.api.add("nodes", "n1", spec={"unschedulable": True})
    lab.node.status = {"phase": "Pending"}
    error = failure(lab, {**TASK, "podOverride": {"nodeName": "n1"}})
    assert "does not start: its node n1 is cordoned." in error.message


def test_claim_is_lost(lab: FunctionLab) -> None:
    lab.api.add("persistentvolumeclaims", "data", NAMESPACE, status={"phase": "Lost"})
    lab.node.status = {"phase": "Pending"}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    error = failure(lab, {**TASK, "podOverride": {"volumes": volumes}})
    assert f"its claim {NAMESPACE}/data has lost its volume" in error.message


def test_plan(lab: FunctionLab) -> None:
    planned = KubeTask().plan(lab.call("KubeTask", TASK))
    assert (planned.namespace, planned.image, planned.does) == (NAMESPACE, "shop/tool:1", "run sh -c echo hello")
    assert not lab.node.made
