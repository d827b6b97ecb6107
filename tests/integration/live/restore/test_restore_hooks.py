# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Init and exec hooks of restored pods, with real pods."""

from __future__ import annotations

import json
import threading
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command

if t.TYPE_CHECKING:
    from restore_lab import Backups, Cluster

POST = "post.hook.restore.velero.io/"
INIT = "init.hook.restore.velero.io/"
SLEEP = ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"]


def pod(
    name: str, namespace: str, annotations: dict[str, str], *, command: list[str] | None = None, **container: t.Any
) -> t.Any:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "busybox:1", "command": command or SLEEP, **container}],
        },
        "status": {"phase": "Running"},
    }


def hook(command: t.Any, **more: str) -> dict[str, str]:
    text = command if isinstance(command, str) else json.dumps(command)
    return {POST + "command": text} | {POST + key.replace("_", "-"): value for key, value in more.items()}


def shell(script: str, **more: str) -> dict[str, str]:
    return hook(["/bin/sh", "-c", script], **more)


@pytest.fixture
def home(cluster: Cluster) -> str:
    return cluster.new_name()


def test_init_hook_fills_a_volume_before_the_application(home: str, cluster: Cluster, backups: Backups) -> None:
    """The page's order: init hook first, then the pod's own init containers, then the application, then exec hooks."""
    body = pod(
        "web",
        home,
        {
            INIT + "container-name": "fill",
            INIT + "container-image": "busybox:1",
            INIT + "command": json.dumps(["/bin/sh", "-c", "echo by init"]),
            **shell("cat /data/own", wait_timeout="60s"),
        },
        volumeMounts=[{"name": "data", "mountPath": "/data"}],
    )
    body["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}]
    own = {"name": "own", "image": "busybox:1", "command": ["/bin/sh", "-c", "echo own > /data/own"]}
    wait = {
        "name": "restore-wait",
        "image": "busybox:1",
        "volumeMounts": [{"name": "data", "mountPath": "/restores/data"}],
    }
    body["spec"]["initContainers"] = [wait, own | {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}]
    backups.write("b", [("pods", body)])
    done = backups.restore("b")
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert "volume 'data' was dropped" in done.warnings_list[0]["message"]
    assert [h["stdout"] for h in done.hooks] == ["own\n"]
    live = cluster.get("pods", "web", home)
    assert live is not None
    states = live["status"]["initContainerStatuses"]
    assert [(s["name"], s["state"]["terminated"]["exitCode"]) for s in states] == [("fill", 0), ("own", 0)]
    assert backups.restore("b").changed is False


@pytest.mark.parametrize(
    ("annotations", "phase", "error"),
    [
        pytest.param(shell("exit 3", on_error="Continue"), "Completed", "exit code 3", id="Continue"),
        pytest.param(shell("exit 3"), "Completed", "exit code 3", id="unset"),
        pytest.param(shell("exit 3", on_error="Fail"), "PartiallyFailed", "exit code 3", id="Fail"),
        pytest.param(
            shell("sleep 60", exec_timeout="1s", on_error="Fail"), "PartiallyFailed", "timed out after 1s", id="timeout"
        ),
        pytest.param(hook("/no/such/file", on_error="Fail"), "PartiallyFailed", "", id="no such file"),
        pytest.param(
            shell("true", container="nope", on_error="Fail"), "PartiallyFailed", 'no such container: "nope"', id="H18"
        ),
    ],
)
def test_failing_hooks(home: str, backups: Backups, annotations: dict[str, str], phase: str, error: str) -> None:
    """docs/compatibility H2, H3, 14.3: Continue is a warning, Fail makes it PartiallyFailed."""
    backups.write("b", [("pods", pod("web", home, annotations))])
    begun = time.monotonic()
    done = backups.restore("b")
    assert time.monotonic() - begun < 30
    assert done.phase == phase
    listed = done.errors_list if phase == "PartiallyFailed" else done.warnings_list
    assert [(entry["namespace"], entry["name"]) for entry in listed] == [(home, "web")]
    assert error in listed[0]["message"]
    assert done.hooks[0]["state"] in ("failed", "timed_out")


def test_container_that_never_comes(home: str, backups: Backups) -> None:
    """docs/compatibility H5: an error within its time, never a hang."""
    body = pod("web", home, shell("true", wait_timeout="3s", on_error="Fail"), image="arkive.test/no-such-image:9")
    backups.write("b", [("pods", body)])
    begun = time.monotonic()
    done = backups.restore("b")
    assert 3 <= time.monotonic() - begun < 20
    assert done.phase == "PartiallyFailed"
    assert "not executed: context deadline exceeded" in done.errors_list[0]["message"]


def test_pod_that_ends_before_its_hook(home: str, backups: Backups) -> None:
    """docs/compatibility H16."""
    body = pod("web", home, shell("true", wait_for_ready="true"), command=["/bin/true"])
    body["spec"]["containers"][0]["readinessProbe"] = {"exec": {"command": ["/bin/false"]}, "periodSeconds": 1}
    backups.write("b", [("pods", body)])
    done = backups.restore("b")
    assert "entered phase Succeeded" in done.warnings_list[0]["message"]
    assert done.hooks[0]["state"] == "failed"


def test_deleted_pod(home: str, cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility H17."""
    body = pod("web", home, shell("true", wait_for_ready="true", on_error="Fail"))
    body["spec"]["containers"][0]["readinessProbe"] = {"exec": {"command": ["/bin/false"]}, "periodSeconds": 1}
    backups.write("b", [("pods", body)])
    found: list[t.Any] = []
    thread = threading.Thread(target=lambda: found.append(backups.restore("b")))
    thread.start()
    cluster.wait("pods", "web", home, lambda obj: obj is not None and obj["status"].get("phase") == "Running")
    cluster.delete("pods", "web", home)
    thread.join(30)
    assert found[0].phase == "PartiallyFailed"
    assert "the pod was deleted" in found[0].errors_list[0]["message"]


def test_waiting_for_readiness(home: str, backups: Backups) -> None:
    """docs/compatibility G5, H13."""
    body = pod("web", home, shell("test -e /tmp/ready && echo ready", wait_for_ready="true", wait_timeout="60s"))
    container = body["spec"]["containers"][0]
    container["command"] = ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 2; touch /tmp/ready; sleep 3600 & wait"]
    container["readinessProbe"] = {"exec": {"command": ["/bin/sh", "-c", "test -e /tmp/ready"]}, "periodSeconds": 1}
    backups.write("b", [("pods", body)])
    done = backups.restore("b")
    assert [h["stdout"] for h in done.hooks] == ["ready\n"]


def test_fail_stops_the_hooks_of_waiting_pods(home: str, backups: Backups) -> None:
    """docs/compatibility H19: the running one finishes, the waiting one is not executed."""
    waiting = pod("waits", home, shell("true", wait_for_ready="true"))
    waiting["spec"]["containers"][0]["readinessProbe"] = {"exec": {"command": ["/bin/false"]}, "periodSeconds": 1}
    fails = pod("fails", home, shell("exit 1", on_error="Fail"))
    backups.write("b", [("pods", waiting), ("pods", fails)])
    begun = time.monotonic()
    done = backups.restore("b")
    assert time.monotonic() - begun < 30
    assert done.phase == "PartiallyFailed"
    hooks = {h["pod"]: h for h in done.hooks}
    assert "context canceled" in hooks["waits"]["error"]
    assert [error["name"] for error in done.errors_list] == ["fails"]
    assert [warning["name"] for warning in done.warnings_list] == ["waits"]


@pytest.mark.parametrize("policy", ["none", "update"])
def test_existing_pod_gets_no_hooks(home: str, backups: Backups, policy: str) -> None:
    """docs/compatibility G14."""
    backups.write("b", [("pods", pod("web", home, {}))])
    assert backups.restore("b", name="first").phase == "Completed"
    backups.write("c", [("pods", pod("web", home, shell("true")))])
    assert backups.restore("c", existing_resource_policy=policy).hooks == []


def test_resume_runs_hooks_without_a_result(home: str, cluster: Cluster, backups: Backups) -> None:
    """The run was cancelled while its hook waited: under the same name it is resumed, nothing is created twice."""
    body = pod("web", home, shell("echo done", wait_for_ready="true", wait_timeout="90s"))
    container = body["spec"]["containers"][0]
    container["readinessProbe"] = {"exec": {"command": ["/bin/sh", "-c", "test -e /tmp/ready"]}, "periodSeconds": 1}
    backups.write("b", [("pods", body)])
    plain = backups.client.with_cancel(type(backups.client.cancel)())
    first: list[t.Any] = []
    thread = threading.Thread(target=lambda: first.append(backups.restore("b", client=plain, name="r")))
    thread.start()
    cluster.wait("pods", "web", home, lambda obj: obj is not None and obj["status"].get("phase") == "Running")
    plain.cancel.cancel("signal 15")
    thread.join(30)
    assert (first[0].phase, first[0].restore["status"]["failureReason"]) == (
        "Failed",
        "The run was cancelled: signal 15.",
    )
    before = cluster.get("pods", "web", home)
    exec_command(backups.client, namespace=home, pod="web", container="main", argv=["/bin/touch", "/tmp/ready"])
    second = backups.restore("b", name="r")
    assert [h["stdout"] for h in second.hooks] == ["done\n"]
    assert second.changed is True
    after = cluster.get("pods", "web", home)
    assert before is not None
    assert after is not None
    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    assert backups.restore("b", name="r").changed is False


def test_hooks_need_their_right(home: str, cluster: Cluster, backups: Backups, kubeconfig: str) -> None:
    """A user who may create pods but not exec into them gets an error that says so by name."""
    user = "arkive-test-maker"
    limited = connect(KubeAuth(kubeconfig=kubeconfig, impersonate_user=user))
    client = cluster.client
    client.post("/api/v1/namespaces", {"metadata": {"name": home}})
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + home
    rules = [
        {
            "apiGroups": [""],
            "resources": ["pods", "serviceaccounts"],
            "verbs": ["get", "list", "watch", "create", "patch"],
        }
    ]
    client.post(rbac + "/roles", {"metadata": {"name": "maker"}, "rules": rules})
    subjects = [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "maker"}
    client.post(rbac + "/rolebindings", {"metadata": {"name": "maker"}, "roleRef": role, "subjects": subjects})
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "namespace": home}}
    backups.write("b", [("pods", pod("web", home, shell("true", on_error="Fail"))), ("configmaps", config)])
    done = backups.restore("b", client=limited)
    assert done.phase == "PartiallyFailed"
    messages = {error["resource"]: error["message"] for error in done.errors_list}
    assert 'cannot create resource "configmaps"' in messages["configmaps"]
    assert "exec" in messages["pods"]
